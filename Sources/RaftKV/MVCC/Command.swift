/// The state machine's vocabulary: what a committed log entry may ask of the store, free of any wire format.

/// Bytes of a key or a value.
public typealias Bytes = [UInt8]

/// A place in the store's history: `main` counts committed writes, `sub` the changes inside one write.
public struct Revision: Sendable, Hashable, Comparable {
  /// Counts committed writes; an empty store is at 1.
  public var main: Int64
  /// Counts the changes inside one write, from 0.
  public var sub: Int64

  /// A place in history; by default the first change of a write.
  public init(main: Int64, sub: Int64 = 0) {
    self.main = main
    self.sub = sub
  }

  /// History's order: by write, then by change.
  public static func < (left: Revision, right: Revision) -> Bool {
    (left.main, left.sub) < (right.main, right.sub)
  }
}

/// A set of keys, as etcd's `key` and `range_end` name it.
public struct KeyRange: Sendable, Hashable {
  /// Where a set of keys ends.
  public enum End: Sendable, Hashable {
    /// Only the key itself (`range_end` empty).
    case single
    /// Keys from the start up to, not including, these bytes.
    case before(Bytes)
    /// Every key from the start on (`range_end` is one zero byte).
    case unbounded
  }

  /// The first key that may belong to the set (etcd: `key`).
  public var start: Bytes
  /// Where it ends (etcd: `range_end`).
  public var end: End

  /// A single key, unless `end` says otherwise.
  public init(start: Bytes, end: End = .single) {
    self.start = start
    self.end = end
  }
}

/// A key with one of its values (etcd API: `mvccpb.KeyValue`).
public struct KeyValue: Sendable, Hashable {
  /// The key.
  public var key: Bytes
  /// Its value; empty when only keys were asked for.
  public var value: Bytes
  /// The revision that created the key (since it was last deleted).
  public var createRevision: Int64
  /// The revision of this value.
  public var modRevision: Int64
  /// Changes since the key was created, that one included: 1 for a new key.
  public var version: Int64
  /// The lease it is attached to; 0 for none.
  public var lease: Int64

  /// A key with all that is known of it.
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
  /// How results are sorted (etcd API: `SortOrder`).
  public enum Order: Sendable, Hashable { case none, ascending, descending }
  /// What results are sorted by (etcd API: `SortTarget`).
  public enum Target: Sendable, Hashable { case key, version, createRevision, modRevision, value }

  /// The keys to read.
  public var range: KeyRange
  /// At most so many key-values; 0 or less means all.
  public var limit: Int64 = 0
  /// Read as of this revision; 0 or less means the current one.
  public var revision: Int64 = 0
  /// With `none`, results come by key, or ascending by a `target` other than the key.
  public var order: Order = .none
  /// What to sort by.
  public var target: Target = .key
  /// Leave values out.
  public var keysOnly = false
  /// Only count: no key-values, no limit, no filters.
  public var countOnly = false
  /// Bounds on the revisions of what is returned (not of what is counted); 0 means none.
  public var minModRevision: Int64 = 0
  /// The newest mod revision to return.
  public var maxModRevision: Int64 = 0
  /// The oldest create revision to return.
  public var minCreateRevision: Int64 = 0
  /// The newest create revision to return.
  public var maxCreateRevision: Int64 = 0

  /// All of `range` at the current revision, by key.
  public init(range: KeyRange) { self.range = range }
}

/// etcd API: `PutRequest`.
public struct PutCommand: Sendable, Hashable {
  /// The key, 1 to `Store.maximumKeyBytes` bytes.
  public var key: Bytes
  /// The new value; not looked at with `ignoreValue`.
  public var value: Bytes
  /// The lease to attach; 0 for none. Not looked at with `ignoreLease`.
  public var lease: Int64 = 0
  /// Answer with what the key held before.
  public var wantsPrevious = false
  /// Keep the value: the key must exist.
  public var ignoreValue = false
  /// Keep the lease: the key must exist.
  public var ignoreLease = false

  /// A plain put, without lease.
  public init(key: Bytes, value: Bytes) {
    self.key = key
    self.value = value
  }
}

/// etcd API: `DeleteRangeRequest`.
public struct DeleteCommand: Sendable, Hashable {
  /// The keys to delete.
  public var range: KeyRange
  /// Answer with what they held.
  public var wantsPrevious = false

