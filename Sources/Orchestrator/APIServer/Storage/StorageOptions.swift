import Objects

/// How objects are stored, and how much is kept of what happens to them.
public struct StorageOptions: Sendable {
  /// What all keys begin with.
  public var root = "/registry"
  /// Values read from the store at a time.
  public var pageValues = 500
  /// Changes of a resource that are kept for watches, at most.
  public var ringEvents = 4096
  /// Bytes of values that they may hold, at most.
  public var ringBytes = 8 << 20
  /// Changes that wait for a watch of one node's pods, at most; one that falls behind reads the store.
  public var watchQueue = 1000
  /// Changes that one reading of a watch delivers, at most.
  public var watchBatch = 256
  /// How long a watch that wants bookmarks goes without.
  public var bookmarkInterval = Duration.seconds(60)
  /// How long a failed watch of the store waits before it is opened again.
  public var retryInterval = Duration.milliseconds(200)
  /// How often old revisions are forgotten; those of the last interval stay.
  public var compactionInterval = Duration.seconds(300)
  /// How long one lease takes new events.
  public var leaseInterval = Duration.seconds(60)
  /// Events on one lease, at most.
  public var leaseObjects = 1000

  /// The usual options.
  public init() {}
}
