/// What is wrong with the `managedFields` of an object.
public enum ManagedFieldsError: Error, Sendable, Hashable {
  /// An entry that is not as an entry must be.
  case invalidEntry(Int)
  /// An entry whose fields are no `FieldsV1`.
  case invalidFields(FieldSetError)
}

/// Who owns which fields of an object: `metadata.managedFields` (Kubernetes API: `ManagedFieldsEntry`).
public struct ManagedFields: Sendable, Hashable {
  /// How a manager came to its fields.
  public enum Operation: String, Sendable, Hashable {
    case apply = "Apply"
    case update = "Update"
  }

  /// What makes an entry another than all others.
  public struct Identity: Sendable, Hashable {
    /// The name of the client, as it or its User-Agent gave it.
    public let manager: String
    /// How the manager came to its fields.
    public let operation: Operation
    /// Empty for `Apply`: whoever applies has one entry, whatever version it applies.
    public let apiVersion: String
    /// The subresource that it wrote through; empty for the resource itself.
    public let subresource: String

    /// The version matters for `update` alone.
    public init(manager: String, operation: Operation, apiVersion: String, subresource: String = "") {
      self.manager = manager
      self.operation = operation
      self.apiVersion = operation == .apply ? "" : apiVersion
      self.subresource = subresource
    }
  }

  /// The fields of one manager.
  public struct Entry: Sendable, Hashable {
    /// The version that the fields are named in.
    public var apiVersion: String
    /// When the set last changed; nil where nobody wrote it down.
    public var time: Timestamp?
    /// What the manager owns.
    public var fields: FieldSet

    /// What a manager owns since some time.
    public init(apiVersion: String, time: Timestamp?, fields: FieldSet) {
      self.apiVersion = apiVersion
      self.time = time
      self.fields = fields
    }
  }

  /// The entries, each manager's by what it is told apart by.
  public var entries: [Identity: Entry] = [:]

  /// No managers.
  public init() {}

  /// Whether nobody owns anything.
  public var isEmpty: Bool { entries.isEmpty }

  /// More entries of kind `Update` than this are merged, the oldest first.
  static let updateLimit = 10
}

extension ManagedFields {
  /// From `metadata.managedFields`; nil and null are none. Of entries that are told apart by nothing the last counts.
  public init(_ json: JSON?) throws(ManagedFieldsError) {
    switch json {
    case nil, .null?: return
    case .array(let items)?:
      for (place, item) in items.enumerated() {
        let (identity, entry) = try Self.decoded(item, place: place)
        entries[identity] = entry
      }
    default: throw .invalidEntry(0)
    }
  }

  private static func decoded(_ json: JSON, place: Int) throws(ManagedFieldsError) -> (Identity, Entry) {
    guard case .object(let object) = json else { throw .invalidEntry(place) }
    func text(_ key: String) throws(ManagedFieldsError) -> String {
      switch object[key] {
      case nil, .null?: ""
      case .string(let text)?: text
      default: throw .invalidEntry(place)
      }
    }
    guard let operation = Operation(rawValue: try text("operation")) else { throw .invalidEntry(place) }
    let apiVersion = try text("apiVersion")
    guard !apiVersion.isEmpty, try text("fieldsType") == "FieldsV1" else { throw .invalidEntry(place) }
    let timeText = try text("time")
    let time = Timestamp(timeText)
    guard timeText.isEmpty || time != nil else { throw .invalidEntry(place) }
    let fields: FieldSet
    do {
      fields = try FieldSet(fieldsV1: object["fieldsV1"] ?? .null)
    } catch {
      throw .invalidFields(error)
    }
    let identity = Identity(
      manager: try text("manager"), operation: operation, apiVersion: apiVersion,
      subresource: try text("subresource"))
    return (identity, Entry(apiVersion: apiVersion, time: time, fields: fields))
  }

