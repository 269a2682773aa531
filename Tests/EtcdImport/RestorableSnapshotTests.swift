import Checksum
import MVCC
import Testing

@testable import EtcdImport

/// Snapshots of either kind, as a restore reads them.
struct RestorableSnapshotTests {
  private final class Memory: SnapshotSink {
    var bytes: [UInt8] = []

    func write(_ bytes: UnsafeRawBufferPointer) throws(StoreError) { self.bytes += bytes }
  }

  private let versions = [
    SnapshotVersion(revision: Revision(main: 2), key: [97], value: [1], createRevision: 2, version: 1),
    .tombstone([97], at: Revision(main: 3), previous: Revision(main: 2)),
  ]

  private func own() throws -> [UInt8] {
    let memory = Memory()
    let header = SnapshotHeader(
      position: Store.Position(index: 9, term: 2), revision: 3, documents: ["name": [4]],
      leases: [Lease(id: 7, seconds: 10, grantIndex: 5)])
    let writer = try SnapshotWriter(header, to: memory)
    for version in versions { try writer.add(version) }
    _ = try writer.finish()
    return memory.bytes
  }

  /// As a client saves it: zeros up to a whole sector, and the digest.
  private func saved(_ bytes: [UInt8]) -> [UInt8] {
    let padded = bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    var hash = SHA256()
    hash.add(padded)
    return padded + hash.digest
  }

  private func read(_ bytes: [UInt8], checksHash: Bool = true) throws -> (
    RestorableSnapshot, [SnapshotVersion]
  ) {
    let file = TemporaryFile(bytes)
    defer { withExtendedLifetime(file) {} }
    let snapshot = try RestorableSnapshot(path: file.path, checksHash: checksHash)
    var found: [SnapshotVersion] = []
    while let version = try snapshot.next() { found.append(version) }
    return (snapshot, found)
  }

  @Test func ourOwnAsWrittenAndAsSaved() throws {
    let bytes = try own()
    for file in [bytes, saved(bytes)] {
      for checks in [true, false] {
        let (snapshot, found) = try read(file, checksHash: checks)
        #expect(snapshot.origin == .raftkv && snapshot.auth == nil)
        #expect(snapshot.header.revision == 3 && snapshot.header.position.index == 9)
        #expect(snapshot.header.documents == ["name": [4]] && snapshot.header.leases.map(\.id) == [7])
        #expect(found.map(\.revision) == versions.map(\.revision) && found.map(\.key) == versions.map(\.key))
      }
    }
    let file = TemporaryFile(bytes)
    defer { withExtendedLifetime(file) {} }
    let status = try SnapshotStatus(path: file.path)
    file.write(saved(bytes))
    let savedStatus = try SnapshotStatus(path: file.path)
    #expect(status.revision == 3 && status.totalKeys == 2 && status.hash == savedStatus.hash)
  }

  /// Every byte counts: in the snapshot, in the zeros and in the digest.
  @Test func aFlippedByteOrACutIsFound() throws {
    let bytes = try own()
    let file = saved(bytes)
    for place in file.indices {
      var changed = file
      changed[place] ^= 0x10
      #expect(throws: (any Error).self, "byte \(place)") { try read(changed) }
      // Without the digest, or a part of the zeros, the snapshot itself is still whole.
      if place >= bytes.count { continue }
      #expect(throws: (any Error).self, "cut at \(place)") { try read([UInt8](file[..<place])) }
    }
  }

  @Test func etcdsBecomesRecordsOfThisStore() throws {
    let keys = [
      BoltWriter.Item(
        EtcdRows.revision(2), EtcdRows.keyValue("a", [1], create: 2, mod: 2, version: 1, lease: 7)),
      BoltWriter.Item(EtcdRows.revision(3, 1, isTombstone: true), EtcdRows.bytes(1, [97])),
    ]
    let lease = BoltWriter.Item(EtcdRows.bigEndian(7), EtcdRows.message([(1, 7), (2, 60)]))
    let bytes = BoltWriter().file([
      BoltWriter.Item("auth", bucket: [BoltWriter.Item("authEnabled", [1])]),
      BoltWriter.Item("key", bucket: keys), BoltWriter.Item("lease", bucket: [lease]),
      BoltWriter.Item("meta", bucket: []),
    ])
    #expect(throws: ImportError.self) { try read(bytes) }
    let (snapshot, found) = try read(bytes, checksHash: false)
    #expect(snapshot.origin == .etcd && snapshot.auth?.isEnabled == true)
    #expect(snapshot.header.revision == 3 && snapshot.header.compactRevision == -1)
    #expect(snapshot.header.documents.keys.sorted() == [EtcdAuth.documentName])
    #expect(
      found == [
        SnapshotVersion(
          revision: Revision(main: 2), key: [97], value: [1], createRevision: 2, version: 1, lease: 7),
        .tombstone([97], at: Revision(main: 3, sub: 1)),
      ])
  }
}
