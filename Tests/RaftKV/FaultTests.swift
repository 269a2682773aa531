import Glibc
import MVCC
import Synchronization
import Testing
import WAL

@testable import RaftKV

/// Bounds, quotas, and disks that are full or broken.
struct FaultTests {
  private let directory = TestDirectory()
  private let files = FaultyFileSystem()
  private var configuration: NodeConfiguration { testConfiguration(directory.path + "/data") }

  private var alarm: (Node) -> Alarm { { Alarm(member: $0.memberID, kind: .noSpace) } }

  @Test func tooLargeARequestIsRefused() throws {
    var configuration = configuration
    configuration.maximumRequestBytes = 1000
    let member = try TestMember(configuration)
    #expect(try member.node.put("a", [UInt8](repeating: 0, count: 998)).isApplied)
    #expect(try member.node.put("a", [UInt8](repeating: 0, count: 999)).error == .requestTooLarge)
    // Whatever the flag says, no entry becomes larger than the log takes.
    configuration.maximumRequestBytes = .max
    configuration.dataDirectory += "-2"
    let other = try TestMember(configuration)
    let large = [UInt8](repeating: 0, count: DataDirectory.maximumEntryBytes)
    #expect(try other.node.put("a", large).error == .requestTooLarge)
    #expect(other.failures.all == [])
  }

  @Test func theQuotaRaisesTheAlarmOnce() throws {
    var configuration = configuration
    configuration.quotaBytes = 300_000
    let member = try TestMember(configuration)
    let node = member.node
    let value = [UInt8](repeating: 5, count: 20_000)
    var accepted = 0
    while try node.put("key-\(accepted)", value, growth: value.count).isApplied {
      accepted += 1
      try #require(accepted < 100)
    }
    #expect(accepted > 2)
    #expect(try node.put("more", value, growth: value.count).error == .noSpace)
    #expect(eventually { node.store.alarms == [alarm(node)] })
    // The status follows the store.
    #expect(eventually { node.status.appliedIndex == node.store.applied.index })
    let raised = node.status.committedIndex
    for _ in 0..<20 { #expect(try node.put("more", value, growth: value.count).error == .noSpace) }
    // Each would have become an entry of its own.
    #expect(node.store.alarms == [alarm(node)])
    #expect(node.status.committedIndex == raised)
    // The alarm refuses even what would fit, but never a delete.
    let small = try node.put("small", growth: 0)
    #expect(small.error == nil && !small.isApplied)
    #expect(try node.delete(from: "key-").isApplied)
    #expect(try node.disarm().isApplied)
    #expect(node.store.alarms == [])
    #expect(try node.put("small", growth: 0).isApplied)
  }

  @Test func afterAFailedSyncNothingIsAcknowledged() throws {
    let member = try TestMember(configuration, fileSystem: files)
    #expect(try member.node.put("a").isApplied)
    files.fail(.sync, on: ".wal", with: EIO)
    #expect(try member.node.put("b").error == .stopped)
    #expect(member.failures.all.count == 1)
    // The disk's change of mind is no reason to trust it.
    files.fail(.sync, with: 0)
    #expect(try member.node.put("c").error == .stopped)
    #expect(try member.node.barrier() == .stopped)
    #expect(member.node.hasFailed)
    #expect(member.failures.all.count == 1)
    #expect(try member.node.value("a") == [1])
    #expect(try member.node.value("b") == nil)
    member.node.stop()
    let again = try TestMember(configuration)
    #expect(try again.node.barrier() == nil)
    #expect(try again.node.value("a") == [1])
    #expect(try again.node.value("c") == nil)
  }

  @Test func aFullDiskRefusesWritesUntilThereIsSpace() throws {
    let member = try TestMember(configuration, fileSystem: files)
    let node = member.node
    #expect(try node.put("a").isApplied)
    files.fail(.preallocate, with: ENOSPC)
    // Fill what is left of the segments that are there.
    let value = [UInt8](repeating: 3, count: 60_000)
    let answers = Mutex<[Result<Outcome, NodeError>]>([])
    var asked = 0
    while answers.withLock({ $0.last?.error }) == nil {
      asked += 1
      try #require(asked < 200)
      let before = answers.withLock { $0.count }
      node.put("fill-\(asked)", value, growth: value.count) { result in answers.withLock { $0.append(result) }
      }
      // What waits for space is answered when there is some: go on to see writes refused.
      _ = eventually { answers.withLock { $0.count } > before || isRefusing(node) }
    }
    #expect(answers.withLock { $0.last?.error } == .noSpace)
    #expect(member.failures.all == [])
    // Reads go on.
    #expect(try node.barrier() == nil)
    #expect(try node.value("a") == [1])
    files.fail(.preallocate, with: 0)
    #expect(eventually { answers.withLock { $0.count } == asked })
    #expect(eventually { node.store.alarms == [alarm(node)] })
    #expect(eventually { (try? node.disarm())?.isApplied == true && !isRefusing(node) })
    // Whoever was refused meanwhile may have raised it once more.
    #expect(
      eventually { (try? node.disarm())?.isApplied == true && (try? node.put("again"))?.isApplied == true })
    #expect(member.failures.all == [])
    let refused = answers.withLock { $0.filter { !$0.isApplied }.count }
    #expect(refused > 0 && refused < asked)
  }

