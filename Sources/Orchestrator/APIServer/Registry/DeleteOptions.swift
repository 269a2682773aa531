import Exchange
import Objects

/// What a deletion is to do, read from `DeleteOptions`.
struct DeleteOptions: Sendable {
  /// What becomes of the objects that depend on the one that is deleted.
  enum Propagation: String, Sendable {
    case orphan = "Orphan"
    case background = "Background"
    case foreground = "Foreground"
  }

  private(set) var propagation: Propagation?
  /// The old form of the policy.
  private(set) var orphansDependents: Bool?
  var gracePeriodSeconds: Int64?
  var uid: String?
  var resourceVersion: String?
  private(set) var isDryRun = false

  /// Options of which nothing is said.
  init() {}

  /// Reads options; null or nothing says nothing.
  /// - Throws: 400 if they are no such options, 422 if they contradict themselves or name what there is not.
  init(_ sent: JSON) throws(StatusError) {
    let options = try Self.decoded(sent)
    let policy = options["propagationPolicy"]?.string
    orphansDependents = options["orphanDependents"]?.boolean
    var errors: [FieldError] = []
    if let policy, orphansDependents != nil {
      errors.append(
        .invalid(
          FieldPath("propagationPolicy"), .string(policy),
          "orphanDependents and deletionPropagation cannot be both set"))
    }
    if let policy {
      propagation = Propagation(rawValue: policy)
      if propagation == nil {
        errors.append(
          .notSupported(
            FieldPath("propagationPolicy"), .string(policy), ["Foreground", "Background", "Orphan", "nil"]))
      }
    }
    let dryRun = options["dryRun"]?.array ?? []
    isDryRun = !dryRun.isEmpty
    if dryRun.contains(where: { $0 != "All" }) {
      errors.append(.notSupported(FieldPath("dryRun"), .array(dryRun), ["All"]))
    }
    guard errors.isEmpty else {
      throw .invalid(errors, group: "meta.k8s.io", kind: "DeleteOptions", name: "")
    }
    // A negative period counts as the shortest.
    gracePeriodSeconds = options["gracePeriodSeconds"]?.integer.map { $0 < 0 ? 1 : $0 }
    uid = options["preconditions"]?["uid"]?.string
    resourceVersion = options["preconditions"]?["resourceVersion"]?.string
  }

  private static func decoded(_ sent: JSON) throws(StatusError) -> JSON {
    let schema = Schema.builtIn
    guard !sent.isNull,
      let shape = schema.shape(forGroup: "meta.k8s.io", version: "v1", kind: "DeleteOptions")
    else { return [:] }
    do {
      return try ObjectDecoder(schema: schema).decode(sent, as: shape).value
    } catch {
      throw .badRequest(
        DecodeError.cannotBeHandled(
          kind: "DeleteOptions", version: "v1", as: "DeleteOptions", error.description))
    }
  }

  mutating func setDryRun() { isDryRun = true }

  /// - Throws: 409 if the object is not, or no longer, the one that is to be deleted.
  func checkPreconditions(on object: JSON, _ kind: ResourceKind) throws(StatusError) {
    if let uid, uid != object.uid {
      throw conflict(
        object, kind,
        "the UID in the precondition (\(uid)) does not match the UID in record (\(object.uid)). "
          + "The object might have been deleted and then recreated")
    }
    if let resourceVersion, resourceVersion != object.resourceVersion {
      throw conflict(
        object, kind,
        "the ResourceVersion in the precondition (\(resourceVersion)) does not match the ResourceVersion in "
          + "record (\(object.resourceVersion)). The object might have been modified")
    }
  }

  /// Conflicts of deletions name the kind where all others name the resource.
  private func conflict(_ object: JSON, _ kind: ResourceKind, _ problem: String) -> StatusError {
    var details: JSON = ["name": .string(object.objectName), "kind": .string(kind.resource.kind)]
    if !kind.resource.group.isEmpty { details["group"] = .string(kind.resource.group) }
    return StatusError(
      code: 409, reason: "Conflict",
      message: "Operation cannot be fulfilled on \(kind.qualifiedKind) \"\(object.objectName)\": \(problem)",
      details: details)
  }
}

/// The finalizers that keep a deleted object until the garbage collector has seen to its dependents.
enum PropagationFinalizers {
  static let orphan = "orphan"
  static let foreground = "foregroundDeletion"

  /// The finalizers of an object after the options of its deletion; nil if they stay as they are.
  static func finalizers(of object: JSON, _ kind: ResourceKind, _ options: DeleteOptions) -> [String]? {
    let old = object.finalizers
    var new = old.filter { $0 != orphan && $0 != foreground }
    switch wanted(old, kind, options) {
    case .orphan?: new.append(orphan)
    case .foreground?: new.append(foreground)
    case .background?, nil: break
    }
    return Set(old) == Set(new) ? nil : new
  }

  private static func wanted(
    _ finalizers: [String], _ kind: ResourceKind, _ options: DeleteOptions
  ) -> DeleteOptions.Propagation? {
    guard kind.hasDependents else { return nil }
    if let orphans = options.orphansDependents { return orphans ? .orphan : .background }
    if let propagation = options.propagation { return propagation }
    for finalizer in finalizers {
      if finalizer == orphan { return .orphan }
      if finalizer == foreground { return .foreground }
    }
    return kind.strategy.orphansDependentsByDefault ? .orphan : nil
  }
}
