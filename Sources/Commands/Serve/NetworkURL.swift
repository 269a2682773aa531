import Glibc

/// A URL that a member listens on or is reached by: `http://host:port`, or with `https`, and nothing after it.
public struct NetworkURL: Hashable, Sendable, CustomStringConvertible, Comparable {
  /// Whether the scheme is `https`.
  public var isSecure: Bool
  /// A name or an address, without the brackets of an IPv6 address.
  public var host: String
  /// 0 when listening: the kernel chooses.
  public var port: Int

  /// Creates a URL from its parts.
  public init(host: String, port: Int, isSecure: Bool = false) {
    self.isSecure = isSecure
    self.host = host
    self.port = port
  }

  /// As it is written.
  public var description: String { "\(isSecure ? "https" : "http")://\(address)" }

  /// `host:port`, with brackets around an IPv6 address.
  public var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// By spelling, as etcd sorts lists of URLs.
  public static func < (left: NetworkURL, right: NetworkURL) -> Bool { left.description < right.description }

  /// Whether the host means every address of the machine, which no client can connect to.
  public var isWildcard: Bool { host == "0.0.0.0" || host == "::" }

  /// Whether the host is an address, or `localhost`: what etcd lets a member bind to.
  public var canBeBound: Bool {
    var address = in6_addr()
    return host == "localhost" || inet_pton(AF_INET, host, &address) == 1
      || inet_pton(AF_INET6, host, &address) == 1
  }

  /// Reads one URL; the error says what is wrong with it, quoting it. `https` is refused where there is no TLS.
  public static func parse(
    _ text: String, withTLS: Bool = false
  ) throws(ConfigurationError) -> NetworkURL {
    var isSecure = false
    guard let separator = text.firstRange(of: "://") else {
      throw ConfigurationError(
        .value, "\"\(text)\" is not a URL: expected http://host:port")
    }
    switch text[..<separator.lowerBound] {
    case "http": break
    case "https" where withTLS: isSecure = true
    case "https":
      throw ConfigurationError(
        .value, "\(text): TLS is not available yet; use http://")
    case "unix", "unixs":
      throw ConfigurationError(
        .value, "\(text): unix sockets are not available yet; use http://host:port")
    default:
      throw ConfigurationError(
        .value, "URL scheme must be http, https, unix, or unixs: \(text)")
    }
    let rest = text[separator.upperBound...]
    if let end = rest.firstIndex(where: { $0 == "/" || $0 == "?" || $0 == "#" }) {
      throw ConfigurationError(.value, "URL must not contain a path: \(text) (drop \"\(rest[end...])\")")
    }
    return try parse(authority: rest, in: text, isSecure: isSecure)
  }

  private static func parse(
    authority: Substring, in text: String, isSecure: Bool
  ) throws(ConfigurationError) -> NetworkURL {
    let malformed = ConfigurationError(
      .value, "URL address does not have the form \"host:port\": \(text)")
    guard !authority.contains("@"), let colon = authority.lastIndex(of: ":") else { throw malformed }
    var host = authority[..<colon]
    if host.hasPrefix("[") {
      guard host.hasSuffix("]"), host.contains(":") else { throw malformed }
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw malformed
    }
    let digits = authority[authority.index(after: colon)...]
    let isHost = host.utf8.allSatisfy {
      $0 > 0x20 && $0 != 0x7f && !"[]\"<>\\^`{|}%=,".utf8.contains($0)
    }
    guard !host.isEmpty, isHost, !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let port = UInt16(digits)
    else { throw malformed }
    return NetworkURL(host: String(host), port: Int(port), isSecure: isSecure)
  }

  /// Reads a comma-separated list: sorted and without repeats, as etcd keeps them.
  public static func parseList(
    _ text: String, withTLS: Bool = false
  ) throws(ConfigurationError) -> [NetworkURL] {
    var urls: Set<NetworkURL> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let trimmed = part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
      urls.insert(try parse(String(trimmed), withTLS: withTLS))
    }
    return urls.sorted()
  }
}
