import MVCC
import Testing

@testable import RaftKV

/// The keeper's decisions, on times given here.
struct LeaseKeeperTests {
  private static let second: UInt64 = 1_000_000_000

  private func keeper(_ change: (inout NodeLimits) -> Void = { _ in }) -> LeaseKeeper {
    var limits = NodeLimits()
    change(&limits)
    var keeper = LeaseKeeper(limits: limits)
    keeper.lead([], now: 0)
    return keeper
  }

  private func lease(_ id: Int64, _ seconds: Int64, remaining: Int64 = 0, index: UInt64 = 1) -> Lease {
    Lease(id: id, seconds: seconds, remainingSeconds: remaining, grantIndex: index)
  }

  private func reference(_ id: Int64, index: UInt64 = 1) -> LeaseReference {
    LeaseReference(id: id, grantIndex: index)
  }

  @Test func aLeaseEndsWhenItsTimeIsUpAndNotBefore() {
    var keeper = keeper()
    keeper.granted(lease(1, 10), now: 0)
    #expect(keeper.poll(now: 10 * Self.second - 1) == [])
    #expect(keeper.poll(now: 10 * Self.second) == [.expire([reference(1)])])
    // It is under way.
    #expect(keeper.poll(now: 11 * Self.second) == [])
    keeper.revoked([reference(1)])
    keeper.finished([reference(1)], reign: keeper.reign)
    #expect(keeper.poll(now: 100 * Self.second) == [])
    #expect(keeper.time(of: 1, now: 0) == nil)
  }

  @Test func aRenewalPutsTheEndOff() {
    var keeper = keeper()
    keeper.granted(lease(1, 10), now: 0)
    #expect(keeper.renew([1, 2], now: 9 * Self.second).seconds == [10, 0])
    #expect(keeper.poll(now: 19 * Self.second - 1) == [])
    #expect(keeper.time(of: 1, now: 10 * Self.second)! == (10, 9))
    #expect(keeper.time(of: 1, now: 10 * Self.second + 1)! == (10, 8))
    #expect(keeper.poll(now: 19 * Self.second) == [.expire([reference(1)])])
  }

  @Test func whatIsOverIsNotRenewed() {
    var keeper = keeper()
    keeper.granted(lease(1, 10), now: 0)
    let late = keeper.renew([1], now: 10 * Self.second)
    #expect(late.seconds == [0] && late.expired == [reference(1)])
    #expect(keeper.poll(now: 10 * Self.second) == [.expire([reference(1)])])
    #expect(keeper.renew([1], now: 10 * Self.second).expired == [reference(1)])
    // Even when the attempt fails.
    keeper.finished([reference(1)], reign: keeper.reign)
    #expect(keeper.renew([1], now: 10 * Self.second).seconds == [0])
    #expect(keeper.poll(now: 11 * Self.second) == [.expire([reference(1)])])
  }

  @Test func anIdGrantedAnewIsAnotherLease() {
    var keeper = keeper()
    keeper.granted(lease(1, 10, index: 4), now: 0)
    #expect(keeper.poll(now: 10 * Self.second) == [.expire([reference(1, index: 4)])])
    keeper.revoked([reference(1, index: 4)])
    keeper.granted(lease(1, 10, index: 9), now: 10 * Self.second)
    keeper.finished([reference(1, index: 4)], reign: keeper.reign)
    keeper.revoked([reference(1, index: 4)])
    #expect(keeper.poll(now: 19 * Self.second) == [])
    #expect(keeper.renew([1], now: 19 * Self.second).seconds == [10])
  }