  /// As `metadata.managedFields`; nil if nobody owns anything. `Apply` comes before `Update`; then by time, manager,
  /// version and subresource.
  public var json: JSON? {
    if isEmpty { return nil }
    let sorted = entries.sorted { one, other in
      let (left, right) = (one.key, other.key)
      if left.operation != right.operation { return left.operation == .apply }
      let (leftTime, rightTime) = (one.value.time?.seconds ?? 0, other.value.time?.seconds ?? 0)
      if leftTime != rightTime { return leftTime < rightTime }
      if left.manager != right.manager { return left.manager < right.manager }
      if one.value.apiVersion != other.value.apiVersion {
        return one.value.apiVersion < other.value.apiVersion
      }
      return left.subresource < right.subresource
    }
    return .array(sorted.map { Self.encoded($0.key, $0.value) })
  }

  private static func encoded(_ identity: Identity, _ entry: Entry) -> JSON {
    var object: JSONObject = [
      "apiVersion": .string(entry.apiVersion), "fieldsType": "FieldsV1", "fieldsV1": entry.fields.fieldsV1,
      "operation": .string(identity.operation.rawValue),
    ]
    if !identity.manager.isEmpty { object["manager"] = .string(identity.manager) }
    if !identity.subresource.isEmpty { object["subresource"] = .string(identity.subresource) }
    if let time = entry.time { object["time"] = .string(time.text) }
    return .object(object)
  }

  /// Whether a client asks with this `metadata.managedFields` for the list to be cleared: it is empty, or has one entry
  /// with nothing in it.
  static func isReset(_ json: JSON?) -> Bool {
    guard let items = json?.array, items.count < 2 else { return false }
    guard let item = items.first else { return true }
    return item.object?.allSatisfy { $0.value.isNull || $0.value == "" } ?? false
  }
}

extension ManagedFields.Identity {
  /// A text by which identities are ordered.
  var sortKey: String {
    var members: JSONObject = ["operation": .string(operation.rawValue)]
    if !apiVersion.isEmpty { members["apiVersion"] = .string(apiVersion) }
    if !subresource.isEmpty { members["subresource"] = .string(subresource) }
    let rest = JSON.object(members).text
    return manager.isEmpty ? rest : JSON.string(manager).text + rest
  }

  /// The manager as conflicts name it: `"m1"`, `"kubectl" with subresource "scale" using apps/v1`.
  var text: String {
    var text = GoFormat.quoted(manager)
    if !subresource.isEmpty { text += " with subresource \(GoFormat.quoted(subresource))" }
    if operation == .update { text += " using \(apiVersion)" }
    return text
  }
}

extension ManagedFields {
  /// Takes fields from a manager, which is there no more once it has none.
  mutating func remove(_ fields: FieldSet, from identity: Identity) {
    guard let entry = entries[identity] else { return }
    let rest = entry.fields.subtracting(fields)
    entries[identity]?.fields = rest
    if rest.isEmpty { entries[identity] = nil }
  }

  /// Merges the oldest entries of updates, each version's into one of the manager `ancient-changes`, until there are no
  /// more than the limit.
  mutating func capUpdates() {
    let all = entries.filter { $0.key.operation == .update }
    guard all.count > Self.updateLimit else { return }
    var updates = all.map { ($0.key, $0.value, $0.key.sortKey) }
    updates.sort { one, other in
      let (left, right) = (one.1.time?.seconds ?? 0, other.1.time?.seconds ?? 0)
      return left == right ? one.2 < other.2 : left < right
    }
    var count = updates.count
    var merged: [String: [(identity: Identity, entry: Entry)]] = [:]
    for (identity, entry, _) in updates where count > Self.updateLimit {
      // The first of a version alone saves nothing: it is merged only when a second one is.
      if merged[entry.apiVersion] != nil { count -= 1 }
      merged[entry.apiVersion, default: []].append((identity, entry))
    }
    for (apiVersion, oldest) in merged where oldest.count > 1 {
      let bucket = Identity(manager: "ancient-changes", operation: .update, apiVersion: apiVersion)
      var parts = oldest[...]
      var sets: [FieldSet] = []
      if let entry = entries[bucket], !parts.contains(where: { $0.identity == bucket }) {
        // Merged into the entry of an earlier time, the others alone are few enough.
        sets.append(entry.fields)
        parts.removeFirst()
      }
      sets += parts.map(\.entry.fields)
      for part in parts { entries[part.identity] = nil }
      // The last one merged is the most recent.
      entries[bucket] = Entry(
        apiVersion: apiVersion, time: parts.last?.entry.time, fields: FieldSet.union(of: sets))
    }
  }
}
