/// Why an apply was refused.
public enum ApplyError: Error, Sendable, Hashable {
  /// Other managers own fields that the configuration would change (409, `Conflict`). Never empty.
  case conflicts([ApplyConflict])
  /// The configuration cannot be applied to this object (400, `BadRequest`).
  case badRequest(String)
  /// The configuration or the live object is not as the schema says (400, `BadRequest`).
  case untyped(String)
}

/// A field that another manager owns with another value.
public struct ApplyConflict: Sendable, Hashable {
  /// Who owns it.
  public let manager: ManagedFields.Identity
  /// Where it is.
  public let path: [FieldSet.PathElement]

  /// The cause's message (`reason` is `FieldManagerConflict`): `conflict with "m1"`.
  public var message: String { "conflict with \(manager.text)" }

  /// The cause's field: `.data.a`.
  public var field: String { FieldSet.text(of: path) }
}

extension ApplyError {
  /// The message of the `Status`.
  public var message: String {
    switch self {
    case .badRequest(let message), .untyped(let message): message
    case .conflicts(let conflicts): Self.message(of: conflicts)
    }
  }

  private static func message(of conflicts: [ApplyConflict]) -> String {
    if conflicts.count == 1, let conflict = conflicts.first {
      return "Apply failed with 1 conflict: \(conflict.message): \(conflict.field)"
    }
    var lines: [String] = []
    var manager: ManagedFields.Identity?
    // Conflicts come sorted by manager.
    for conflict in conflicts {
      if conflict.manager != manager { lines.append("conflicts with \(conflict.manager.text):") }
      manager = conflict.manager
      lines.append("- \(conflict.field)")
    }
    return "Apply failed with \(conflicts.count) conflicts: " + lines.joined(separator: "\n")
  }
}
