/* hash.h - 64-bit hashing of bytes and integers. Not for adversaries: whoever
 * needs that mixes in a secret seed. The same on every machine, whatever its
 * byte order, so that nodes can compare hashes; part of no file format. */
#ifndef HEARSAY_BASE_HASH_H
#define HEARSAY_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Mixes all 64 bits: the finaliser of splitmix64 (Steele, Lea, Flood: "Fast
 * splittable pseudorandom number generators", OOPSLA 2014). A bijection. */
uint64_t hash_u64(uint64_t value);

/* Hash of `length` bytes, O(length). Different seeds give unrelated hashes. */
uint64_t hash_bytes(const void *data, size_t length, uint64_t seed);

#endif
