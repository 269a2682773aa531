import Objects

/// Who decides on certificate requests: the decision comes through `approval` and stays, the certificate does not.
enum CertificateDecision {
  private static let conditions = FieldPath("status", "conditions")

  /// What is wrong with a change through a subresource, besides the rules for what it changes to.
  static func errors(_ new: JSON, old: JSON, route: UpdateRoute) -> [FieldError] {
    guard route == .status || route == .approval else { return [] }
    var errors: [FieldError] = []
    for type in ["Approved", "Denied", "Failed"] where count(type, new) < count(type, old) {
      errors.append(.forbidden(conditions, "updates may not remove a condition of type \"\(type)\""))
    }
    if route == .status {
      for type in ["Approved", "Denied"] where count(type, new) > count(type, old) {
        errors.append(.forbidden(conditions, "updates may not add a condition of type \"\(type)\""))
      }
    } else if new["status"]?["certificate"] != old["status"]?["certificate"] {
      errors.append(
        .forbidden(FieldPath("status", "certificate"), "updates may not set certificate content"))
    }
    return errors
  }

  private static func count(_ type: String, _ request: JSON) -> Int {
    (request["status"]?["conditions"]?.array ?? []).count { $0["type"]?.string == type }
  }
}
