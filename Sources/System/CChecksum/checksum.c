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
#include <immintrin.h>

// The CRC instruction takes three cycles, and a new one can begin in each: three parts of the bytes are done at a time.
// Then the first two are moved past what follows them: a CRC times x^n, modulo the polynomial, is the CRC after n more
// zero bits. The instruction itself multiplies by x^32 and reduces, and a carry-less product of two bit-reversed
// numbers comes out times x, hence the 33.
enum { longest_part = 170 };  // words of 8 bytes: parts of long input stay within a page together

// shifts[w] is x^(64 w - 33) modulo the polynomial, bit-reversed.
static uint32_t shifts[2 * longest_part + 2];

__attribute__((constructor)) static void fill_shifts(void) {
  uint32_t power = 0x80000000u;
  for (int exponent = 0; exponent <= 64 * (2 * longest_part + 1) - 33; exponent++) {
    if ((exponent + 33) % 64 == 0) shifts[(exponent + 33) / 64] = power;
    power = (power >> 1) ^ (power & 1 ? 0x82F63B78u : 0);
  }
}

__attribute__((target("sse4.2,pclmul"))) static uint64_t moved(uint64_t crc, size_t words) {
  __m128i product = _mm_clmulepi64_si128(
      _mm_cvtsi64_si128((long long)crc), _mm_cvtsi64_si128((long long)shifts[words]), 0);
  return (uint64_t)_mm_cvtsi128_si64(product);
}

static uint64_t word_at(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, 8);
  return word;
}

__attribute__((target("sse4.2,pclmul"))) static uint32_t crc32c_native(
    uint32_t crc, const uint8_t *bytes, size_t length) {
  uint64_t first = crc;
  while (length >= 16 * 8) {
    size_t part = (length / 8 - 1) / 3;
    if (part > longest_part) part = longest_part;
    uint64_t second = 0, third = 0;
    const uint8_t *end = bytes + 8 * part;
    for (; bytes < end; bytes += 8) {
      first = __builtin_ia32_crc32di(first, word_at(bytes));
      second = __builtin_ia32_crc32di(second, word_at(bytes + 8 * part));
      third = __builtin_ia32_crc32di(third, word_at(bytes + 16 * part));
    }
    bytes += 16 * part;
    // The word behind the three parts takes the first two in.
    first = __builtin_ia32_crc32di(
        third, word_at(bytes) ^ moved(first, 2 * part + 1) ^ moved(second, part + 1));
    bytes += 8;
    length -= 24 * part + 8;
  }
  for (; length >= 8; length -= 8, bytes += 8) first = __builtin_ia32_crc32di(first, word_at(bytes));
  crc = (uint32_t)first;
  while (length--) crc = __builtin_ia32_crc32qi(crc, *bytes++);
  return crc;
}
static int has_native(void) { return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul"); }
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