  @Test func aStormEndsInPortions() {
    var keeper = keeper {
      $0.leaseExpiriesPerEntry = 10
      $0.leaseExpiryEntries = 2
    }
    for id in 1...25 as ClosedRange<Int64> { keeper.granted(lease(id, 5), now: 0) }
    let now = 5 * Self.second
    func portions(_ work: [LeaseKeeper.Work]) -> [[LeaseReference]] {
      work.compactMap { if case .expire(let leases) = $0 { leases } else { nil } }
    }
    let first = portions(keeper.poll(now: now))
    #expect(first.map(\.count) == [10, 10])
    #expect(keeper.poll(now: now) == [])
    keeper.revoked(first[0])
    keeper.finished(first[0], reign: keeper.reign)
    let rest = portions(keeper.poll(now: now))
    #expect(rest.map(\.count) == [5])
    // This one failed.
    keeper.finished(first[1], reign: keeper.reign)
    #expect(portions(keeper.poll(now: now)) == [first[1]])
    #expect(Set((first + rest).joined().map(\.id)).count == 25)
  }

  @Test func aNewLeaderGrantsAllTimeAnew() {
    var keeper = keeper()
    keeper.granted(lease(1, 10), now: 0)
    keeper.resign()
    #expect(!keeper.isLeading)
    #expect(keeper.poll(now: 100 * Self.second) == [])
    keeper.granted(lease(5, 1), now: 0)
    #expect(keeper.ids == [])
    keeper.lead([lease(1, 10), lease(2, 500, remaining: 7), lease(3, 2)], now: 100 * Self.second)
    #expect(keeper.ids == [3, 2, 1])
    #expect(keeper.time(of: 2, now: 100 * Self.second)! == (500, 7))
    #expect(keeper.poll(now: 107 * Self.second) == [.expire([reference(3), reference(2)])])
  }

  @Test func whatAnEarlierReignBegunDoesNotCount() {
    var keeper = keeper { $0.leaseExpiryEntries = 1 }
    keeper.granted(lease(1, 1), now: 0)
    _ = keeper.poll(now: Self.second)
    let old = keeper.reign
    keeper.lead([lease(1, 1)], now: Self.second)
    #expect(keeper.poll(now: 2 * Self.second) == [.expire([reference(1)])])
    keeper.finished([reference(1)], reign: old)
    #expect(keeper.poll(now: 2 * Self.second) == [])
  }

  @Test func longLeasesAreNoted() {
    var keeper = keeper { $0.leaseCheckpointSeconds = 300 }
    keeper.granted(lease(1, 1000), now: 0)
    keeper.granted(lease(2, 300), now: 0)
    func noted(_ seconds: Int64) -> [LeaseKeeper.Work] {
      [.checkpoint([LeaseCheckpoint(lease: reference(1), remainingSeconds: seconds)])]
    }
    #expect(keeper.poll(now: 299 * Self.second) == [])
    _ = keeper.renew([2], now: 299 * Self.second)
    // Rounded up.
    #expect(keeper.poll(now: 300 * Self.second + 1) == noted(700))
    #expect(keeper.poll(now: 301 * Self.second) == [])
    #expect(keeper.poll(now: 598 * Self.second + 1) == [])
    #expect(keeper.poll(now: 600 * Self.second + 1).contains(noted(400)[0]))
    // … and with less than an interval left no more.
    #expect(keeper.poll(now: 900 * Self.second + 1) == noted(100))
    #expect(keeper.poll(now: 999 * Self.second) == [])
    #expect(keeper.poll(now: 1000 * Self.second) == [.expire([reference(1)])])
  }

  @Test func aRenewalTakesACheckpointBack() throws {
    var keeper = keeper { $0.leaseCheckpointSeconds = 100 }
    keeper.granted(lease(1, 1000), now: 0)
    #expect(keeper.renew([1], now: 0).resets == [])
    #expect(keeper.poll(now: 100 * Self.second).count == 1)
    let first = keeper.renew([1], now: 100 * Self.second)
    #expect(first.resets.map(\.lease) == [reference(1)])
    // Until the log says so, every renewal asks for it.
    #expect(keeper.renew([1], now: 100 * Self.second).resets == first.resets)
    #expect(keeper.poll(now: 200 * Self.second).count == 1)
    keeper.finished(first.resets)
    let second = keeper.renew([1], now: 200 * Self.second)
    #expect(second.resets.count == 1)
    keeper.finished(second.resets)
    #expect(keeper.renew([1], now: 200 * Self.second).resets == [])
    // One that came from the log alone.
    keeper.checkpointed([LeaseCheckpoint(lease: reference(1), remainingSeconds: 5)])
    #expect(keeper.renew([1], now: 200 * Self.second).resets.count == 1)
    keeper.lead([lease(1, 1000, remaining: 5)], now: 0)
    #expect(keeper.renew([1], now: 0).resets.count == 1)
  }

