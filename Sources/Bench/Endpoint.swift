/// Where an etcd v3 server listens.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
  /// A host name or an address, IPv6 without brackets.
  public var host: String
  /// 1 to 65535.
  public var port: Int

  /// As `init` reads it.
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Reads `host:port`, with `http://` before it if need be, and brackets around an IPv6 address.
  public init(_ text: String) throws(Quantity.Malformed) {
    var rest = Substring(text)
    if rest.hasPrefix("https://") {
      throw Quantity.Malformed(description: "TLS is not supported: \(text)")
    }
    if rest.hasPrefix("http://") { rest.removeFirst("http://".count) }
    if rest.hasSuffix("/") { rest.removeLast() }
    guard let colon = rest.lastIndex(of: ":"), let port = Int(rest[rest.index(after: colon)...]),
      (1...65535).contains(port)
    else { throw Quantity.Malformed(description: "not host:port: \(text)") }
    var host = rest[..<colon]
    if host.hasPrefix("[") && host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw Quantity.Malformed(description: "an IPv6 address needs brackets: \(text)")
    }
    guard !host.isEmpty else { throw Quantity.Malformed(description: "not host:port: \(text)") }
    self.host = String(host)
    self.port = port
  }

  /// Reads endpoints separated by commas.
  public static func list(_ text: String) throws(Quantity.Malformed) -> [Endpoint] {
    var endpoints: [Endpoint] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: true) {
      endpoints.append(try Endpoint(String(part)))
    }
    guard !endpoints.isEmpty else { throw Quantity.Malformed(description: "no host:port given") }
    return endpoints
  }
}
