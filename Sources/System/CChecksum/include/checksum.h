#ifndef RAFTKV_CHECKSUM_H
#define RAFTKV_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli) of `length` bytes, continued from `seed`: the checksum of `a` then `b` is
/// `checksum_crc32c(checksum_crc32c(0, a), b)`. Uses the processor's CRC instruction where there is one.
uint32_t checksum_crc32c(uint32_t seed, const void *bytes, size_t length);

/// A SHA-256 (FIPS 180-4) under way.
typedef struct {
  uint32_t state[8];
  uint64_t length;
  uint8_t block[64];
  int portable;
} checksum_sha256;

/// Begins a hash. With `portable` it does without the processor's own instructions: for tests of both ways.
void checksum_sha256_begin(checksum_sha256 *hash, int portable);

/// Adds bytes.
void checksum_sha256_add(checksum_sha256 *hash, const void *bytes, size_t length);

/// Ends the hash and writes its 32 bytes to `digest`.
void checksum_sha256_end(checksum_sha256 *hash, uint8_t *digest);

#endif
