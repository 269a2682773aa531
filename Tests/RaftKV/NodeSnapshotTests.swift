import MVCC
import Testing

@testable import RaftKV

/// Snapshots for clients: everything that was applied, in a file of its own.
struct NodeSnapshotTests {
  private let directory = TestDirectory()
  private var configuration: NodeConfiguration { testConfiguration(directory.path + "/data") }

  private func snapshot(_ node: Node) throws -> Result<SpooledSnapshot, NodeError> {
    try answer { node.makeSnapshot(completion: $0) }
  }

  @Test func itHoldsWhatIsOnlyInMemoryToo() throws {
    let member = try TestMember(configuration)
    for number in 0..<100 { try member.node.put("key-\(number % 10)") }
    let made = try snapshot(member.node).get()
    let (header, summary) = try SnapshotReader.check(path: made.path)
    #expect(header.revision == 101 && summary.versions == 100)
    #expect(Int64(try TestDirectory.read(made.path).count) == made.byteCount)
    // Nothing has happened since: the same content, in another file.
    let again = try snapshot(member.node).get()
    #expect(again.path != made.path)
    #expect(try SnapshotReader.check(path: again.path).summary == summary)
    #expect(member.failures.all == [])
  }

  @Test func anEmptyStore() throws {
    let member = try TestMember(configuration)
    let made = try snapshot(member.node).get()
    #expect(try SnapshotReader.check(path: made.path).header.revision == 1)
  }

  /// Those that nobody deleted go at the next start.
  @Test func whatIsLeftOverIsDeleted() throws {
    let first: SpooledSnapshot
    do {
      let member = try TestMember(configuration)
      for number in 0..<20 { try member.node.put("key-\(number)") }
      first = try snapshot(member.node).get()
      _ = try snapshot(member.node).get()
      member.node.stop()
      guard case .failure(.stopped) = try snapshot(member.node) else {
        Issue.record("a stopped member made a snapshot")
        return
      }
    }
    let member = try TestMember(configuration)
    #expect(throws: (any Error).self) { try TestDirectory.read(first.path) }
    let made = try snapshot(member.node).get()
    #expect(try SnapshotReader.check(path: made.path).summary.versions == 20)
  }
}
