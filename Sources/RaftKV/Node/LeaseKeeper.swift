import HeapModule
import MVCC

/// When leases end, as their leader sees it; no part of the replicated state. A pure value: time comes in, and
/// what the log should be asked for comes out.
///
/// 1. No lease ends early. A new leader grants each its whole TTL anew, or what was left at the last checkpoint; and
///    a renewal is not acknowledged while the log still says that less is left.
/// 2. A lease whose time is up is never renewed: its revocation may be on its way through the log already.
struct LeaseKeeper {
  /// What the log is to be asked for.
  enum Work: Sendable, Equatable {
    case expire([LeaseReference])
    case checkpoint([LeaseCheckpoint])
  }

  /// The answer to a batch of keep-alives.
  struct Renewals: Equatable {
    /// For each lease asked for, in order: the TTL it has anew, in seconds, or 0 when it is gone.
    var seconds: [Int64] = []
    /// Among those gone, these are still in the store: they must be revoked before anybody is told.
    var expired: [LeaseReference] = []
    /// What must be in the log before anybody is told of a renewal.
    var resets: [Reset] = []
  }

  /// A renewal that makes a checkpoint obsolete.
  struct Reset: Sendable, Equatable {
    var lease: LeaseReference
    fileprivate var checkpoints: UInt64
  }

  private struct Entry {
    let reference: LeaseReference
    let seconds: Int64
    /// In nanoseconds of the clock, like all times here.
    var deadline: UInt64
    /// `.max` when there is to be none.
    var nextCheckpoint: UInt64
    /// How many checkpoints there may be in the log, and how many of them a later renewal took back there.
    var checkpoints: UInt64
    var obsoleteCheckpoints: UInt64 = 0
    var isExpiring = false

    var nextEvent: UInt64 { min(deadline, nextCheckpoint) }
  }

  /// A look at a lease, not after its next event. A renewal leaves it where it is: looking costs less than moving.
  private struct Appointment: Comparable {
    var time: UInt64
    var lease: LeaseReference

    static func < (left: Appointment, right: Appointment) -> Bool {
      (left.time, left.lease.id, left.lease.grantIndex) < (right.time, right.lease.id, right.lease.grantIndex)
    }
  }

  private let limits: NodeLimits
  private var entries: [Int64: Entry] = [:]
  /// One for each lease that is not expiring, and some for leases that are gone.
  private var agenda: Heap<Appointment> = []
  private var expiriesUnderWay = 0
  /// Counts the times that this member began to lead; 0 and even numbers while it does not.
  private(set) var reign = 0

  init(limits: NodeLimits) { self.limits = limits }

  var isLeading: Bool { reign % 2 == 1 }

  // MARK: leadership

  /// This member leads from now on: each lease gets its time anew.
  mutating func lead(_ leases: [Lease], now: UInt64) {
    resign()
    reign += 1
    entries.reserveCapacity(leases.count)
    for lease in leases { entries[lease.id] = entry(lease, now: now) }
    rebuildAgenda()
  }

  /// Another one may lead: nothing is known of any lease any more.
  mutating func resign() {
    guard isLeading else { return }
    reign += 1
    entries = [:]
    agenda = []
    expiriesUnderWay = 0
  }

  private func entry(_ lease: Lease, now: UInt64) -> Entry {
    let hasCheckpoint = lease.remainingSeconds > 0
    let seconds = hasCheckpoint ? lease.remainingSeconds : lease.seconds
    return Entry(
      reference: lease.reference, seconds: lease.seconds, deadline: Self.time(now, after: seconds),
      nextCheckpoint: nextCheckpoint(seconds, now), checkpoints: hasCheckpoint ? 1 : 0)
  }

  private static func time(_ now: UInt64, after seconds: Int64) -> UInt64 {
    let (time, overflows) = now.addingReportingOverflow(UInt64(max(seconds, 0)) &* 1_000_000_000)
    return overflows ? .max : time
  }

  /// Leases that have less left than the interval between checkpoints need none (etcd: `checkpointInterval`).
  private func nextCheckpoint(_ seconds: Int64, _ now: UInt64) -> UInt64 {
    let interval = Int64(limits.leaseCheckpointSeconds)
    return seconds > interval ? Self.time(now, after: interval) : .max
  }

  // MARK: what the log did

  /// A lease was granted.
  mutating func granted(_ lease: Lease, now: UInt64) {
    guard isLeading else { return }
    let entry = entry(lease, now: now)
    entries[lease.id] = entry
    agenda.insert(Appointment(time: entry.nextEvent, lease: entry.reference))
  }

  /// Leases were revoked.
  mutating func revoked(_ leases: [LeaseReference]) {
    for lease in leases where entries[lease.id]?.reference == lease { entries[lease.id] = nil }
    if agenda.count > 2 * entries.count + 1024 { rebuildAgenda() }
  }

