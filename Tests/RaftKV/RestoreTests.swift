import MVCC
import Raft
import Testing
import WAL

@testable import RaftKV

/// Data directories made of snapshots.
struct RestoreTests {
  private struct Broken: Error {}

  private let directory = TestDirectory()
  private let files = PosixFileSystem()
  private var data: String { directory.path + "/new/data" }
  private var configuration: NodeConfiguration { testConfiguration(data) }

  private let versions = [
    SnapshotVersion(revision: Revision(main: 2), key: [97], value: [1], createRevision: 2, version: 1),
    SnapshotVersion(
      revision: Revision(main: 3), key: [98], value: [2], createRevision: 3, version: 1, lease: 7),
    .tombstone([97], at: Revision(main: 3, sub: 1)),
    SnapshotVersion(
      revision: Revision(main: 5), key: [98], value: [3], createRevision: 3, version: 2, lease: 7),
  ]

  private var header: SnapshotHeader {
    SnapshotHeader(
      position: Store.Position(index: 900, term: 12), revision: 5, documents: ["auth/etcd": [1, 2, 3]],
      leases: [Lease(id: 7, seconds: 3600, remainingSeconds: 1000, grantIndex: 800)])
  }

  private func restore(
    _ configuration: NodeConfiguration, bump: Int64 = 0, failingAfter count: Int = .max
  ) throws {
    var next = 0
    try Restore.run(configuration, header: header, bump: bump, fileSystem: files, seed: 1) {
      if next == count { throw Broken() }
      defer { next += 1 }
      return next < versions.count ? versions[next] : nil
    }
  }

  @Test func aMemberServesWhatWasRestored() throws {
    try restore(configuration)
    #expect(try files.list(data).sorted() == ["db", "wal"])
    for round in 0..<2 as Range<Int64> {
      let member = try TestMember(configuration)
      #expect(try member.node.barrier() == nil)
      let store = member.node.store
      #expect(store.currentRevision == 5 + round && store.compactRevision == -1)
      #expect(try member.node.value("b") == [3] && member.node.value("a") == nil)
      let old = try store.makeReadHandle()
      var query = RangeQuery(range: KeyRange(start: [97]))
      query.revision = 2
      #expect(try old.range(query).keyValues.map(\.value) == [[1]])
      #expect(store.leases == [Lease(id: 7, seconds: 3600, remainingSeconds: 1000, grantIndex: 1)])
      #expect(try old.keys(ofLease: 7) == [[98]])
      #expect(try store.meta("auth/etcd") == [1, 2, 3])
      #expect(try member.node.put("c").isApplied)
      #expect(member.node.members.map(\.name) == ["one"])
    }
  }

  @Test func theRevisionIsBumpedAndAllBeforeItCompacted() throws {
    try restore(configuration, bump: 1000)
    let member = try TestMember(configuration)
    #expect(try member.node.barrier() == nil)
    let store = member.node.store
    #expect(store.currentRevision == 1005 && store.compactRevision == 1005)
    #expect(try member.node.value("b") == [3])
    var query = RangeQuery(range: KeyRange(start: [98]))
    query.revision = 5
    #expect(throws: StoreError.compacted) { try store.makeReadHandle().range(query) }
    #expect(try member.node.put("c").isApplied)
    #expect(store.currentRevision == 1006)
  }

  @Test func aBumpPastTheLastRevisionIsRefused() {
    #expect(throws: StartError.self) { try restore(configuration, bump: .max) }
    #expect(throws: StartError.self) { try restore(configuration, bump: -1) }
    #expect((try? files.list(data)) == nil)
  }

  /// Members of one cluster: the same cluster, each its own id, and a different one under another token.
  @Test func membersOfOneClusterAgree() throws {
    var identities: [String: Identity] = [:]
    for (name, token) in [("a", "x"), ("b", "x"), ("a", "y")] {
      let path = "\(directory.path)/\(name)-\(token)"
      var configuration = testConfiguration(path)
      configuration.name = name
      configuration.clusterToken = token
      configuration.initialCluster = [("a", ["http://127.0.0.1:1"]), ("b", ["http://127.0.0.1:2"])]
      try restore(configuration)
      let opened = try DataDirectory.open(
        configuration, fileSystem: files, seed: 2, preparation: ThreadExecutor(name: "test"), peers: nil,
        log: NodeLog(quietLogger))
      #expect(opened.restored.precedingIndex == 1 && opened.restored.precedingTerm == 1)
      #expect(opened.restored.entries.isEmpty && opened.restored.applied == 1)
      #expect(opened.restored.hardState.term == 1 && opened.restored.hardState.commit == 1)
      #expect(opened.restored.membership.voters == opened.identity.cluster.members.map(\.id))
      identities["\(name)-\(token)"] = opened.identity
      opened.store.close()
    }
    let (a, b, other) = (identities["a-x"]!, identities["b-x"]!, identities["a-y"]!)
    #expect(a.cluster == b.cluster && a.memberID != b.memberID)
    #expect(other.cluster.id != a.cluster.id && other.memberID != a.memberID)
  }

  @Test func nothingIsLeftOfAFailure() throws {
    for count in 0...4 {
      #expect(throws: Broken.self) { try restore(configuration, failingAfter: count) }
      #expect((try? files.list(data)) == nil)
    }
    // A directory that was there stays, empty.
    try files.createDirectory(data)
    #expect(throws: Broken.self) { try restore(configuration, failingAfter: 2) }
    #expect(try files.list(data) == [])
    try restore(configuration)
  }

  @Test func aDirectoryInUseIsNotTouched() throws {
    try restore(configuration)
    let names = try files.list(data).sorted()
    #expect(throws: StartError.self) { try restore(configuration) }
    #expect(try files.list(data).sorted() == names)
    var elsewhere = testConfiguration(directory.path + "/elsewhere")
    elsewhere.walDirectory = data
    #expect(throws: StartError.self) { try restore(elsewhere) }
    #expect(try files.list(data).sorted() == names)
    #expect((try? files.list(directory.path + "/elsewhere")) == nil)
  }

  /// What a power cut leaves of a restore must not be taken for a new member's directory.
  @Test func anUnfinishedRestoreIsNoStart() throws {
    try files.createDirectory(directory.path + "/new")
    try files.createDirectory(data)
    _ = try files.open(data + "/" + Restore.unfinishedMark, .createNew)
    do {
      _ = try TestMember(configuration)
      Issue.record("it started")
    } catch let error as StartError {
      #expect(error.description.contains("did not come to its end"))
    }
  }
}