  /// A delete that answers only how many there were.
  public init(range: KeyRange) { self.range = range }
}

/// etcd API: `Compare`. True when it holds for every key of the range. Where there is no key, single or range,
/// a comparison of `value` is false, and the other targets see zero.
public struct Comparison: Sendable, Hashable {
  /// How what is found must relate to what is given.
  public enum Relation: Sendable, Hashable { case equal, greater, less, notEqual }
  /// What to compare, and with what.
  public enum Target: Sendable, Hashable {
    case version(Int64)
    case createRevision(Int64)
    case modRevision(Int64)
    case value(Bytes)
    case lease(Int64)
  }

  /// The keys to compare.
  public var range: KeyRange
  /// How they must relate.
  public var relation: Relation
  /// What to compare, and with what.
  public var target: Target

  /// A comparison of one key or a range.
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
  /// All must hold for `success` to be taken.
  public var comparisons: [Comparison]
  /// Done, in order, when all comparisons hold.
  public var success: [Operation]
  /// Done, in order, when one does not.
  public var failure: [Operation]

  /// A transaction; `Operation.transaction` nests others.
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
  /// What to do with the alarm.
  public enum Action: Sendable, Hashable { case activate, deactivate }

  /// Raise or drop.
  public var action: Action
  /// The alarm.
  public var alarm: Alarm

  /// Raises or drops an alarm.
  public init(action: Action, alarm: Alarm) {
    self.action = action
    self.alarm = alarm
  }
}

/// An alarm raised on behalf of one member (etcd API: `AlarmMember`).
public struct Alarm: Sendable, Hashable, Comparable {
  /// What is wrong (etcd API: `AlarmType`).
  public enum Kind: UInt8, Sendable, Hashable {
    case noSpace = 1
    case corrupt = 2
  }

  /// The member it is raised on behalf of.
  public var member: UInt64
  /// What is wrong.
  public var kind: Kind

  /// An alarm of one member.
  public init(member: UInt64, kind: Kind) {
    self.member = member
    self.kind = kind
  }

  /// By member, then by kind.
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
  /// Gives up the history before a revision (etcd API: `CompactionRequest`).
  case compact(revision: Int64)
  /// A named document in `meta` (cluster membership and the like); nil removes it.
  case setMeta(name: String, value: Bytes?)
  case lease(LeaseCommand)
}

/// etcd API: `RangeResponse`.
public struct RangeResult: Sendable, Hashable {
  /// What was found, in the order asked for.
  public var keyValues: [KeyValue] = []
  /// How many keys the range holds at that revision, whatever the limit and the filters.
  public var count: Int64 = 0
  /// Whether the limit left something out.
  public var more = false

  /// Nothing found.
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
  /// Whether all comparisons held.
  public var succeeded: Bool
  /// One result for each operation of the branch taken.
  public var results: [OperationResult]

  /// What a transaction did.
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
  case compact
  case lease(LeaseResult)
  case done
}

/// A command's outcome and the store's revision after it (a response header carries it).
public struct Outcome: Sendable {
  /// The store's revision after the command.
  public var revision: Int64
  /// What it did, or why it was refused.
  public var result: Result<CommandResult, StoreError>

  /// A command's outcome.
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
  /// The lease does not exist.
  case leaseNotFound
  /// There is a lease of that id already.
  case leaseExists
  /// The TTL exceeds `Lease.maximumSeconds`.
  case leaseTimeTooLong
  /// A record failed its checksum or its shape.
  case corrupt(String)
  /// The disk or LMDB refused.
  case storage(String)
}

extension StoreError: CustomStringConvertible {
  /// What to tell the operator.
  public var description: String {
    switch self {
    case .compacted: "the revision has been compacted"
    case .futureRevision: "the revision is in the future"
    case .noSpace: "the storage quota is used up"
    case .keyNotFound: "there is no such key"
    case .leaseNotFound: "there is no such lease"
    case .leaseExists: "there is a lease of that id already"
    case .leaseTimeTooLong: "the lease's TTL is too large"
    case .corrupt(let what): "the data is corrupt: \(what)"
    case .storage(let what): what
    }
  }
}
