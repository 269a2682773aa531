import RaftKV

/// Where a member listens for its peers, or is reached by them: `http://host:2380` or `https://[::1]:2380`.
struct PeerURL: Sendable, Hashable, CustomStringConvertible {
  /// etcd's port for peers, when a URL names none.
  static let defaultPort = 2380

  /// Whether TLS is spoken.
  var isSecure: Bool
  /// A name or an address, without the brackets of an IPv6 address.
  var host: String
  /// 0 when listening: the kernel chooses.
  var port: Int

  /// Reads a URL; the error quotes it and says what is wrong.
  init(_ text: String) throws(StartError) {
    guard let separator = text.firstRange(of: "://") else {
      throw StartError("\"\(text)\" is not a peer URL: expected http://host:port or https://host:port")
    }
    switch text[..<separator.lowerBound].lowercased() {
    case "http": isSecure = false
    case "https": isSecure = true
    default: throw StartError("peer URL \(text): its scheme must be http or https")
    }
    var authority = text[separator.upperBound...]
    if authority.hasSuffix("/") { authority.removeLast() }
    guard !authority.contains(where: { "/?#@ ".contains($0) }) else {
      throw StartError("peer URL \(text): only a host and a port may follow the scheme")
    }
    var port = Substring("\(Self.defaultPort)")
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else {
        throw StartError("peer URL \(text): the ] of its IPv6 address is missing")
      }
      host = String(authority[authority.index(after: authority.startIndex)..<end])
      let rest = authority[authority.index(after: end)...]
      if !rest.isEmpty {
        guard rest.hasPrefix(":") else { throw StartError("peer URL \(text): expected a port after ]") }
        port = rest.dropFirst()
      }
    } else if let colon = authority.lastIndex(of: ":") {
      host = String(authority[..<colon])
      port = authority[authority.index(after: colon)...]
      guard !host.contains(":") else {
        throw StartError("peer URL \(text): an IPv6 address needs brackets, as in http://[::1]:2380")
      }
    } else {
      host = String(authority)
    }
    guard !host.isEmpty else { throw StartError("peer URL \(text): the host is missing") }
    guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(port) else {
      throw StartError("peer URL \(text): \"\(port)\" is not a port")
    }
    self.port = Int(number)
  }

  /// As it is written.
  var description: String {
    "\(isSecure ? "https" : "http")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
  }
}
