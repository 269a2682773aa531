#ifndef RAFTKV_CHECKSUM_H
#define RAFTKV_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli) of `length` bytes, continued from `seed`: the checksum of `a` then `b` is
/// `checksum_crc32c(checksum_crc32c(0, a), b)`. Uses the processor's CRC instruction where there is one.
uint32_t checksum_crc32c(uint32_t seed, const void *bytes, size_t length);

#endif
