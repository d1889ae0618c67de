/* crc32c.h - the Castagnoli checksum, as iSCSI has it (RFC 3720, appendix B.4).
 *
 * It finds every burst of up to 32 flipped bits, and every pair and triple of flipped bits in a
 * record of ordinary size. It is no protection against somebody who changes bytes on purpose. */
#ifndef HEARSAY_BASE_CRC32C_H
#define HEARSAY_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of `length` bytes behind those whose checksum is `crc` (0: none), so that
 * crc32c(crc32c(0, a), b) is that of a and b in one piece. O(length). */
uint32_t crc32c(uint32_t crc, const void *data, size_t length);

#endif
