import Testing

@testable import Checksum

struct SHA256Tests {
  private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
  }

  /// FIPS 180-4's own examples, and the digest of a million times "a".
  @Test(arguments: [true, false])
  func knownDigests(portable: Bool) {
    let known = [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        String(repeating: "a", count: 1_000_000),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
      ),
    ]
    for (text, digest) in known {
      var hash = SHA256(portable: portable)
      hash.add([UInt8](text.utf8))
      #expect(hex(hash.digest) == digest)
    }
  }

  /// However the bytes are cut, with or without the processor's instructions.
  @Test func piecesMakeNoDifference() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 37 ^ $0 >> 3) }
    for count in [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000] {
      var whole = SHA256(portable: true)
      whole.add([UInt8](bytes[..<count]))
      for piece in [1, 7, 64, 100] {
        var cut = SHA256()
        for start in stride(from: 0, to: count, by: piece) {
          cut.add([UInt8](bytes[start..<min(start + piece, count)]))
        }
        #expect(cut.digest == whole.digest)
      }
    }
  }

  @Test func aDigestDoesNotEndTheHash() {
    var hash = SHA256()
    hash.add([1, 2, 3])
    let early = hash.digest
    hash.add([4])
    var whole = SHA256()
    whole.add([1, 2, 3, 4])
    #expect(hash.digest == whole.digest && hash.digest != early)
  }
}
