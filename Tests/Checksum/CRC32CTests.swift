import CChecksum
import Testing

struct CRC32CTests {
  /// The definition, a bit at a time.
  private func plain(_ bytes: ArraySlice<UInt8>, seed: UInt32) -> UInt32 {
    ~bytes.reduce(~seed) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
  }

  private func checksum(_ bytes: ArraySlice<UInt8>, seed: UInt32 = 0) -> UInt32 {
    bytes.withUnsafeBytes { checksum_crc32c(seed, $0.baseAddress, $0.count) }
  }

  /// RFC 3720, appendix B.4.
  @Test func knownValues() {
    #expect(checksum([]) == 0)
    #expect(checksum([UInt8]("123456789".utf8)[...]) == 0xE306_9283)
    #expect(checksum([UInt8](repeating: 0, count: 32)[...]) == 0x8A91_36AA)
    #expect(checksum([UInt8](repeating: 0xFF, count: 32)[...]) == 0x62A8_AB43)
    #expect(checksum([UInt8](0..<32)[...]) == 0x46DD_794E)
  }

  /// Every length around those at which parts are done side by side, at every alignment, from any seed.
  @Test func allLengthsAgreeWithTheDefinition() {
    let bytes = (0..<13_000).map { UInt8(truncatingIfNeeded: $0 &* 151 ^ $0 >> 5) }
    for count in Array(0..<600) + Array(4_080..<4_130) + [8_191, 8_192, 12_960] {
      let slice = bytes[(count % 9)...].prefix(count)
      let seed = UInt32(truncatingIfNeeded: count &* 0x9E37_79B9)
      #expect(checksum(slice, seed: seed) == plain(slice, seed: seed), "\(count) bytes")
    }
  }

  /// `checksum(a then b)` is `checksum(b)` from `checksum(a)`.
  @Test func piecesMakeNoDifference() {
    let bytes = (0..<3_000).map { UInt8(truncatingIfNeeded: $0 &* 37 ^ $0 >> 3) }
    for cut in stride(from: 0, through: 3_000, by: 61) {
      #expect(checksum(bytes[cut...], seed: checksum(bytes[..<cut])) == checksum(bytes[...]))
    }
  }
}
