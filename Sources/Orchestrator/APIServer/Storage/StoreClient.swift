/// What the API server asks of its store: the calls of etcd v3 that Kubernetes uses, nothing more. A store is a member
/// in this process, a cluster behind etcd's protocol, or a model in a test.
///
/// Reads without a revision are linearizable.
public protocol StoreClient: Sendable {
  /// The value of a key now (revision 0) or as it was, and the store's revision.
  func get(_ key: [UInt8], revision: Int64) async throws(StoreError) -> (value: StoredValue?, revision: Int64)

  /// The values of the keys from `start` up to, not including, `end`, in their order.
  func range(_ range: StoreRange) async throws(StoreError) -> StorePage

  /// Writes a value if the key's newest revision is still `expected`: 0 if there must be no such key.
  /// - Parameter lease: the id of the lease that the key belongs to; 0 for none.
  func put(_ key: [UInt8], value: [UInt8], expecting expected: Int64, lease: Int64) async throws(StoreError)
    -> WriteOutcome

  /// Deletes a key if its newest revision is still `expected`.
  func delete(_ key: [UInt8], expecting expected: Int64) async throws(StoreError) -> WriteOutcome

  /// Follows the keys from `start` up to `end` from `revision` on (0: from now on). Every event has the value before.
  func watch(from start: [UInt8], to end: [UInt8], revision: Int64) async throws(StoreError) -> any StoreWatch

  /// A lease of this many seconds.
  func grantLease(seconds: Int64) async throws(StoreError) -> Int64

  /// Forgets what was superseded at or before `revision`.
  func compact(_ revision: Int64) async throws(StoreError)
}

/// A value with its revisions.
public struct StoredValue: Sendable, Hashable {
  /// The whole key.
  public var key: [UInt8]
  /// Empty if only keys were asked for.
  public var value: [UInt8]
  /// Of the write that made the key.
  public var createRevision: Int64
  /// Of the last write.
  public var modRevision: Int64
  /// 0 for none.
  public var lease: Int64

  /// A value.
  public init(key: [UInt8], value: [UInt8], createRevision: Int64, modRevision: Int64, lease: Int64 = 0) {
    self.key = key
    self.value = value
    self.createRevision = createRevision
    self.modRevision = modRevision
    self.lease = lease
  }
}

/// What to read.
public struct StoreRange: Sendable, Hashable {
  /// Read on demand: the values, the keys alone, or only how many there are.
  public enum Content: Sendable, Hashable { case values, keys, count }

  /// The first key.
  public var start: [UInt8]
  /// The first key after the range.
  public var end: [UInt8]
  /// 0 for all.
  public var limit: Int
  /// 0 for now.
  public var revision: Int64
  /// What of the keys.
  public var content: Content
  /// Whether what this member has applied is enough, even if others have more.
  public var isSerializable: Bool

  /// A range.
  public init(
    start: [UInt8], end: [UInt8], limit: Int = 0, revision: Int64 = 0, content: Content = .values,
    isSerializable: Bool = false
  ) {
    self.start = start
    self.end = end
    self.limit = limit
    self.revision = revision
    self.content = content
    self.isSerializable = isSerializable
  }
}

/// What a range held.
public struct StorePage: Sendable, Hashable {
  /// In the order of their keys.
  public var values: [StoredValue]
  /// Whether keys of the range follow those returned.
  public var hasMore: Bool
  /// All keys of the range, those beyond the limit included.
  public var count: Int
  /// The store's revision when it answered.
  public var revision: Int64

  /// A page.
  public init(values: [StoredValue], hasMore: Bool, count: Int, revision: Int64) {
    self.values = values
    self.hasMore = hasMore
    self.count = count
    self.revision = revision
  }
}

/// How a guarded write ended.
public enum WriteOutcome: Sendable, Hashable {
  /// Done, at this revision.
  case done(revision: Int64)
  /// The key was other than expected: what it is (nil: not there), and the store's revision.
  case conflict(StoredValue?, revision: Int64)
}

/// A watch that is open. One reader at a time.
public protocol StoreWatch: Sendable {
  /// What happened next; waits for it. Nil after `cancel`.
  /// - Throws: `.compacted` if what would come next is gone; other errors if the store cannot be reached: whoever
  ///   watches starts again after the last revision that was seen.
  func next() async throws(StoreError) -> StoreNotice?

  /// Asks for a `progress` notice once all that happened before has been delivered.
  func requestProgress() async throws(StoreError)

  /// Ends the watch. May be called more than once.
  func cancel()
}

/// What a watch delivers.
public enum StoreNotice: Sendable, Hashable {
  /// Changes in the order of their revisions. A revision is never split between notices.
  case events([StoreEvent])
  /// Every change up to this revision was delivered.
  case progress(revision: Int64)
}

/// A change of a key.
public struct StoreEvent: Sendable, Hashable {
  /// What was written; nil if the key was deleted.
  public var value: StoredValue?
  /// What was there before; nil if the key was made, or if that is compacted.
  public var previous: StoredValue?
  /// The whole key.
  public var key: [UInt8]
  /// Of the change.
  public var revision: Int64

  /// A change.
  public init(key: [UInt8], value: StoredValue?, previous: StoredValue?, revision: Int64) {
    self.key = key
    self.value = value
    self.previous = previous
    self.revision = revision
  }
}

/// Why the store did not do what was asked.
public enum StoreError: Error, Sendable, Hashable {
  /// The revision asked for is compacted; the oldest that is there.
  case compacted(oldest: Int64)
  /// The revision asked for is above the store's.
  case futureRevision
  /// The value is larger than the store takes.
  case tooLarge
  /// The store's space is used up.
  case noSpace
  /// No answer: whether a write was done is unknown.
  case unavailable(String)
  /// Anything else, in the store's words.
  case refused(String)
}
