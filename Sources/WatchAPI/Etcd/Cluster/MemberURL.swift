/// The peer URLs that a client gives a member: `http://host:port`, or with `https` (etcd: `types.NewURLs`, without its
/// unix sockets).
enum MemberURL {
  /// The URLs sorted, as etcd keeps them; nil when one is none, or there are none.
  static func list(_ texts: [String]) -> [String]? {
    let urls = texts.map { String(trimmed($0)) }
    guard !urls.isEmpty, urls.allSatisfy({ isValid($0) }) else { return nil }
    return urls.sorted()
  }

  private static func trimmed(_ text: String) -> Substring {
    let isBlank: (Character) -> Bool = { $0.isWhitespace }
    let start = text.drop(while: isBlank)
    guard let last = start.lastIndex(where: { !isBlank($0) }) else { return "" }
    return start[...last]
  }

  static func isValid(_ url: String) -> Bool {
    guard let separator = url.firstRange(of: "://"), ["http", "https"].contains(url[..<separator.lowerBound])
    else { return false }
    let address = url[separator.upperBound...]
    guard let colon = address.utf8.lastIndex(of: UInt8(ascii: ":")) else { return false }
    let digits = address[address.utf8.index(after: colon)...].utf8
    guard digits.allSatisfy({ (0x30...0x39).contains($0) }), UInt16(Substring(digits)) != nil else {
      return false
    }
    var host = address[..<colon]
    if host.hasPrefix("[") {
      guard host.hasSuffix("]"), host.contains(":") else { return false }
      host = host.dropFirst().dropLast()
      return host.utf8.allSatisfy { isHexadecimal($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
    }
    // What a name may be made of, and nothing that begins a path or a query.
    return !host.isEmpty
      && host.utf8.allSatisfy {
        isHexadecimal($0) || (0x67...0x7a).contains($0 | 0x20) || "-._".utf8.contains($0)
      }
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
  }
}
