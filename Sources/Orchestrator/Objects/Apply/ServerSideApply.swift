/// Server-side apply.
extension FieldManager {
  /// The object after a manager applied a configuration to it, with `metadata.managedFields`.
  ///
  /// The manager owns what it applies, with others if they own the same value. What it owned before and applies no more
  /// is removed unless others own it. What others own with another value is a conflict, unless it is forced: then it is
  /// theirs no more. To an object without managed fields everything counts as owned by `before-first-apply`.
  ///
  /// - Parameters:
  ///   - live: The stored object; nil for a creation.
  ///   - configuration: What is applied: an object with `apiVersion` and `kind`, not decoded and without defaults.
  ///   - manager: The field manager, which the API requires here.
  ///   - time: Now.
  /// - Returns: The object before decoding and defaults; if the configuration changes nothing, the live object with the
  ///   managed fields that it has then.
  public func apply(
    live: JSON?, configuration: JSON, manager: String, force: Bool, time: Timestamp
  ) throws(ApplyError) -> JSON {
    try checkType(of: configuration)
    var old = live ?? schema.zeroObject(of: shape, isExhaustive: false)
    var managed = (try? ManagedFields(old.managedFieldsList)) ?? ManagedFields()
    old.managedFieldsList = nil
    if managed.isEmpty, live != nil {
      do {
        let nothing = schema.zeroObject(of: shape, isExhaustive: true)
        try record(from: nothing, to: old, manager: "before-first-apply", time: time, in: &managed)
      } catch {
        throw .untyped("failed to create manager for existing fields: \(error.description)")
      }
    }
    let request = Request(
      old: old, configuration: configuration, manager: manager, time: time, managed: managed)
    var result: JSON
    do {
      result = try apply(request, isForced: force)
    } catch {
      result = try retry(request, after: error)
    }
    if manager == "kubectl" { result.updateLastApplied(configuration) }
    return result
  }

  /// What is to be applied to what.
  private struct Request {
    let old: JSON
    let configuration: JSON
    let manager: String
    let time: Timestamp
    let managed: ManagedFields
  }

  private func checkType(of configuration: JSON) throws(ApplyError) {
    let (version, kind) = (configuration["apiVersion"]?.string ?? "", configuration["kind"]?.string ?? "")
    guard version == apiVersion, kind == self.kind else {
      throw .badRequest("invalid object type: \(Self.text(apiVersion: version, kind: kind))")
    }
    guard configuration.managedFieldsList?.isNull ?? true else {
      throw .badRequest("metadata.managedFields must be nil")
    }
    if let complaint = fields.complaint(about: configuration, shape: shape) {
      throw .untyped("failed to create typed patch object (\(name(of: configuration))): \(complaint)")
    }
  }

  private func apply(_ request: Request, isForced: Bool) throws(ApplyError) -> JSON {
    var managed = request.managed
    let identity = ManagedFields.Identity(
      manager: request.manager.isEmpty ? "unknown" : request.manager, operation: .apply,
      apiVersion: apiVersion,
      subresource: subresource)
    var new: JSON
    let isSame: Bool
    let conflicts: [ApplyConflict]
    do {
      reconcile(&managed, live: request.old)
      let last = managed.entries[identity]
      let applied = resetFields.removed(from: try fields.set(of: request.configuration, shape: shape))
      managed.entries[identity] = ManagedFields.Entry(
        apiVersion: apiVersion, time: last?.time, fields: applied)
      new = try fields.merge(request.old, request.configuration, shape: shape)
      if let last { new = try prune(new, last: last, managed: managed) }
      isSame = request.old.isSame(as: new)
      let comparison = try isSame ? FieldComparison() : fields.compare(request.old, new, shape: shape)
      conflicts = try disown(
        from: request.old, to: new, comparison, except: identity, isForced: isForced, in: &managed)
    } catch {
      throw .untyped("failed to create typed live object (\(name(of: request.old))): \(error.description)")
    }
    guard conflicts.isEmpty else { throw .conflicts(conflicts) }
    managed.remove(Self.unowned, from: identity)
    if isSame {
      new = request.old
    } else {
      managed.entries[identity]?.time = request.time
      new = schema.withoutNulls(new, shape: shape)
    }
    new.managedFieldsList = managed.json
    return new
  }

