public import Exchange
import Objects

/// Headers by which a user acts as somebody else (Kubernetes API: user impersonation).
public struct Impersonation: Sendable, Hashable {
  /// As whom the request is made. Those who are authenticated and all service accounts get their groups.
  public let user: UserInfo
  /// What the user who really asks must be allowed, all of it.
  public let required: [Attributes]

  private static let extraPrefix = "impersonate-extra-"

  /// Reads a request's headers; nil if it has none of this kind.
  /// - Parameter real: who asks.
  /// - Throws: 400 if headers come without a user.
  public init?(_ request: APIRequest, by real: UserInfo) throws(StatusError) {
    func values(_ name: String) -> [String] { request.headers.filter { $0.name == name }.map(\.value) }
    let name = request.header("impersonate-user") ?? ""
    var groups = values("impersonate-group")
    let uid = request.header("impersonate-uid") ?? ""
    var extra: [String: [String]] = [:]
    for header in request.headers where header.name.hasPrefix(Self.extraPrefix) {
      extra[Self.decoded(header.name.dropFirst(Self.extraPrefix.count)), default: []].append(header.value)
    }
    if name.isEmpty {
      if groups.isEmpty, uid.isEmpty, extra.isEmpty { return nil }
      let shownExtra = extra.sorted { $0.key < $1.key }.map { key, values in
        key + ":[" + values.joined(separator: " ") + "]"
      }
      throw .badRequest(
        "requested [\(Self.shownReferences(groups: groups, uid: uid, extra: shownExtra))] without impersonating a user"
      )
    }

    func attributes(
      group: String = "", resource: String, subresource: String = "", namespace: String = "", name: String
    ) -> Attributes {
      Attributes(
        user: real, verb: "impersonate", group: group, version: "v1", resource: resource,
        subresource: subresource,
        namespace: namespace, name: name)
    }
    let authentication = "authentication.k8s.io"
    var required: [Attributes]
    required =
      if let (namespace, account) = ServiceAccountName.split(name) {
        [attributes(resource: "serviceaccounts", namespace: namespace, name: account)]
      } else {
        [attributes(resource: "users", name: name)]
      }
    required += groups.map { attributes(resource: "groups", name: $0) }
    // A service account's own groups need no permission.
    if groups.isEmpty, let (namespace, _) = ServiceAccountName.split(name) {
      groups = ServiceAccountName.groups(namespace: namespace)
    }
    for (key, values) in extra.sorted(by: { $0.key < $1.key }) {
      required += values.map {
        attributes(group: authentication, resource: "userextras", subresource: key, name: $0)
      }
    }
    if !uid.isEmpty { required.append(attributes(group: authentication, resource: "uids", name: uid)) }

    let (everybody, nobody) = ("system:authenticated", "system:unauthenticated")
    if name == UserInfo.anonymous.name {
      if !groups.contains(nobody) { groups.append(nobody) }
    } else if !groups.contains(everybody), !groups.contains(nobody) {
      groups.append(everybody)
    }
    user = UserInfo(name: name, uid: uid, groups: groups, extra: extra)
    self.required = required
  }

  private static func shownReferences(groups: [String], uid: String, extra: [String]) -> String {
    let groups = groups.map { "Group " + $0 }
    return (groups + (uid.isEmpty ? [] : ["UID " + uid]) + extra).joined(separator: " ")
  }

  /// Header names have fewer letters than keys: others are percent-encoded. What is not stays as it is.
  private static func decoded(_ text: Substring) -> String {
    let bytes = Array(text.utf8)
    var decoded: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%") {
        guard index + 2 < bytes.count,
          let byte = UInt8(String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
        else { return String(text) }
        decoded.append(byte)
        index += 3
      } else {
        decoded.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: decoded, as: UTF8.self).lowercased()
  }

  /// Whether the user who really asks may act so.
  /// - Throws: 403 for the first thing that is not allowed.
  public func authorize(with authorizer: any Authorizer) async throws(StatusError) {
    for attributes in required {
      let decision = await authorizer.authorize(attributes)
      guard !decision.isAllowed else { continue }
      let resource =
        attributes.group.isEmpty ? attributes.resource : attributes.resource + "." + attributes.group
      var details: JSON = ["name": .string(attributes.name), "kind": .string(attributes.resource)]
      if !attributes.group.isEmpty { details["group"] = .string(attributes.group) }
      let message =
        "\(resource) \(GoText.quoted(attributes.name)) is forbidden: "
        + attributes.denial(reason: decision.reason)
      throw StatusError(code: 403, reason: "Forbidden", message: message, details: details)
    }
  }
}
