import Exchange
import Objects

/// A patch that was read, ready to be applied to whatever state the object is in.
struct ObjectPatch: Sendable {
  private enum Change: Sendable {
    case json(JSONPatch)
    case merge(JSON)
    case strategic(JSON)
    case apply(JSON)
  }

  private let change: Change
  /// What is wrong with the patch itself but does no harm.
  private let problems: [String]
  private let decoder: BodyDecoder
  private let manager: FieldManager
  private let target: Target
  private let managerName: String
  private let force: Bool
  private let time: Timestamp

  /// Reads a patch.
  /// - Parameter time: when the owners of fields are to have come to them.
  /// - Throws: 400 if it is none, 422 for an apply without a manager.
  init(
    _ patch: PatchKind, _ body: RequestBody, decoder: BodyDecoder, manager: FieldManager, target: Target,
    context: WriteContext, time: Timestamp
  ) throws(StatusError) {
    if patch == .apply, context.fieldManager.isEmpty { throw Self.managerRequired }
    let document: JSONDocument
    do {
      document = try body.document()
    } catch {
      throw .badRequest(Self.prefix(patch) + error.description)
    }
    var problems = context.fieldValidation == .ignore ? [] : document.duplicateFields
    switch patch {
    case .json:
      let operations: JSONPatch
      do { operations = try JSONPatch(document.value) } catch { throw StatusError(error) }
      if context.fieldValidation != .ignore { problems += operations.unknownFields }
      change = .json(operations)
    case .merge: change = .merge(document.value)
    case .strategic: change = .strategic(document.value)
    case .apply: change = .apply(document.value)
    }
    self.problems = problems
    self.decoder = decoder
    self.manager = manager
    self.target = target
    managerName = context.manager
    force = context.force
    self.time = time
  }

  /// What the patch makes of an object, with the owners of its fields; of nothing, for an apply.
  func applied(to live: JSON?) throws(StatusError) -> (object: JSON, warnings: [String]) {
    let patched: JSON
    var isApplied = false
    do {
      switch change {
      case .json(let patch): patched = try patch.apply(to: try existing(live))
      case .merge(let patch): patched = try MergePatch.apply(patch, to: try existing(live))
      case .strategic(let patch):
        patched = try StrategicMergePatch(schema: decoder.schema).apply(
          patch, to: try existing(live), shape: decoder.shape)
      case .apply(let configuration):
        patched = try configured(configuration, live)
        isApplied = true
      }
    } catch let error as PatchError {
      throw StatusError(error)
    } catch let error as StatusError {
      throw error
    } catch {
      throw .internalError("\(error)")
    }
    let decoded = try decode(patched)
    var object = decoder.completed(decoded.value)
    try checkIdentity(&object, live)
    if !isApplied {
      object = manager.recordUpdate(live: live, new: object, manager: managerName, time: time)
    }
    return (object, decoder.fieldValidation == .warn ? problems + decoded.problems : [])
  }

  private func existing(_ live: JSON?) throws(StatusError) -> JSON {
    guard let live else { throw .notFound(target.resource, name: target.name) }
    return live
  }

  private func configured(_ configuration: JSON, _ live: JSON?) throws(StatusError) -> JSON {
    do {
      return try manager.apply(
        live: live, configuration: configuration, manager: managerName, force: force, time: time)
    } catch {
      throw StatusError(error)
    }
  }

  private func decode(_ patched: JSON) throws(StatusError) -> ObjectDecoder.Decoded {
    let decoded: ObjectDecoder.Decoded
    do {
      decoded = try ObjectDecoder(schema: decoder.schema).decode(patched, as: decoder.shape)
    } catch {
      throw Self.undecodable(patched, error.description)
    }
    let all = problems + decoded.problems
    if decoder.fieldValidation == .strict, !all.isEmpty {
      throw Self.undecodable(patched, DecodeError.strict(all))
    }
    return decoded
  }

  private func checkIdentity(_ object: inout JSON, _ live: JSON?) throws(StatusError) {
    if live == nil, !object.uid.isEmpty {
      throw .conflict(
        target.resource, name: target.name,
        "uid mismatch: the provided object specified uid \(object.uid), and no existing object was found")
    }
    try ObjectIdentity.enterNamespace(&object, of: target)
    try ObjectIdentity.checkName(object, of: target)
  }

  // MARK: Answers

  private static func prefix(_ patch: PatchKind) -> String {
    switch patch {
    case .json, .merge: "error decoding patch: "
    case .strategic: ""
    case .apply: "error decoding YAML: "
    }
  }

  private static var managerRequired: StatusError {
    .invalid(
      [.required(FieldPath("fieldManager"), "is required for apply patch")], group: "meta.k8s.io",
      kind: "PatchOptions", name: "")
  }

  /// 422 about a patched object that is no object of its kind; it names none.
  private static func undecodable(_ patched: JSON, _ reason: String) -> StatusError {
    var error = StatusError.invalid(
      [.invalid(FieldPath("patch"), .string(patched.text), reason)], group: "", kind: "", name: "")
    error.status["details", "kind"] = nil
    return error
  }
}

extension StatusError {
  /// The answer to a patch that cannot be applied.
  init(_ error: PatchError) {
    switch error.kind {
    case .badRequest, .invalidPatch: self = .badRequest(error.message)
    case .unprocessable:
      self.init(code: 422, reason: "Invalid", message: error.message, details: [:])
    case .tooLarge: self.init(code: 413, reason: "RequestEntityTooLarge", message: error.message)
    }
  }

  /// The answer to an apply that is refused.
  init(_ error: ApplyError) {
    switch error {
    case .badRequest(let message), .untyped(let message): self = .badRequest(message)
    case .conflicts(let conflicts):
      let causes = conflicts.map { conflict -> JSON in
        [
          "reason": "FieldManagerConflict", "message": .string(conflict.message),
          "field": .string(conflict.field),
        ]
      }
      self.init(
        code: 409, reason: "Conflict", message: error.message, details: ["causes": .array(causes)])
    }
  }
}
