/// Keeps track of who owns which fields of the objects of one kind, and applies configurations to them (server-side
/// apply).
public struct FieldManager: Sendable {
  /// An object as another version of its API has it.
  public struct Version: Sendable {
    /// The object as that version has it.
    public let object: JSON
    /// The shape that it has there.
    public let shape: Schema.Shape

    /// An object with the shape of its version.
    public init(object: JSON, shape: Schema.Shape) {
      self.object = object
      self.shape = shape
    }
  }

  /// Where the shape's structures are.
  public let schema: Schema
  /// The shape of the objects, such as `schema.shape(of: "apps/v1.Deployment")`.
  public let shape: Schema.Shape
  /// The version that requests name fields in, such as `apps/v1`.
  public let apiVersion: String
  /// The kind of the objects, such as `Deployment`.
  public let kind: String
  /// The subresource that requests go through; empty for the resource itself.
  public let subresource: String
  /// What such requests cannot change.
  public let resetFields: ResetFields
  /// An object in another version; nil if that is no longer served, which ends the ownership of those who used it. Not
  /// asked for `apiVersion`.
  public let convert: @Sendable (_ object: JSON, _ from: String, _ to: String) -> Version?

  /// For the objects of one kind in one version; by default there is no other version.
  public init(
    schema: Schema, shape: Schema.Shape, apiVersion: String, kind: String, subresource: String = "",
    resetFields: ResetFields = .none,
    convert: @escaping @Sendable (_ object: JSON, _ from: String, _ to: String) -> Version? = { _, _, _ in nil
    }
  ) {
    self.schema = schema
    self.shape = shape
    self.apiVersion = apiVersion
    self.kind = kind
    self.subresource = subresource
    self.resetFields = resetFields
    self.convert = convert
  }

  var fields: TypedFields { TypedFields(schema: schema) }

  /// Paths that never have an owner: what names the object, and what the server sets.
  static let unowned = FieldSet(
    named: ["apiVersion"], ["kind"], ["metadata"], ["metadata", "name"], ["metadata", "namespace"],
    ["metadata", "creationTimestamp"], ["metadata", "selfLink"], ["metadata", "uid"],
    ["metadata", "clusterName"],
    ["metadata", "generation"], ["metadata", "managedFields"], ["metadata", "resourceVersion"])
}

extension FieldManager {
  /// A manager's name has at most this many bytes.
  private static let nameLengthLimit = 128

  /// The manager of a request: its parameter `fieldManager`, or else what its User-Agent begins with, up to the slash.
  public static func name(parameter: String, userAgent: String) -> String {
    guard parameter.isEmpty else { return parameter }
    var name = ""
    for scalar in userAgent.unicodeScalars {
      if scalar == "/" { break }
      guard scalar.isPrintable else { continue }
      guard name.utf8.count + scalar.utf8.count <= nameLengthLimit else { break }
      name.unicodeScalars.append(scalar)
    }
    return name
  }
}

extension Unicode.Scalar {
  /// Letters, marks, numbers, punctuation, symbols and the blank.
  fileprivate var isPrintable: Bool {
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: self == " "
    default: true
    }
  }
}

/// Creates, updates and patches.
extension FieldManager {
  /// The new object with `metadata.managedFields` as they are after a write that is no apply: whoever changes a field
  /// owns it from then on, and nobody else does.
  ///
  /// Of the new object's own `managedFields`, which a client may have sent: valid ones replace the live object's, an
  /// empty list or one with an empty entry clears them, and anything else is ignored. Objects that have none are not
  /// tracked until something is applied to them.
  ///
  /// - Parameters:
  ///   - live: The stored object; nil for a creation. A stored object has a `metadata.uid`.
  ///   - new: The object to be stored, decoded and with its defaults, but before admission and before the server sets
  ///     what it sets itself.
  ///   - manager: The field manager of the request, or the beginning of its User-Agent.
  ///   - time: Now.
  public func recordUpdate(live: JSON?, new: JSON, manager: String, time: Timestamp) -> JSON {
    let before = live?.managedFieldsList
    var result = new
    let sent = new.managedFieldsList
    result.managedFieldsList = nil
    var managed: ManagedFields
    if subresource.isEmpty, ManagedFields.isReset(sent) {
      managed = ManagedFields()
    } else if subresource.isEmpty, let decoded = try? ManagedFields(sent), !decoded.isEmpty {
      managed = decoded
    } else {
      managed = (try? ManagedFields(before)) ?? ManagedFields()
    }
    if managed.isEmpty, live?.isStored == true { return result }
    var old = live ?? schema.zeroObject(of: shape, isExhaustive: true)
    old.managedFieldsList = nil
    do {
      try record(from: old, to: result, manager: manager, time: time, in: &managed)
      result.managedFieldsList = managed.json
    } catch {
      // An object whose fields cannot be told apart: ownership stays what it was.
      result.managedFieldsList = before
    }
    return result
  }