  @Test func deletesGoOnWhileWritesAreRefused() throws {
    let member = try TestMember(configuration, fileSystem: files)
    let node = member.node
    for number in 0..<10 { #expect(try node.put("key-\(number)").isApplied) }
    files.fail(.preallocate, with: ENOSPC)
    let value = [UInt8](repeating: 3, count: 60_000)
    var asked = 0
    // The first segment and the prepared one take these; the request that finds no space waits.
    while !isRefusing(node) {
      asked += 1
      try #require(asked < 200)
      let isAnswered = Atomic(false)
      node.put("fill-\(asked)", value, growth: 0) { _ in isAnswered.store(true, ordering: .releasing) }
      _ = eventually { isAnswered.load(ordering: .acquiring) || isRefusing(node) }
    }
    #expect(try node.put("late", growth: 1).error == .noSpace)
    // The ballast pays for a small segment.
    files.fail(.preallocate, with: 0)
    files.fail(.preallocate, on: "ballast", with: ENOSPC)
    #expect(try node.delete(from: "key-").isApplied)
    #expect(try node.put("late", growth: 1).error == .noSpace)
    files.fail(.preallocate, with: 0)
    #expect(eventually { !isRefusing(node) })
    #expect(member.failures.all == [])
  }

  /// Whether the log has no space.
  private func isRefusing(_ node: Node) -> Bool { node.health.isLogFull.load(ordering: .acquiring) }

  @Test func aMemberWithAFailingCheckpointServesWhatNeedsNoSpace() throws {
    var configuration = configuration
    configuration.store.mapBytes = 1 << 20
    configuration.store.memtableChanges = 20
    configuration.store.immutableMemtables = 16
    let member = try TestMember(configuration)
    let node = member.node
    let value = pseudoRandom(count: 40_000)
    var accepted = 0
    while try node.put("key-\(accepted)", value).isApplied {
      accepted += 1
      try #require(accepted < 500)
    }
    #expect(accepted > 10)
    #expect(eventually { node.store.alarms == [alarm(node)] })
    #expect(try node.put("more", value).error == .noSpace)
    #expect(try node.barrier() == nil)
    #expect(try node.value("key-0") == value)
    #expect(try node.delete(from: "key-9").isApplied)
    let count = try node.count()
    #expect(member.failures.all == [])
    // The log has everything: with room for the checkpoint the next start goes on.
    member.node.stop()
    #expect(member.failures.all == [])
    configuration.store.mapBytes = 1 << 30
    let again = try TestMember(configuration)
    #expect(try again.node.barrier() == nil)
    #expect(try again.node.value("key-0") == value)
    #expect(try again.node.count() == count)
    #expect(again.node.store.alarms == [alarm(again.node)])
  }

  @Test func aStopDoesNotWaitForACheckpointThatFails() throws {
    var configuration = configuration
    configuration.store.mapBytes = 1 << 20
    configuration.store.memtableChanges = 20
    configuration.limits.requestTimeoutMilliseconds = 200
    let value = pseudoRandom(count: 40_000)
    let member = try TestMember(configuration)
    let node = member.node
    for number in 0..<60 { node.put("key-\(number)", value, growth: 0) { _ in } }
    #expect(eventually { node.health.isCheckpointFailing.load(ordering: .acquiring) })
    // No memtable has room any more; whoever waits is told in time, and reads of what is applied go on.
    var timedOut: NodeError?
    for number in 0..<200 where timedOut == nil {
      timedOut = try node.put("small-\(number)", growth: 0).error
    }
    #expect(timedOut == .timeout)
    #expect(try node.value("key-0") == value)
    let answers = Mutex(0)
    for number in 0..<30 { node.put("late-\(number)", growth: 0) { _ in answers.withLock { $0 += 1 } } }
    node.readBarrier { _ in answers.withLock { $0 += 1 } }
    node.stop()
    #expect(answers.withLock { $0 } == 31)
    #expect(node.metrics.proposalsPending.load(ordering: .relaxed) == 0)
    #expect(node.metrics.readsPending.load(ordering: .relaxed) == 0)
    #expect(member.failures.all == [])
    configuration.store.mapBytes = 1 << 30
    let again = try TestMember(configuration)
    #expect(try again.node.barrier() == nil)
    for number in 0..<60 { #expect(try again.node.value("key-\(number)") == value) }
  }

  @Test func aStopDoesNotWaitInsideAnEntry() throws {
    var configuration = configuration
    configuration.store.mapBytes = 1 << 20
    configuration.store.memtableChanges = 20
    let value = pseudoRandom(count: 40_000)
    let member = try TestMember(configuration)
    let node = member.node
    var asked = 0
    while !node.health.isCheckpointFailing.load(ordering: .acquiring) || !node.store.isFlushBehind {
      asked += 1
      try #require(asked < 500)
      #expect(try node.put("key-\(asked)", value, growth: 0).isApplied)
    }
    // More tombstones than the active memtable takes, and no other can take its place.
    let before = node.status.committedIndex
    let result = Mutex<Result<Outcome, NodeError>?>(nil)
    Request.bytes("k").withUnsafeBytes {
      node.propose(.deleteRange, $0, growth: 0) { answer in result.withLock { $0 = answer } }
    }
    #expect(eventually { node.status.committedIndex > before })
    node.stop()
    #expect(result.withLock { $0?.error } == .stopped)
    #expect(member.failures.all == [])
    configuration.store.mapBytes = 1 << 30
    let again = try TestMember(configuration)
    #expect(try again.node.barrier() == nil)
    #expect(try again.node.count() == 0)
  }

  @Test func aSegmentThatCannotBeRemovedIsOnlyInTheWay() throws {
    var configuration = configuration
    configuration.store.memtableChanges = 10
    let member = try TestMember(configuration, fileSystem: files)
    files.fail(.remove, on: "1.wal", with: EACCES)
    let value = [UInt8](repeating: 3, count: 60_000)
    for number in 0..<60 { #expect(try member.node.put("key-\(number)", value).isApplied) }
    #expect(member.failures.all == [])
  }

  private func pseudoRandom(count: Int) -> [UInt8] {
    var generator = SplitMix(state: 7)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
  }
}

/// A small generator with a seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