  @Test func timesBeyondTheClockAreNoTrap() {
    var keeper = keeper()
    keeper.granted(lease(.min, Lease.maximumSeconds), now: .max - 5)
    keeper.granted(lease(.max, Lease.maximumSeconds), now: 1)
    #expect(keeper.time(of: .max, now: 1)! == (9_000_000_000, 9_000_000_000))
    #expect(keeper.poll(now: .max - 1) == [.expire([reference(.max)])])
    #expect(keeper.ids.contains(.min))
  }

  /// Any run against one deadline a lease.
  @Test(arguments: 0..<20 as Range<UInt64>) func agreesWithAModel(seed: UInt64) {
    var generator = SplitMix(state: seed)
    var keeper = keeper {
      $0.leaseExpiriesPerEntry = 3
      $0.leaseExpiryEntries = 2
      $0.leaseCheckpointSeconds = 4
    }
    var now: UInt64 = 0
    var index: UInt64 = 1
    var deadlines: [Int64: (lease: Lease, deadline: UInt64)] = [:]
    var underWay: [[LeaseReference]] = []
    for step in 0..<2000 {
      let id = Int64(generator.next() % 20)
      switch generator.next() % 8 {
      case 0 where deadlines[id] == nil:
        index += 1
        let granted = lease(id, Int64(1 + generator.next() % 12), index: index)
        keeper.granted(granted, now: now)
        deadlines[id] = (granted, now + UInt64(granted.seconds) * Self.second)
      case 1:
        let renewed = keeper.renew([id], now: now).seconds[0]
        if let known = deadlines[id], known.deadline > now {
          #expect(renewed == known.lease.seconds, "seed \(seed), step \(step)")
          deadlines[id]!.deadline = now + UInt64(renewed) * Self.second
        } else {
          #expect(renewed == 0, "seed \(seed), step \(step)")
        }
      case 2:
        if let known = deadlines.removeValue(forKey: id) { keeper.revoked([known.lease.reference]) }
      case 3 where !underWay.isEmpty:
        let portion = underWay.removeFirst()
        if generator.next() % 4 != 0 {
          let live = portion.filter { deadlines[$0.id]?.lease.reference == $0 }
          for lease in live { deadlines[lease.id] = nil }
          keeper.revoked(live)
        }
        keeper.finished(portion, reign: keeper.reign)
      case 4: now += generator.next() % Self.second
      case 5: now += generator.next() % (4 * Self.second)
      default:
        for work in keeper.poll(now: now) {
          guard case .expire(let leases) = work else { continue }
          underWay.append(leases)
          for lease in leases {
            #expect(deadlines[lease.id]!.deadline <= now, "seed \(seed), step \(step)")
          }
        }
        #expect(underWay.count <= 2 && underWay.allSatisfy { $0.count <= 3 })
      }
    }
    // In the end all are over.
    now += 100 * Self.second
    for _ in 0..<100 {
      for portion in underWay {
        let live = portion.filter { deadlines[$0.id]?.lease.reference == $0 }
        for lease in live { deadlines[lease.id] = nil }
        keeper.revoked(live)
        keeper.finished(portion, reign: keeper.reign)
      }
      underWay = keeper.poll(now: now).compactMap { if case .expire(let leases) = $0 { leases } else { nil } }
    }
    #expect(deadlines.isEmpty && keeper.ids.isEmpty, "seed \(seed)")
  }
}