  /// Removes what the manager owned and applies no more, in the version that it applied then.
  private func prune(
    _ merged: JSON, last: ManagedFields.Entry, managed: ManagedFields
  ) throws(TypedValueError) -> JSON {
    // What others own in further versions is mostly of the same name, and better kept than lost.
    let owned = FieldSet.union(of: managed.entries.values.map(\.fields))
    guard last.apiVersion != apiVersion else {
      return try fields.prune(merged, shape: shape, last: last.fields, managed: owned)
    }
    guard let version = convert(merged, apiVersion, last.apiVersion) else { return merged }
    let pruned = try fields.prune(version.object, shape: version.shape, last: last.fields, managed: owned)
    return convert(pruned, last.apiVersion, apiVersion)?.object ?? merged
  }

  /// The object as messages name it: `namespace/name; apps/v1, Kind=Deployment`.
  private func name(of object: JSON) -> String {
    let metadata = object["metadata"]
    return "\(metadata?["namespace"]?.string ?? "")/\(metadata?["name"]?.string ?? ""); "
      + Self.text(apiVersion: apiVersion, kind: kind)
  }

  private static func text(apiVersion: String, kind: String) -> String {
    (apiVersion.utf8.contains(UInt8(ascii: "/")) ? apiVersion : "/" + apiVersion) + ", Kind=\(kind)"
  }
}

/// The way from kubectl's client-side apply, which keeps what was applied last in an annotation, to server-side apply.
extension FieldManager {
  /// Applies once more if all conflicts are over fields that the annotation shows to be kubectl's own; else the error
  /// tells of the others.
  private func retry(_ request: Request, after error: ApplyError) throws(ApplyError) -> JSON {
    guard request.manager == "kubectl", case .conflicts(let conflicts) = error,
      let allowed = lastAppliedFields(of: request.old)
    else { throw error }
    let others = conflicts.filter { !allowed.contains($0.path) }
    guard others.isEmpty else { throw .conflicts(others) }
    return try apply(request, isForced: true)
  }

  /// The fields of the configuration in the annotation that still have the values that it gave them.
  private func lastAppliedFields(of live: JSON) -> FieldSet? {
    guard let text = live.lastApplied, !text.isEmpty, let configuration = try? JSON.parse(text),
      configuration["apiVersion"]?.string == apiVersion,
      fields.complaint(about: configuration, shape: shape) == nil,
      let set = try? fields.set(of: configuration, shape: shape),
      let comparison = try? fields.compare(configuration, live, shape: shape)
    else { return nil }
    return set.subtracting(comparison.set).subtracting(comparison.removed)
  }
}

extension JSON {
  private static var lastAppliedKey: String { "kubectl.kubernetes.io/last-applied-configuration" }

  /// All annotations of an object may be this long together.
  private static var annotationsLengthLimit: Int { 256 << 10 }

  /// What kubectl's client-side apply applied last.
  fileprivate var lastApplied: String? { self["metadata"]?["annotations"]?[Self.lastAppliedKey]?.string }

  /// Where client-side apply left its annotation, it is kept up to date, so that one can go back to it.
  fileprivate mutating func updateLastApplied(_ configuration: JSON) {
    guard lastApplied?.isEmpty == false else { return }
    var configuration = configuration
    if configuration["metadata"]?["annotations"]?.object != nil {
      configuration["metadata", "annotations", Self.lastAppliedKey] = nil
    }
    // Its own encoder escapes what HTML would, and ends the line.
    var text = ""
    for scalar in configuration.text.unicodeScalars {
      switch scalar {
      case "<": text += "\\u003c"
      case ">": text += "\\u003e"
      case "&": text += "\\u0026"
      default: text.unicodeScalars.append(scalar)
      }
    }
    var annotations = self["metadata"]?["annotations"] ?? .object([:])
    annotations[Self.lastAppliedKey] = .string(text + "\n")
    let length =
      annotations.object?.reduce(0) { $0 + $1.key.utf8.count + ($1.value.string?.utf8.count ?? 0) } ?? 0
    if length > Self.annotationsLengthLimit { annotations[Self.lastAppliedKey] = nil }
    self["metadata", "annotations"] = annotations
  }
}
