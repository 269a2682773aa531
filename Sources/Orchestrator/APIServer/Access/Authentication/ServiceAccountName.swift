/// How service accounts are called as users.
public enum ServiceAccountName {
  static let userPrefix = "system:serviceaccount:"

  /// Such as `system:serviceaccount:default:builder`.
  public static func userName(namespace: String, name: String) -> String {
    userPrefix + namespace + ":" + name
  }

  /// The groups of a service account, without that of all who are authenticated.
  public static func groups(namespace: String) -> [String] {
    ["system:serviceaccounts", "system:serviceaccounts:" + namespace]
  }

  /// The namespace and name of a user's service account; nil if the user is none.
  public static func split(_ userName: String) -> (namespace: String, name: String)? {
    guard userName.hasPrefix(userPrefix) else { return nil }
    let parts = userName.dropFirst(userPrefix.count).split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    return (String(parts[0]), String(parts[1]))
  }
}
