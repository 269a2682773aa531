import Objects

/// Names for versions of templates: the same for the same content, in every process and at any time.
enum StableHash {
  /// Letters and digits that make no words.
  private static let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")

  /// A label value for a template. Another collision count gives another value.
  static func of(_ template: JSON, collisionCount: Int64?) -> String {
    // FNV-1a.
    var hash: UInt32 = 2_166_136_261
    func add(_ byte: UInt8) { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    for byte in template.text.utf8 { add(byte) }
    if let collisionCount {
      for shift in stride(from: 0, to: 64, by: 8) {
        add(UInt8(truncatingIfNeeded: collisionCount >> Int64(shift)))
      }
    }
    return safe(String(hash))
  }

  /// Every byte as one of the alphabet.
  static func safe(_ text: String) -> String {
    String(text.utf8.map { alphabet[Int($0) % alphabet.count] })
  }
}
