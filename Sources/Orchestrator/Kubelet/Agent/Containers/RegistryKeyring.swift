import ContainerRuntime
import Objects

/// What is known of registries from pull secrets, and what of it goes with an image. Pure.
struct RegistryKeyring: Sendable, Hashable {
  /// The registry of images that name none.
  static let defaultRegistry = "index.docker.io"

  private struct Entry: Sendable, Hashable {
    /// A host, which may have `*` in its labels, and a port.
    var host: String
    /// A path, without slashes at its ends.
    var path: String
    var credentials: RegistryCredentials
  }

  private var entries: [Entry] = []

  /// Takes the secrets that can be read; others say nothing.
  init(_ secrets: [JSON]) {
    for secret in secrets {
      for (registry, value) in Self.registries(secret) {
        guard let credentials = Self.credentials(value) else { continue }
        let (host, path) = Self.parts(registry)
        entries.append(Entry(host: host, path: path, credentials: credentials))
      }
    }
    // Those that say more come first; those that say as much, in the order of the secrets.
    entries = entries.enumerated().sorted { left, right in
      let (a, b) = (
        "\(left.element.host)/\(left.element.path)", "\(right.element.host)/\(right.element.path)"
      )
      return a == b ? left.offset < right.offset : a > b
    }.map(\.element)
  }

  /// The credentials to try for an image, in this order.
  func credentials(for image: String) -> [RegistryCredentials] {
    let (host, path) = Self.repository(of: image)
    var seen: Set<RegistryCredentials> = []
    return entries.filter { Self.matches($0.host, host) && path.hasPrefix($0.path) }
      .map(\.credentials).filter { seen.insert($0).inserted }
  }

  // MARK: Secrets

  private static func registries(_ secret: JSON) -> [(String, JSON)] {
    func decoded(_ key: String) -> JSON? {
      guard let text = secret["data"]?[key]?.string, let bytes = try? Base64.decode(text) else { return nil }
      return try? JSON.parse(bytes)
    }
    let map =
      switch secret["type"]?.string {
      case "kubernetes.io/dockerconfigjson": decoded(".dockerconfigjson")?["auths"]
      case "kubernetes.io/dockercfg": decoded(".dockercfg")
      default: nil as JSON?
      }
    return (map?.object ?? [:]).map { ($0.key, $0.value) }
  }

  private static func credentials(_ value: JSON) -> RegistryCredentials? {
    var (name, password) = (value["username"]?.string ?? "", value["password"]?.string ?? "")
    if let auth = value["auth"]?.string, !auth.isEmpty {
      // Some writers leave out what fills base64 up.
      let whole = auth + String(repeating: "=", count: (4 - auth.utf8.count % 4) % 4)
      guard let bytes = try? Base64.decode(whole) else { return nil }
      let text = String(decoding: bytes, as: UTF8.self)
      guard let colon = text.firstIndex(of: ":") else { return nil }
      name = String(text[..<colon])
      password = String(text[text.index(after: colon)...])
    }
    let identity = value["identitytoken"]?.string ?? ""
    guard !name.isEmpty || !password.isEmpty || !identity.isEmpty else { return nil }
    return RegistryCredentials(username: name, password: password, identityToken: identity)
  }

  /// `https://host:port/v1/path` as host and path: what stands around them does not count.
  private static func parts(_ registry: String) -> (host: String, path: String) {
    var text = registry[...]
    for scheme in ["https://", "http://"] where text.hasPrefix(scheme) { text = text.dropFirst(scheme.count) }
    let slash = text.firstIndex(of: "/") ?? text.endIndex
    var path = text[slash...].split(separator: "/")[...]
    if let first = path.first, first == "v1" || first == "v2" { path = path.dropFirst() }
    return (String(text[..<slash]), path.joined(separator: "/"))
  }

  // MARK: Images

  /// The registry and repository of an image.
  static func repository(of image: String) -> (host: String, path: String) {
    var name = image[...]
    if let digest = name.firstIndex(of: "@") { name = name[..<digest] }
    if let colon = name.lastIndex(of: ":"), !name[colon...].contains("/") { name = name[..<colon] }
    guard let slash = name.firstIndex(of: "/") else { return (defaultRegistry, "library/\(name)") }
    let first = String(name[..<slash])
    // Else it is a part of the name.
    guard first.contains(".") || first.contains(":") || first == "localhost" else {
      return (defaultRegistry, String(name))
    }
    let host = first == "docker.io" || first == "registry-1.docker.io" ? defaultRegistry : first
    return (host, String(name[name.index(after: slash)...]))
  }

  private static func matches(_ pattern: String, _ host: String) -> Bool {
    let alias = pattern == "docker.io" ? defaultRegistry : pattern
    let (patternParts, hostParts) = (alias.split(separator: ":"), host.split(separator: ":"))
    guard patternParts.count == hostParts.count, patternParts.dropFirst() == hostParts.dropFirst() else {
      return false
    }
    let patterns = (patternParts.first ?? "").split(separator: ".", omittingEmptySubsequences: false)
    let labels = (hostParts.first ?? "").split(separator: ".", omittingEmptySubsequences: false)
    return patterns.count == labels.count
      && zip(patterns, labels).allSatisfy { glob(Array($0.utf8)[...], Array($1.utf8)[...]) }
  }

  /// Whether a label matches, with `*` for any text.
  private static func glob(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
    var (pattern, text) = (pattern, text)
    var retry: (pattern: ArraySlice<UInt8>, text: ArraySlice<UInt8>)?
    while !text.isEmpty || !pattern.isEmpty {
      if pattern.first == UInt8(ascii: "*") {
        pattern.removeFirst()
        retry = (pattern, text)
      } else if let first = text.first, first == pattern.first {
        pattern.removeFirst()
        text.removeFirst()
      } else if let last = retry, !last.text.isEmpty {
        // The last star takes one character more.
        (pattern, text) = (last.pattern, last.text.dropFirst())
        retry = (pattern, text)
      } else {
        return false
      }
    }
    return true
  }
}