  /// Notes in `managed` what a manager changed between two objects without managed fields.
  func record(
    from old: JSON, to new: JSON, manager: String, time: Timestamp, in managed: inout ManagedFields
  ) throws(TypedValueError) {
    reconcile(&managed, live: old)
    let comparison = try fields.compare(old, new, shape: shape)
    _ = try disown(from: old, to: new, comparison, except: nil, isForced: true, in: &managed)
    let own = resetFields.removed(from: comparison.set).subtracting(Self.unowned)
    if !own.isEmpty {
      let identity = ManagedFields.Identity(
        manager: manager.isEmpty ? "unknown" : manager, operation: .update, apiVersion: apiVersion,
        subresource: subresource)
      let previous = managed.entries[identity]?.fields ?? FieldSet()
      managed.entries[identity] = ManagedFields.Entry(
        apiVersion: apiVersion, time: time, fields: previous.union(own))
    }
    managed.capUpdates()
  }

  /// Drops the entries of versions that are no more, and fits the others' sets to the schema.
  func reconcile(_ managed: inout ManagedFields, live: JSON) {
    var shapes: [String: Schema.Shape?] = [apiVersion: shape]
    for (identity, entry) in managed.entries {
      let known = shapes[entry.apiVersion] ?? convert(live, apiVersion, entry.apiVersion)?.shape
      shapes[entry.apiVersion] = .some(known)
      guard let known else {
        managed.entries[identity] = nil
        continue
      }
      managed.entries[identity]?.fields = fields.reconciled(entry.fields, shape: known)
    }
  }

  /// Takes from all managers but one what a write changed, unless it is not forced and something in it is owned by
  /// others: then nothing is taken, and those are the conflicts.
  func disown(
    from old: JSON, to new: JSON, _ comparison: FieldComparison, except own: ManagedFields.Identity?,
    isForced: Bool, in managed: inout ManagedFields
  ) throws(TypedValueError) -> [ApplyConflict] {
    // As each version sees it: what was set and what was removed.
    var versions: [String: (set: FieldSet, removed: FieldSet)?] = [:]
    let changeable = comparison.excluding(resetFields)
    versions[apiVersion] = (changeable.set, changeable.removed)
    var conflicts: [(identity: ManagedFields.Identity, fields: FieldSet)] = []
    var losses: [(identity: ManagedFields.Identity, taken: FieldSet, removed: FieldSet)] = []
    for (identity, entry) in managed.entries where identity != own {
      let version: (set: FieldSet, removed: FieldSet)?
      if let known = versions[entry.apiVersion] {
        version = known
      } else {
        version = try compare(old, new, in: entry.apiVersion).map { ($0.set, $0.removed) }
        versions[entry.apiVersion] = .some(version)
      }
      guard let version else {
        managed.entries[identity] = nil
        continue
      }
      let taken = entry.fields.intersection(version.set)
      if !taken.isEmpty { conflicts.append((identity, taken)) }
      losses.append((identity, taken, version.removed))
    }
    if !isForced, !conflicts.isEmpty {
      return conflicts.sorted { $0.identity.sortKey < $1.identity.sortKey }.flatMap { conflict in
        conflict.fields.paths.map { ApplyConflict(manager: conflict.identity, path: $0) }
      }
    }
    for loss in losses {
      managed.remove(loss.taken, from: loss.identity)
      managed.remove(loss.removed, from: loss.identity)
    }
    return []
  }

  private func compare(
    _ old: JSON, _ new: JSON, in version: String
  ) throws(TypedValueError) -> FieldComparison? {
    guard let old = convert(old, apiVersion, version), let new = convert(new, apiVersion, version) else {
      return nil
    }
    return try fields.compare(old.object, new.object, shape: new.shape).excluding(resetFields)
  }
}

extension FieldManager {
  /// The new object, or the old one's managed fields in it if they differ by nothing but times and the objects by
  /// nothing at all: a write that changes nothing must store nothing.
  public static func keepingTimes(of old: JSON, in new: JSON) -> JSON {
    guard let before = old.managedFieldsList?.array, let after = new.managedFieldsList?.array,
      before.count == after.count, before != after
    else { return new }
    for (one, other) in zip(before, after) {
      var (one, other) = (one, other)
      one["time"] = nil
      other["time"] = nil
      guard one == other else { return new }
    }
    var result = new
    result.managedFieldsList = old.managedFieldsList
    return result == old ? result : new
  }
}

extension JSON {
  /// `metadata.managedFields`. Writing makes no metadata where there is nothing to write.
  var managedFieldsList: JSON? {
    get { self["metadata"]?["managedFields"] }
    set {
      guard newValue != nil || managedFieldsList != nil else { return }
      // Taken out for the change, else all of the metadata would be copied.
      var metadata = self["metadata"] ?? .object([:])
      self["metadata"] = nil
      metadata["managedFields"] = newValue
      self["metadata"] = metadata
    }
  }

  /// Whether the object has been stored: the server gave it a uid.
  fileprivate var isStored: Bool { self["metadata"]?["uid"]?.string?.isEmpty == false }
}
