public import Exchange
public import Objects
public import Storage

/// What is done about fields that a kind does not have, or that are there twice (parameter `fieldValidation`).
public enum FieldValidation: String, Sendable, Hashable {
  /// They are dropped.
  case ignore = "Ignore"
  /// They are dropped, and a warning tells.
  case warn = "Warn"
  /// The request is refused.
  case strict = "Strict"
}

/// Who writes, and how: the parameters that all kinds of writes share.
public struct WriteContext: Sendable {
  /// As authentication found it.
  public var user: UserInfo
  /// Whether all is done but storing (`dryRun=All`).
  public var dryRun: Bool
  /// The parameter `fieldManager`; empty if there is none.
  public var fieldManager: String
  /// The request's User-Agent, whose beginning stands in for a field manager.
  public var userAgent: String
  /// About fields that are unknown or there twice.
  public var fieldValidation: FieldValidation
  /// Whether an apply takes the fields that others own.
  public var force: Bool

  /// A write by a user.
  public init(
    user: UserInfo, dryRun: Bool = false, fieldManager: String = "", userAgent: String = "",
    fieldValidation: FieldValidation = .warn, force: Bool = false
  ) {
    self.user = user
    self.dryRun = dryRun
    self.fieldManager = fieldManager
    self.userAgent = userAgent
    self.fieldValidation = fieldValidation
    self.force = force
  }
}

/// What a read or a write ended with.
public struct WriteResult: Sendable {
  /// The object as it is stored; nil if the answer is none that is stored: a dry run, or a Scale.
  public var stored: StoredObject?
  /// Whether the object was made (201, not 200).
  public var created: Bool
  /// For the headers of the answer.
  public var warnings: [String]
  private var value: JSON

  /// An answer that is stored.
  public init(stored: StoredObject, created: Bool = false, warnings: [String] = []) {
    self.stored = stored
    self.created = created
    self.warnings = warnings
    value = .null
  }

  /// An answer that is not stored.
  public init(object: JSON, created: Bool = false, warnings: [String] = []) {
    value = object
    self.created = created
    self.warnings = warnings
  }

  /// What to answer with.
  public var object: JSON { stored?.json ?? value }

  /// The JSON of the answer; of a stored object it is not made again.
  public var bytes: [UInt8] { stored?.bytes ?? value.serialized() }
}

/// What a deletion ended with.
public struct DeleteResult: Sendable {
  /// The object, as long as something holds it, or a `Status` of success.
  public var object: JSON
  /// Such as 200.
  public var code: Int
  /// For the headers of the answer.
  public var warnings: [String]

  /// An answer with a code.
  public init(object: JSON, code: Int = 200, warnings: [String] = []) {
    self.object = object
    self.code = code
    self.warnings = warnings
  }
}

/// The ways to say what shall change about an object.
public enum PatchKind: Sendable, Hashable {
  /// RFC 6902: `application/json-patch+json`.
  case json
  /// RFC 7386: `application/merge-patch+json`.
  case merge
  /// Kubernetes' own, which knows the lists: `application/strategic-merge-patch+json`.
  case strategic
  /// Server-side apply: `application/apply-patch+yaml`, read to JSON before.
  case apply
}