  /// Checkpoints are in the log, perhaps another leader's.
  mutating func checkpointed(_ checkpoints: [LeaseCheckpoint]) {
    for checkpoint in checkpoints where checkpoint.remainingSeconds > 0 {
      guard var entry = entries[checkpoint.lease.id], entry.reference == checkpoint.lease,
        entry.checkpoints == entry.obsoleteCheckpoints
      else { continue }
      entry.checkpoints += 1
      entries[checkpoint.lease.id] = entry
    }
  }

  private mutating func rebuildAgenda() {
    agenda = Heap(
      entries.values.filter { !$0.isExpiring }.map { Appointment(time: $0.nextEvent, lease: $0.reference) })
  }

  // MARK: renewals

  /// Gives leases their whole TTL anew.
  mutating func renew(_ ids: [Int64], now: UInt64) -> Renewals {
    var renewals = Renewals()
    renewals.seconds.reserveCapacity(ids.count)
    for id in ids {
      guard var entry = entries[id] else {
        renewals.seconds.append(0)
        continue
      }
      if entry.isExpiring || entry.deadline <= now {
        renewals.expired.append(entry.reference)
        renewals.seconds.append(0)
        continue
      }
      entry.deadline = Self.time(now, after: entry.seconds)
      entry.nextCheckpoint = nextCheckpoint(entry.seconds, now)
      entries[id] = entry
      if entry.checkpoints != entry.obsoleteCheckpoints {
        renewals.resets.append(Reset(lease: entry.reference, checkpoints: entry.checkpoints))
      }
      renewals.seconds.append(entry.seconds)
    }
    return renewals
  }

  /// The log says again that the whole TTL is left.
  mutating func finished(_ resets: [Reset]) {
    for reset in resets {
      guard var entry = entries[reset.lease.id], entry.reference == reset.lease else { continue }
      entry.obsoleteCheckpoints = max(entry.obsoleteCheckpoints, reset.checkpoints)
      entries[reset.lease.id] = entry
    }
  }

  // MARK: looking

  /// The TTL that was granted and how much of it is left, in whole seconds; nil when there is no such lease.
  func time(of id: Int64, now: UInt64) -> (granted: Int64, left: Int64)? {
    guard let entry = entries[id] else { return nil }
    return (entry.seconds, entry.deadline <= now ? 0 : Int64((entry.deadline - now) / 1_000_000_000))
  }

  /// The leases' ids, the first to end first.
  var ids: [Int64] {
    entries.values.sorted { ($0.deadline, $0.reference.id) < ($1.deadline, $1.reference.id) }.map(
      \.reference.id)
  }

  // MARK: time

  /// What is due now, in portions of bounded size; expiries of which enough are under way wait for `finished`.
  mutating func poll(now: UInt64) -> [Work] {
    var work: [Work] = []
    var expired: [LeaseReference] = []
    var checkpoints: [LeaseCheckpoint] = []
    while let next = agenda.min, next.time <= now {
      guard var entry = entries[next.lease.id], entry.reference == next.lease, !entry.isExpiring else {
        agenda.removeMin()
        continue
      }
      if entry.deadline <= now {
        if expired.isEmpty {
          if expiriesUnderWay >= limits.leaseExpiryEntries { break }
          expiriesUnderWay += 1
        }
        agenda.removeMin()
        entry.isExpiring = true
        entries[next.lease.id] = entry
        expired.append(entry.reference)
        if expired.count == limits.leaseExpiriesPerEntry {
          work.append(.expire(expired))
          expired = []
        }
        continue
      }
      if entry.nextCheckpoint <= now {
        if checkpoints.count == limits.leaseCheckpointsPerEntry { break }
        // Rounded up: less would end the lease early.
        let left = Int64((entry.deadline - now + 999_999_999) / 1_000_000_000)
        checkpoints.append(LeaseCheckpoint(lease: entry.reference, remainingSeconds: left))
        entry.checkpoints += 1
        entry.nextCheckpoint = nextCheckpoint(left, now)
        entries[next.lease.id] = entry
      }
      agenda.replaceMin(with: Appointment(time: entry.nextEvent, lease: entry.reference))
    }
    if !expired.isEmpty { work.append(.expire(expired)) }
    if !checkpoints.isEmpty { work.append(.checkpoint(checkpoints)) }
    return work
  }

  /// The end of a portion of expiries that `poll` gave out in `reign`: leases that are still there are tried again.
  mutating func finished(_ expired: [LeaseReference], reign: Int) {
    guard reign == self.reign else { return }
    expiriesUnderWay -= 1
    for lease in expired {
      guard var entry = entries[lease.id], entry.reference == lease else { continue }
      entry.isExpiring = false
      entries[lease.id] = entry
      agenda.insert(Appointment(time: entry.nextEvent, lease: lease))
    }
  }
}
