public import Exchange
public import Objects

/// A token with which nodes join: `abcdef.0123456789abcdef` (Kubernetes: bootstrap tokens).
public struct BootstrapToken: Sendable, Hashable, CustomStringConvertible {
  /// Six letters or digits, not secret: part of the secret's name.
  public let id: String
  /// Sixteen letters or digits.
  public let secret: String

  /// The namespace of the secrets.
  public static let namespace = "kube-system"
  /// The type of the secrets.
  public static let secretType = "bootstrap.kubernetes.io/token"
  /// The group of all who come with such a token.
  public static let group = "system:bootstrappers"
  static let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)

  /// A token in its text form; nil if the text is none.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 23, bytes[6] == UInt8(ascii: "."),
      (bytes[..<6] + bytes[7...]).allSatisfy({ Self.letters.contains($0) })
    else { return nil }
    id = String(decoding: bytes[..<6], as: UTF8.self)
    secret = String(decoding: bytes[7...], as: UTF8.self)
  }

  /// A new token.
  public init(using generator: inout some RandomNumberGenerator) {
    func text(_ count: Int) -> String {
      let bytes = (0..<count).map { _ in
        Self.letters[Int.random(in: 0..<Self.letters.count, using: &generator)]
      }
      return String(decoding: bytes, as: UTF8.self)
    }
    id = text(6)
    secret = text(16)
  }

  /// The token in its text form.
  public var description: String { id + "." + secret }

  /// The name of the secret.
  public var secretName: String { "bootstrap-token-" + id }

  /// The secret to store.
  /// - Parameters:
  ///   - expiration: when the token ends; nil for never.
  ///   - extraGroups: such as `system:bootstrappers:worker`.
  public func secretObject(
    expiration: Timestamp?, extraGroups: [String] = [], description: String = ""
  ) -> JSON {
    var data: [String: String] = [
      "token-id": id, "token-secret": secret, "usage-bootstrap-authentication": "true",
      "usage-bootstrap-signing": "true",
    ]
    if let expiration { data["expiration"] = expiration.text }
    if !extraGroups.isEmpty { data["auth-extra-groups"] = extraGroups.joined(separator: ",") }
    if !description.isEmpty { data["description"] = description }
    return [
      "apiVersion": "v1", "kind": "Secret", "type": .string(Self.secretType),
      "metadata": ["name": .string(secretName), "namespace": .string(Self.namespace)],
      "data": .object(JSONObject(data.map { ($0.key, .string(Base64.encode(Array($0.value.utf8)))) })),
    ]
  }

  /// Who comes with this token if this is its secret; nil if the secret does not allow it.
  public func user(secret object: JSON, now: Timestamp) -> UserInfo? {
    func value(_ key: String) -> String {
      guard let bytes = try? Base64.decode(object.text("data", key)) else { return "" }
      return String(decoding: bytes, as: UTF8.self)
    }
    guard object.text("type") == Self.secretType, object["metadata", "deletionTimestamp"] == nil,
      value("token-id") == id, ConstantTime.areEqual(value("token-secret"), secret),
      value("usage-bootstrap-authentication") == "true"
    else { return nil }
    let end = value("expiration")
    if !end.isEmpty {
      guard let end = Timestamp(end), now < end else { return nil }
    }
    var groups = Set(value("auth-extra-groups").split(separator: ",").map(String.init))
    guard groups.allSatisfy(Self.isAllowed(group:)) else { return nil }
    groups.insert(Self.group)
    return UserInfo(name: "system:bootstrap:" + id, groups: groups.sorted())
  }

  /// Whether a token may come with this group: only those of joining nodes, else whoever may write secrets in a
  /// namespace could become anybody.
  static func isAllowed(group: String) -> Bool {
    let prefix = "system:bootstrappers:"
    let rest = group.utf8.dropFirst(prefix.utf8.count)
    guard group.hasPrefix(prefix), let last = rest.last, rest.count <= 256 else { return false }
    return letters.contains(last)
      && rest.allSatisfy { letters.contains($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "-") }
  }
}
