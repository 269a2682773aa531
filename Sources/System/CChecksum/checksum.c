#include "checksum.h"

#include <string.h>

// Without the instruction: one table of 256 entries, filled on first use with values that every
// thread would compute alike.
static uint32_t crc32c_portable(uint32_t crc, const uint8_t *bytes, size_t length) {
  static uint32_t table[256];
  static volatile int filled;
  if (!filled) {
    for (uint32_t i = 0; i < 256; i++) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ (value & 1 ? 0x82F63B78u : 0);
      table[i] = value;
    }
    __sync_synchronize();
    filled = 1;
  }
  while (length--) crc = (crc >> 8) ^ table[(crc ^ *bytes++) & 0xFF];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_native(
    uint32_t crc, const uint8_t *bytes, size_t length) {
  uint64_t wide = crc;
  for (; length >= 8; length -= 8, bytes += 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  crc = (uint32_t)wide;
  while (length--) crc = __builtin_ia32_crc32qi(crc, *bytes++);
  return crc;
}
static int has_native(void) { return __builtin_cpu_supports("sse4.2"); }
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
static uint32_t crc32c_native(uint32_t crc, const uint8_t *bytes, size_t length) {
  for (; length >= 8; length -= 8, bytes += 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    crc = __crc32cd(crc, word);
  }
  while (length--) crc = __crc32cb(crc, *bytes++);
  return crc;
}
static int has_native(void) { return 1; }
#else
static uint32_t crc32c_native(uint32_t crc, const uint8_t *bytes, size_t length) {
  return crc32c_portable(crc, bytes, length);
}
static int has_native(void) { return 0; }
#endif

uint32_t checksum_crc32c(uint32_t seed, const void *bytes, size_t length) {
  uint32_t crc = ~seed;
  crc = has_native() ? crc32c_native(crc, bytes, length) : crc32c_portable(crc, bytes, length);
  return ~crc;
}
