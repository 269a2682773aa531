import MVCC

/// A key as it lies in a request: valid only while the request's bytes are borrowed.
///
/// Safe: because views are made, used and dropped inside one `withUnsafeReadableBytes`.
struct BorrowedKey: Hashable, Comparable {
  var bytes: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  static func == (left: Self, right: Self) -> Bool {
    left.bytes.count == right.bytes.count && left.bytes.elementsEqual(right.bytes)
  }

  static func < (left: Self, right: Self) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(bytes: bytes)
  }
}

private var nothing: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

extension KeyRange {
  /// etcd's `key` and `range_end`.
  init(key: UnsafeRawBufferPointer, rangeEnd: UnsafeRawBufferPointer) {
    let end: End =
      if rangeEnd.isEmpty {
        .single
      } else if rangeEnd.count == 1, rangeEnd[0] == 0 {
        .unbounded
      } else {
        .before(Bytes(rangeEnd))
      }
    self.init(start: Bytes(key), end: end)
  }
}

/// A `RangeRequest`, its keys borrowed. Fields that come twice: the last one counts.
struct RangeRequestView {
  var key = nothing
  var rangeEnd = nothing
  var limit: Int64 = 0
  var revision: Int64 = 0
  var sortOrder: Int32 = 0
  var sortTarget: Int32 = 0
  var isSerializable = false
  var keysOnly = false
  var countOnly = false
  var minModRevision: Int64 = 0
  var maxModRevision: Int64 = 0
  var minCreateRevision: Int64 = 0
  var maxCreateRevision: Int64 = 0

  init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: key = try reader.slice(tag)
      case 2: rangeEnd = try reader.slice(tag)
      case 3: limit = try reader.int64(tag)
      case 4: revision = try reader.int64(tag)
      case 5: sortOrder = try reader.enumeration(tag)
      case 6: sortTarget = try reader.enumeration(tag)
      case 7: isSerializable = try reader.bool(tag)
      case 8: keysOnly = try reader.bool(tag)
      case 9: countOnly = try reader.bool(tag)
      case 10: minModRevision = try reader.int64(tag)
      case 11: maxModRevision = try reader.int64(tag)
      case 12: minCreateRevision = try reader.int64(tag)
      case 13: maxCreateRevision = try reader.int64(tag)
      default: try reader.skip(tag)
      }
    }
  }

  /// nil for a sort order that does not exist.
  var order: RangeQuery.Order? {
    switch sortOrder {
    case 0: RangeQuery.Order.none
    case 1: .ascending
    case 2: .descending
    default: nil
    }
  }

  /// nil for a sort target that does not exist.
  var target: RangeQuery.Target? {
    switch sortTarget {
    case 0: .key
    case 1: .version
    case 2: .createRevision
    case 3: .modRevision
    case 4: .value
    default: nil
    }
  }

  /// nil when it asks for a sort that does not exist.
  var query: RangeQuery? {
    guard let order, let target else { return nil }
    var query = RangeQuery(range: KeyRange(key: key, rangeEnd: rangeEnd))
    query.limit = limit
    query.revision = revision
    query.order = order
    query.target = target
    query.keysOnly = keysOnly
    query.countOnly = countOnly
    query.minModRevision = minModRevision
    query.maxModRevision = maxModRevision
    query.minCreateRevision = minCreateRevision
    query.maxCreateRevision = maxCreateRevision
    return query
  }
}

/// A `PutRequest`, its key and value borrowed.
struct PutRequestView {
  var key = nothing
  var value = nothing
  var lease: Int64 = 0
  var wantsPrevious = false
  var ignoreValue = false
  var ignoreLease = false

  init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: key = try reader.slice(tag)
      case 2: value = try reader.slice(tag)
      case 3: lease = try reader.int64(tag)
      case 4: wantsPrevious = try reader.bool(tag)
      case 5: ignoreValue = try reader.bool(tag)
      case 6: ignoreLease = try reader.bool(tag)
      default: try reader.skip(tag)
      }
    }
  }

  var command: PutCommand {
    var command = PutCommand(key: Bytes(key), value: Bytes(value))
    command.lease = lease
    command.wantsPrevious = wantsPrevious
    command.ignoreValue = ignoreValue
    command.ignoreLease = ignoreLease
    return command
  }
}

/// A `DeleteRangeRequest`, its keys borrowed.
struct DeleteRequestView {
  var key = nothing
  var rangeEnd = nothing
  var wantsPrevious = false

  init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: key = try reader.slice(tag)
      case 2: rangeEnd = try reader.slice(tag)
      case 3: wantsPrevious = try reader.bool(tag)
      default: try reader.skip(tag)
      }
    }
  }

  var command: DeleteCommand {
    var command = DeleteCommand(range: KeyRange(key: key, rangeEnd: rangeEnd))
    command.wantsPrevious = wantsPrevious
    return command
  }
}

/// A `Compare`, its keys and value borrowed.
struct CompareView {
  enum Union {
    case none
    case version(Int64)
    case createRevision(Int64)
    case modRevision(Int64)
    case value(UnsafeRawBufferPointer)
    case lease(Int64)
  }

  var result: Int32 = 0
  var target: Int32 = 0
  var key = nothing
  var rangeEnd = nothing
  var union = Union.none

  init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: result = try reader.enumeration(tag)
      case 2: target = try reader.enumeration(tag)
      case 3: key = try reader.slice(tag)
      case 4: union = .version(try reader.int64(tag))
      case 5: union = .createRevision(try reader.int64(tag))
      case 6: union = .modRevision(try reader.int64(tag))
      case 7: union = .value(try reader.slice(tag))
      case 8: union = .lease(try reader.int64(tag))
      case 64: rangeEnd = try reader.slice(tag)
      default: try reader.skip(tag)
      }
    }
  }

  var comparison: Comparison {
    let range = KeyRange(key: key, rangeEnd: rangeEnd)
    // etcd lets a relation it does not know hold always; only a comparison of values still needs a key.
    guard let relation else {
      if case .value = value { return Comparison(range: range, relation: .notEqual, target: .version(0)) }
      return Comparison(range: range, relation: .notEqual, target: Self.impossible)
    }
    guard let value else {
      // … and takes both sides for equal when it does not know the target.
      let holds = relation == .equal
      return Comparison(range: range, relation: holds ? .notEqual : .equal, target: Self.impossible)
    }
    return Comparison(range: range, relation: relation, target: value)
  }

  /// No key has this version, so "equal" never holds and "not equal" always does.
  private static let impossible = Comparison.Target.version(.min)

  private var relation: Comparison.Relation? {
    switch result {
    case 0: .equal
    case 1: .greater
    case 2: .less
    case 3: .notEqual
    default: nil
    }
  }

  /// What the target asks for; zero or nothing when the union holds a value of another kind.
  private var value: Comparison.Target? {
    switch (target, union) {
    case (0, .version(let value)): .version(value)
    case (0, _): .version(0)
    case (1, .createRevision(let value)): .createRevision(value)
    case (1, _): .createRevision(0)
    case (2, .modRevision(let value)): .modRevision(value)
    case (2, _): .modRevision(0)
    case (3, .value(let value)): .value(Bytes(value))
    case (3, _): .value([])
    case (4, .lease(let value)): .lease(value)
    case (4, _): .lease(0)
    default: nil
    }
  }
}
