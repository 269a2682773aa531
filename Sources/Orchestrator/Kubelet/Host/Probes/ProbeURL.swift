/// Where a probe's request goes, and where an answer may send it on. Pure.
struct ProbeURL: Sendable, Hashable, CustomStringConvertible {
  var usesTLS: Bool
  var host: String
  var port: Int
  /// Path and query, as they are sent.
  var target: String

  init(usesTLS: Bool, host: String, port: Int, path: String) {
    self.usesTLS = usesTLS
    self.host = host
    self.port = port
    target = Self.encoded(path)
  }

  /// `host:port`, with brackets around an IPv6 address.
  var authority: String { Self.authority(host, port) }

  var description: String { "\(usesTLS ? "https" : "http")://\(authority)\(target)" }

  static func authority(_ host: String, _ port: Int) -> String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  /// Where a `location` leads from here; nil if that is nothing this client could ask.
  func following(_ location: String) -> ProbeURL? {
    var next = self
    var rest = location[...]
    if let separator = rest.range(of: "://") {
      switch rest[..<separator.lowerBound].lowercased() {
      case "http": next.usesTLS = false
      case "https": next.usesTLS = true
      default: return nil
      }
      rest = rest[rest.index(separator.lowerBound, offsetBy: 1)...]
    }
    if rest.hasPrefix("//") {
      rest = rest.dropFirst(2)
      let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
      guard let (host, port) = Self.split(rest[..<end]) else { return nil }
      next.host = host
      next.port = port ?? (next.usesTLS ? 443 : 80)
      rest = rest[end...]
      next.target = Self.encoded(String(rest))
      return next
    }
    let path = String(target.prefix { $0 != "?" })
    if rest.hasPrefix("/") {
      next.target = Self.encoded(String(rest))
    } else if rest.hasPrefix("?") {
      next.target = Self.encoded("\(path)\(rest)")
    } else if !rest.isEmpty, !rest.hasPrefix("#") {
      let folder = path.prefix(through: path.lastIndex(of: "/") ?? path.startIndex)
      next.target = Self.encoded("\(folder)\(rest)")
    }
    return next
  }

  private static func split(_ authority: Substring) -> (host: String, port: Int?)? {
    // Names and passwords in an address are left out: a probe has none to give.
    let place = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    var host = place
    var port: Int?
    if place.hasPrefix("["), let end = place.firstIndex(of: "]") {
      host = place[place.index(after: place.startIndex)..<end]
      let rest = place[place.index(after: end)...]
      if rest.hasPrefix(":"), rest.count > 1 { port = Int(rest.dropFirst()) ?? 0 }
    } else if let colon = place.lastIndex(of: ":") {
      host = place[..<colon]
      let digits = place[place.index(after: colon)...]
      if !digits.isEmpty { port = Int(digits) ?? 0 }
    }
    guard !host.isEmpty, port.map({ (1...65535).contains($0) }) ?? true else { return nil }
    return (String(host), port)
  }

  /// What cannot stand in the first line of a request is escaped (RFC 3986, 2.1), so that no path can add a line.
  private static func encoded(_ path: String) -> String {
    var bytes: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in path.utf8.prefix(while: { $0 != UInt8(ascii: "#") }) {
      if (0x21...0x7E).contains(byte), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "<") {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
      }
    }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.hasPrefix("/") ? text : "/" + text
  }
}

extension StringProtocol {
  /// The first place of a text within this one.
  func range(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
