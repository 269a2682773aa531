/// A lease as the log made it (etcd API: service Lease). When it ends is no part of the state: the leader alone
/// keeps the time.
public struct Lease: Sendable, Hashable {
  /// The longest TTL, in seconds (etcd: `MaxLeaseTTL`).
  public static let maximumSeconds: Int64 = 9_000_000_000

  /// Never 0.
  public var id: Int64
  /// The TTL that was granted, in seconds.
  public var seconds: Int64
  /// How much of it a new leader has to grant, in seconds: what the last checkpoint said, or 0 for all of it.
  public var remainingSeconds: Int64 = 0
  /// The log entry that granted it: another lease of the same id has another.
  public var grantIndex: UInt64

  /// A lease.
  public init(id: Int64, seconds: Int64, remainingSeconds: Int64 = 0, grantIndex: UInt64) {
    self.id = id
    self.seconds = seconds
    self.remainingSeconds = remainingSeconds
    self.grantIndex = grantIndex
  }

  /// This grant of the lease.
  public var reference: LeaseReference { LeaseReference(id: id, grantIndex: grantIndex) }
}

/// One grant of a lease. What the leader decides about a lease takes effect later: by then it may have been
/// revoked, and its id granted anew.
public struct LeaseReference: Sendable, Hashable {
  /// The lease.
  public var id: Int64
  /// The log entry that granted it.
  public var grantIndex: UInt64

  /// One grant of a lease.
  public init(id: Int64, grantIndex: UInt64) {
    self.id = id
    self.grantIndex = grantIndex
  }
}

/// What may be asked of leases by a log entry.
public enum LeaseCommand: Sendable, Hashable {
  /// Fails with `.noSpace`, `.leaseTimeTooLong` or `.leaseExists`.
  case grant(id: Int64, seconds: Int64)
  /// Deletes the keys attached to the lease, and the lease. Fails with `.leaseNotFound`.
  case revoke(id: Int64)
  /// The same for all of these whose time is up; those that are gone already are passed over. Each that has
  /// keys takes a revision of its own.
  case expire([LeaseReference])
  /// Notes how much time is left, in seconds; 0 for all of it. Leases that are gone are passed over.
  case checkpoint([LeaseCheckpoint])
}

/// How much time a lease has left.
public struct LeaseCheckpoint: Sendable, Hashable {
  /// Which lease.
  public var lease: LeaseReference
  /// In seconds; 0 for all that was granted.
  public var remainingSeconds: Int64

  /// What to note about a lease.
  public init(lease: LeaseReference, remainingSeconds: Int64) {
    self.lease = lease
    self.remainingSeconds = remainingSeconds
  }
}

/// What became of a `LeaseCommand`.
public enum LeaseResult: Sendable, Hashable {
  case granted(Lease)
  /// These are gone.
  case revoked([LeaseReference])
  case noted
}
