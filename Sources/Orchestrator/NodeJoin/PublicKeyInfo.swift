/// Finds the SubjectPublicKeyInfo in a certificate (RFC 5280, section 4.1) without reading the rest of it.
enum PublicKeyInfo {
  private static let sequence: UInt8 = 0x30
  private static let version: UInt8 = 0xA0
  /// Serial number, signature algorithm, issuer, validity and subject stand before the key.
  private static let fieldsBefore: [UInt8] = [0x02, sequence, sequence, sequence, sequence]

  /// The bytes of the structure, with its head; nil if that is no certificate.
  static func find(inCertificate der: [UInt8]) -> [UInt8]? {
    var all = der[...]
    guard let certificate = take(&all), certificate.tag == sequence, all.isEmpty else { return nil }
    var rest = certificate.content
    guard let signed = take(&rest), signed.tag == sequence else { return nil }
    var fields = signed.content
    if fields.first == version { _ = take(&fields) }
    for tag in fieldsBefore {
      guard let field = take(&fields), field.tag == tag else { return nil }
    }
    guard let key = take(&fields), key.tag == sequence else { return nil }
    return Array(key.whole)
  }

  private struct Element {
    var tag: UInt8
    var content: ArraySlice<UInt8>
    var whole: ArraySlice<UInt8>
  }

  /// Takes one element off the front; nil if there is no whole one.
  private static func take(_ bytes: inout ArraySlice<UInt8>) -> Element? {
    guard bytes.count >= 2 else { return nil }
    let start = bytes.startIndex
    var head = 2
    var length = Int(bytes[start + 1])
    if length >= 0x80 {
      // Four bytes of length are beyond any certificate.
      let count = length & 0x7F
      guard (1...3).contains(count), bytes.count >= 2 + count else { return nil }
      length = bytes[(start + 2)..<(start + 2 + count)].reduce(0) { $0 << 8 | Int($1) }
      head += count
    }
    guard bytes.count >= head + length else { return nil }
    let end = start + head + length
    defer { bytes = bytes[end...] }
    return Element(tag: bytes[start], content: bytes[(start + head)..<end], whole: bytes[start..<end])
  }
}
