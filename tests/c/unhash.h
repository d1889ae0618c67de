/* unhash.h - base/hash.h backwards: makes values that collide, for tests. */
#ifndef HEARSAY_TESTS_UNHASH_H
#define HEARSAY_TESTS_UNHASH_H

#include <stdint.h>

/* The value of which `hash` is the hash_u64. */
uint64_t unhash_u64(uint64_t hash);

/* Fills two texts of 16 bytes that differ and have one hash_bytes with seed 0.
 * They begin with the letters given, and are not zero-terminated. */
void unhash_collision(char first_letter, char *first, char second_letter, char *second);

#endif
