/// The state machine's vocabulary: what a committed log entry may ask of the store, free of any wire format.

/// Bytes of a key or a value.
public typealias Bytes = [UInt8]

/// A place in the store's history: `main` counts committed writes, `sub` the changes inside one write.
public struct Revision: Sendable, Hashable, Comparable {
  public var main: Int64
  public var sub: Int64

  public init(main: Int64, sub: Int64 = 0) {
    self.main = main
    self.sub = sub
  }

  public static func < (left: Revision, right: Revision) -> Bool {
    (left.main, left.sub) < (right.main, right.sub)
  }
}

/// A set of keys, as etcd's `key` and `range_end` name it.
public struct KeyRange: Sendable, Hashable {
  public enum End: Sendable, Hashable {
    /// Only the key itself (`range_end` empty).
    case single
    /// Keys from the start up to, not including, these bytes.
    case before(Bytes)
    /// Every key from the start on (`range_end` is one zero byte).
    case unbounded
  }

  public var start: Bytes
  public var end: End

  public init(start: Bytes, end: End = .single) {
    self.start = start
    self.end = end
  }
}

/// A key with one of its values (etcd API: `mvccpb.KeyValue`).
public struct KeyValue: Sendable, Hashable {
  public var key: Bytes
  public var value: Bytes
  public var createRevision: Int64
  public var modRevision: Int64
  public var version: Int64
  public var lease: Int64

  public init(
    key: Bytes, value: Bytes, createRevision: Int64, modRevision: Int64, version: Int64, lease: Int64
  ) {
    self.key = key
    self.value = value
    self.createRevision = createRevision
    self.modRevision = modRevision
    self.version = version
    self.lease = lease
  }
}

/// etcd API: `RangeRequest`, without what concerns only its delivery.
public struct RangeQuery: Sendable, Hashable {
  public enum Order: Sendable, Hashable { case none, ascending, descending }
  public enum Target: Sendable, Hashable { case key, version, createRevision, modRevision, value }

  public var range: KeyRange
  /// At most so many key-values; 0 or less means all.
  public var limit: Int64 = 0
  /// Read as of this revision; 0 or less means the current one.
  public var revision: Int64 = 0
  public var order: Order = .none
  public var target: Target = .key
  public var keysOnly = false
  public var countOnly = false
  /// Bounds on the revisions of what is returned (not of what is counted); 0 means none.
  public var minModRevision: Int64 = 0
  public var maxModRevision: Int64 = 0
  public var minCreateRevision: Int64 = 0
  public var maxCreateRevision: Int64 = 0

  public init(range: KeyRange) { self.range = range }
}

/// etcd API: `PutRequest`.
public struct PutCommand: Sendable, Hashable {
  public var key: Bytes
  public var value: Bytes
  public var lease: Int64 = 0
  public var wantsPrevious = false
  public var ignoreValue = false
  public var ignoreLease = false

  public init(key: Bytes, value: Bytes) {
    self.key = key
    self.value = value
  }
}

/// etcd API: `DeleteRangeRequest`.
public struct DeleteCommand: Sendable, Hashable {
  public var range: KeyRange
  public var wantsPrevious = false

  public init(range: KeyRange) { self.range = range }
}

/// etcd API: `Compare`. True when it holds for every key of the range. Where there is no key, single or range,
/// a comparison of `value` is false, and the other targets see zero.
public struct Comparison: Sendable, Hashable {
  public enum Relation: Sendable, Hashable { case equal, greater, less, notEqual }
  public enum Target: Sendable, Hashable {
    case version(Int64)
    case createRevision(Int64)
    case modRevision(Int64)
    case value(Bytes)
    case lease(Int64)
  }

  public var range: KeyRange
  public var relation: Relation
  public var target: Target

  public init(range: KeyRange, relation: Relation, target: Target) {
    self.range = range
    self.relation = relation
    self.target = target
  }
}

