import MVCC
import Raft
import Synchronization
import Testing
import WAL

@testable import RaftKV

/// One member over real files and threads.
struct MemberTests {
  private let directory = TestDirectory()
  private var configuration: NodeConfiguration { testConfiguration(directory.path + "/data") }

  @Test func whatIsPutCanBeRead() throws {
    let member = try TestMember(configuration)
    guard case .success(let outcome) = try member.node.put("a", [1, 2]) else {
      Issue.record("the put failed")
      return
    }
    #expect(outcome.revision == 2)
    #expect(try member.node.barrier() == nil)
    #expect(try member.node.value("a") == [1, 2])
    #expect(try member.node.value("b") == nil)
    #expect(try member.node.delete(from: "a").isApplied)
    #expect(try member.node.value("a") == nil)
    let status = member.node.status
    #expect(status.leader == member.node.memberID && status.term == 1)
    #expect(status.committedIndex >= 3)
    #expect(member.failures.all == [])
  }

  @Test func aBarrierSeesEveryWriteAnsweredBefore() throws {
    let member = try TestMember(configuration)
    for round in 1...200 as ClosedRange<Int64> {
      #expect(try member.node.put("k").isApplied)
      #expect(try member.node.barrier() == nil)
      #expect(member.node.store.currentRevision == round + 1)
    }
  }

  @Test func aStoppedMemberStartsAgainWithNothingToReplay() throws {
    let id: UInt64
    do {
      let member = try TestMember(configuration)
      for number in 0..<500 { try member.node.put("key-\(number)") }
      id = member.node.memberID
      member.node.stop()
      #expect(member.failures.all == [])
      // Stopping again, and asking a stopped member, is harmless.
      member.node.stop()
      #expect(try member.node.put("late").error == .stopped)
      #expect(try member.node.barrier() == .stopped)
      #expect(!member.node.read { _ in })
    }
    let log = NodeLog(quietLogger)
    let preparation = ThreadExecutor(name: "test")
    defer { preparation.stop() }
    do {
      let opened = try DataDirectory.open(
        configuration, fileSystem: PosixFileSystem(), seed: 1, preparation: preparation, peers: nil, log: log)
      #expect(opened.restored.entries == [] && opened.store.currentRevision == 501)
    }
    let again = try TestMember(configuration)
    #expect(again.node.memberID == id)
    #expect(try again.node.barrier() == nil)
    #expect(try again.node.count() == 500)
    #expect(try again.node.put("more").isApplied)
  }

  @Test func aStoppedMemberLetsGoOfItsFilesAtOnce() throws {
    let first = try TestMember(configuration)
    try first.node.put("a")
    first.node.stop()
    let second = try TestMember(configuration)
    #expect(try second.node.value("a") == [1])
    withExtendedLifetime(first) {}
  }

