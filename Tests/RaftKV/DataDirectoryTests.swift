import MVCC
import Raft
import Testing
import WAL

@testable import RaftKV

/// What a data directory may hold for a member to start in it.
struct DataDirectoryTests {
  private let directory = TestDirectory()
  private let files = PosixFileSystem()
  private var data: String { directory.path + "/data" }
  private var configuration: NodeConfiguration { testConfiguration(data) }

  /// A directory with some entries in checkpoint and log.
  private func fill(_ configuration: NodeConfiguration, rounds: Int = 1) throws {
    for _ in 0..<rounds {
      let member = try TestMember(configuration)
      for number in 0..<50 { try member.node.put("key-\(number)") }
    }
  }

  private func refusal(_ configuration: NodeConfiguration) -> String {
    do {
      _ = try TestMember(configuration)
      return "it started"
    } catch {
      return "\(error)"
    }
  }

  @Test func etcdsDirectoryIsRefused() throws {
    try files.createDirectory(data)
    try files.createDirectory(data + "/member")
    #expect(refusal(configuration).contains("looks like a data directory of etcd"))
    #expect(try files.list(data) == ["member"], "nothing is touched")
  }

  @Test func aDirectoryInUseIsRefused() throws {
    let member = try TestMember(configuration)
    #expect(refusal(configuration).contains("in use by another process"))
    #expect(try member.node.put("a").isApplied)
  }

  @Test func aMissingLogIsRefused() throws {
    try fill(configuration)
    TestDirectory.remove(data + "/wal")
    #expect(refusal(configuration).contains("holds a checkpoint, but its log in \(data)/wal is gone"))
  }

  @Test func aMissingCheckpointIsReplayedWhileTheLogIsWhole() throws {
    try fill(configuration)
    TestDirectory.remove(data + "/db")
    let member = try TestMember(configuration)
    #expect(try member.node.barrier() == nil)
    #expect(try member.node.count() == 50)
    #expect(member.node.store.currentRevision == 51)
  }

  @Test func aMissingCheckpointIsRefusedOnceTheLogHasBeenCut() throws {
    var configuration = configuration
    configuration.store.memtableChanges = 10
    do {
      let member = try TestMember(configuration)
      let value = [UInt8](repeating: 1, count: 60_000)
      for number in 0..<60 { try member.node.put("key-\(number)", value) }
      let wal = data + "/wal"
      #expect(eventually { (try? files.list(wal).contains("0000000000000001.wal")) == false })
    }
    TestDirectory.remove(data + "/db")
    #expect(refusal(configuration).contains("are missing; restore a backup"))
  }

  @Test func anOlderLogIsRefused() throws {
    try fill(configuration)
    try TestDirectory.copy(data + "/wal", to: directory.path + "/old")
    try fill(configuration)
    TestDirectory.remove(data + "/wal")
    try TestDirectory.copy(directory.path + "/old", to: data + "/wal")
    #expect(refusal(configuration).contains("a part of the log is missing"))
  }

  @Test func anotherClustersLogIsRefused() throws {
    try fill(configuration)
    var other = testConfiguration(directory.path + "/other")
    other.clusterToken = "another"
    try fill(other, rounds: 2)
    TestDirectory.remove(data + "/wal")
    try TestDirectory.copy(directory.path + "/other/wal", to: data + "/wal")
    #expect(refusal(configuration).contains("put together what belongs together"))
  }

  @Test func aClusterThatDoesNotNameTheMemberIsRefused() throws {
    var configuration = configuration
    configuration.initialCluster = [("two", ["http://127.0.0.1:2380"])]
    #expect(refusal(configuration).contains("does not name this member, \"one\""))
    configuration.initialCluster = [("one", ["http://127.0.0.1:2380"]), ("two", ["http://127.0.0.1:2390"])]
    #expect(refusal(configuration).contains("names 2 members"))
    // What failed leaves a directory that a right start can use.
    let member = try TestMember(self.configuration)
    #expect(try member.node.put("a").isApplied)
  }

  @Test func theFlagsOfALaterStartDoNotChangeTheCluster() throws {
    let id: UInt64
    do {
      let member = try TestMember(configuration)
      id = member.node.clusterID
    }
    var other = configuration
    other.clusterToken = "another"
    other.initialCluster = []
    #expect(try TestMember(other).node.clusterID == id)
  }

  @Test func theLogMayLiveElsewhere() throws {
    var configuration = configuration
    configuration.walDirectory = directory.path + "/log"
    try fill(configuration, rounds: 2)
    #expect(try files.list(data) == ["db"])
    let member = try TestMember(configuration)
    #expect(try member.node.count() == 50)
  }

  @Test func aRecordOfANewerVersionIsRefused() throws {
    try fill(configuration)
    try append([LogRecord(kind: 99, term: 0, index: 0, payload: [])])
    #expect(refusal(configuration).contains("unknown kind 99"))
  }

  @Test(arguments: [RecordKind.identity, .hardState]) func aMalformedRecordIsRefused(kind: RecordKind) throws
  {
    try fill(configuration)
    try append([LogRecord(kind: kind.rawValue, term: 0, index: 0, payload: [0x80])])
    #expect(refusal(configuration).contains("malformed"))
  }

  @Test func aGapBetweenEntriesIsRefused() throws {
    try fill(configuration)
    try append([
      LogRecord(Entry(term: 9, index: 1000, data: [1])), LogRecord(Entry(term: 9, index: 1002, data: [1])),
    ])
    #expect(refusal(configuration).contains("entry 1002 follows entry 1000"))
  }

  @Test func aGapAfterTheCheckpointIsRefused() throws {
    try fill(configuration)
    try append([LogRecord(Entry(term: 9, index: 1000, data: [1]))])
    #expect(refusal(configuration).contains("begins at entry 1000"))
  }

  @Test func aLogThatContradictsItselfIsRefused() throws {
    try fill(configuration)
    try append([LogRecord(HardState(term: 1, vote: 1, commit: 1_000_000))])
    #expect(refusal(configuration).contains("contradicts itself"))
  }

  /// Writes behind the node's back.
  private func append(_ records: [LogRecord]) throws {
    var configuration = WriteAheadLog.Configuration(identity: 1)
    configuration.ballastBytes = 0
    let log = try WriteAheadLog.open(
      directory: data + "/wal", fileSystem: files, configuration: configuration
    ) { _ in }
    try log.append(records)
    try log.sync()
  }
}