/// One operation of a transaction (etcd API: `RequestOp`).
public indirect enum Operation: Sendable, Hashable {
  case range(RangeQuery)
  case put(PutCommand)
  case delete(DeleteCommand)
  case transaction(TransactionCommand)
}

/// etcd API: `TxnRequest`.
public struct TransactionCommand: Sendable, Hashable {
  public var comparisons: [Comparison]
  public var success: [Operation]
  public var failure: [Operation]

  public init(comparisons: [Comparison], success: [Operation], failure: [Operation]) {
    self.comparisons = comparisons
    self.success = success
    self.failure = failure
  }

  /// Whether any branch, nested ones included, may write.
  public var isReadOnly: Bool {
    (success + failure).allSatisfy { operation in
      switch operation {
      case .range: true
      case .put, .delete: false
      case .transaction(let nested): nested.isReadOnly
      }
    }
  }
}

/// etcd API: `AlarmRequest`, on behalf of one member.
public struct AlarmCommand: Sendable, Hashable {
  public enum Action: Sendable, Hashable { case activate, deactivate }

  public var action: Action
  public var alarm: Alarm

  public init(action: Action, alarm: Alarm) {
    self.action = action
    self.alarm = alarm
  }
}

/// An alarm raised on behalf of one member (etcd API: `AlarmMember`).
public struct Alarm: Sendable, Hashable, Comparable {
  public enum Kind: UInt8, Sendable, Hashable {
    case noSpace = 1
    case corrupt = 2
  }

  public var member: UInt64
  public var kind: Kind

  public init(member: UInt64, kind: Kind) {
    self.member = member
    self.kind = kind
  }

  public static func < (left: Alarm, right: Alarm) -> Bool {
    (left.member, left.kind.rawValue) < (right.member, right.kind.rawValue)
  }
}

/// What one committed entry does to the store.
public enum Command: Sendable, Hashable {
  case put(PutCommand)
  case delete(DeleteCommand)
  case transaction(TransactionCommand)
  case alarm(AlarmCommand)
  /// A named document in `meta` (cluster membership and the like); nil removes it.
  case setMeta(name: String, value: Bytes?)
}

/// etcd API: `RangeResponse`.
public struct RangeResult: Sendable, Hashable {
  public var keyValues: [KeyValue] = []
  /// How many keys the range holds at that revision, whatever the limit and the filters.
  public var count: Int64 = 0
  public var more = false

  public init() {}
}

/// What one operation of a transaction did.
public indirect enum OperationResult: Sendable, Hashable {
  case range(RangeResult)
  case put(previous: KeyValue?)
  case delete(deleted: Int64, previous: [KeyValue])
  case transaction(TransactionResult)
}

/// etcd API: `TxnResponse`.
public struct TransactionResult: Sendable, Hashable {
  public var succeeded: Bool
  public var results: [OperationResult]

  public init(succeeded: Bool, results: [OperationResult]) {
    self.succeeded = succeeded
    self.results = results
  }
}

/// What a command did.
public enum CommandResult: Sendable, Hashable {
  case put(previous: KeyValue?)
  case delete(deleted: Int64, previous: [KeyValue])
  case transaction(TransactionResult)
  case alarm(changed: [Alarm])
  case done
}

/// A command's outcome and the store's revision after it (a response header carries it).
public struct Outcome: Sendable {
  public var revision: Int64
  public var result: Result<CommandResult, StoreError>

  public init(revision: Int64, result: Result<CommandResult, StoreError>) {
    self.revision = revision
    self.result = result
  }
}

/// Why the store refused a command or a read. Nothing was changed.
public enum StoreError: Error, Sendable, Hashable {
  /// The revision asked for is below the compacted one.
  case compacted
  /// The revision asked for has not happened yet.
  case futureRevision
  /// The NOSPACE alarm is raised.
  case noSpace
  /// `ignoreValue` or `ignoreLease` on a key that is not there.
  case keyNotFound
  /// The lease to attach does not exist.
  case leaseNotFound
  /// A record failed its checksum or its shape.
  case corrupt(String)
  /// The disk or LMDB refused.
  case storage(String)
}