  @Test func whatWasAnsweredSurvivesACrash() throws {
    let member = try TestMember(configuration)
    for number in 0..<300 { #expect(try member.node.put("key-\(number)").isApplied) }
    #expect(try member.node.delete(from: "key-9").isApplied)
    let copy = directory.path + "/copy"
    try TestDirectory.copy(configuration.dataDirectory, to: copy)
    let revived = try TestMember(testConfiguration(copy))
    #expect(try revived.node.barrier() == nil)
    #expect(try revived.node.count() == member.node.count())
    #expect(revived.node.store.currentRevision == member.node.store.currentRevision)
    #expect(try revived.node.put("after").isApplied)
    #expect(revived.node.status.term > member.node.status.term)
  }

  @Test func memtablesFillWhileRequestsCome() throws {
    var configuration = configuration
    configuration.store.memtableChanges = 50
    let segments: Int
    do {
      let member = try TestMember(configuration)
      let answers = Mutex(0)
      for number in 0..<3000 {
        member.node.put("key-\(number % 700)", [UInt8](repeating: 7, count: 1000)) { result in
          if result.isApplied { answers.withLock { $0 += 1 } }
        }
      }
      #expect(eventually { answers.withLock { $0 } == 3000 })
      #expect(try member.node.count() == 700)
      #expect(member.node.store.flushed.index > 1000)
      // The log gives up what the checkpoint has.
      let names = try PosixFileSystem().list(configuration.dataDirectory + "/wal")
      segments = names.filter { $0.hasSuffix(".wal") }.count
    }
    #expect(segments < 4)
    let again = try TestMember(configuration)
    #expect(again.node.store.currentRevision == 3001)
    #expect(try again.node.count() == 700)
  }

  @Test func everyRequestIsAnsweredOnceWhenTheMemberStops() throws {
    for _ in 0..<10 {
      let member = try TestMember(testConfiguration(directory.path + "/stopping"))
      let node = member.node
      let answers = Mutex((proposals: 0, reads: 0))
      let asked = Mutex(0)
      let clients = (0..<2).map { client in
        JoinableThread(name: "client") {
          for number in 0..<400 {
            asked.withLock { $0 += 1 }
            node.put("\(client)-\(number)") { _ in answers.withLock { $0.proposals += 1 } }
            node.readBarrier { _ in answers.withLock { $0.reads += 1 } }
          }
        }
      }
      _ = eventually { asked.withLock { $0 } > 100 }
      node.stop()
      for client in clients { client.join() }
      #expect(answers.withLock { $0.proposals } == 800)
      #expect(answers.withLock { $0.reads } == 800)
      #expect(node.metrics.proposalsPending.load(ordering: .relaxed) == 0)
      #expect(node.metrics.proposalBytesPending.load(ordering: .relaxed) == 0)
      #expect(node.metrics.readsPending.load(ordering: .relaxed) == 0)
      #expect(member.failures.all == [])
    }
  }

  @Test func requestIDsAreUniqueOverRestarts() throws {
    for _ in 0..<3 {
      let member = try TestMember(configuration)
      for number in 0..<50 { try member.node.put("\(number)") }
    }
    var ids: [UInt64] = []
    var logConfiguration = WriteAheadLog.Configuration(identity: 1)
    logConfiguration.segmentBytes = 1 << 20
    logConfiguration.ballastBytes = 0
    _ = try WriteAheadLog.open(
      directory: configuration.dataDirectory + "/wal", fileSystem: PosixFileSystem(),
      configuration: logConfiguration
    ) { record in
      if record.kind == RecordKind.entry.rawValue, Envelope(record.payload) != nil {
        ids.append(Envelope.requestID(record.payload))
      }
    }
    // The puts, and the first start's attributes.
    #expect(ids.count == 151)
    #expect(Set(ids).count == ids.count)
  }

  @Test func aMemberPublishesItsAttributes() throws {
    do {
      let member = try TestMember(configuration)
      #expect(eventually { member.node.members.first?.clientURLs == ["http://127.0.0.1:2379"] })
      #expect(member.node.members.map(\.id) == [member.node.memberID])
      #expect(member.node.members.first?.name == "one")
    }
    var changed = configuration
    changed.clientURLs = ["http://127.0.0.1:4001", "http://127.0.0.1:4002"]
    do {
      let member = try TestMember(changed)
      #expect(eventually { member.node.members.first?.clientURLs == changed.clientURLs })
      #expect(member.node.members.first?.peerURLs == ["http://127.0.0.1:2380"])
    }
    // The same again is no news: nothing but the new leader's own entry is written.
    let member = try TestMember(changed)
    #expect(try member.node.barrier() == nil)
    let before = member.node.status.committedIndex
    try member.node.put("a")
    #expect(eventually { member.node.status.committedIndex == before + 1 })
  }

  @Test func anEntryTheStoreRefusesDoesNotEndTheMember() throws {
    let member = try TestMember(configuration)
    // No front end lets a key without bytes through: the store refuses it, as every other member does.
    let refused = try member.node.put("")
    #expect(!refused.isApplied && refused.error == nil)
    #expect(try member.node.put("a").isApplied)
    #expect(member.failures.all == [] && !member.node.hasFailed)
  }

  @Test func anEntryNobodyUnderstandsEndsTheMember() throws {
    let member = try TestMember(configuration)
    let result: Result<Outcome, NodeError> = try answer { done in
      [UInt8](repeating: 0, count: 0).withUnsafeBytes {
        member.node.propose(.transaction, $0, growth: 0, completion: done)
      }
    }
    #expect(result.error == .stopped)
    #expect(member.failures.all.count == 1 && member.node.hasFailed)
    #expect(try member.node.put("a").error == .stopped)
    #expect(try member.node.barrier() == .stopped)
  }
}
