import Checksum
import MVCC
import Testing

@testable import EtcdImport

/// What etcd keeps in its buckets.
struct EtcdSnapshotTests {
  typealias Item = BoltWriter.Item

  /// The least that every file of etcd's has.
  private func file(
    keys: [Item] = [], meta: [Item] = [], more: [Item] = []
  ) -> [UInt8] {
    let buckets = [Item("key", bucket: keys), Item("meta", bucket: meta)] + more
    return BoltWriter().file(buckets.sorted { $0.key.lexicographicallyPrecedes($1.key) })
  }

  private func open(_ bytes: [UInt8], checksHash: Bool = false) throws -> EtcdSnapshot {
    let file = TemporaryFile(bytes)
    defer { withExtendedLifetime(file) {} }
    return try EtcdSnapshot(path: file.path, checksHash: checksHash)
  }

  private func versions(_ snapshot: EtcdSnapshot) throws -> [EtcdVersion] {
    let walk = try snapshot.versions()
    var found: [EtcdVersion] = []
    while let version = try walk.next() { found.append(version) }
    return found
  }

  private let history = [
    Item(EtcdRows.revision(2), EtcdRows.keyValue("a", [1], create: 2, mod: 2, version: 1)),
    Item(EtcdRows.revision(3), EtcdRows.keyValue("a", [2], create: 2, mod: 3, version: 2, lease: -5)),
    Item(EtcdRows.revision(3, 1), EtcdRows.keyValue("b", [], create: 3, mod: 3, version: 1)),
    Item(EtcdRows.revision(4, isTombstone: true), EtcdRows.bytes(1, [UInt8(ascii: "a")])),
  ]

  @Test func versionsComeAsTheyAre() throws {
    let snapshot = try open(file(keys: history))
    #expect(snapshot.revision == 4 && snapshot.compactRevision == -1)
    #expect(snapshot.leases.isEmpty && snapshot.alarms.isEmpty && snapshot.auth == nil)
    let found = try versions(snapshot)
    #expect(found.map(\.main) == [2, 3, 3, 4] && found.map(\.sub) == [0, 0, 1, 0])
    #expect(found.map { String(decoding: $0.key, as: UTF8.self) } == ["a", "a", "b", "a"])
    #expect(found.map { [UInt8]($0.value) } == [[1], [2], [], []])
    #expect(found.map(\.createRevision) == [2, 2, 3, 0] && found.map(\.version) == [1, 2, 1, 0])
    #expect(found.map(\.lease) == [0, -5, 0, 0] && found.map(\.isTombstone) == [false, false, false, true])
  }

  @Test func anEmptyStoreIsAtRevisionOne() throws {
    let snapshot = try open(file())
    #expect(snapshot.revision == 1 && snapshot.compactRevision == -1)
    #expect(try versions(snapshot).isEmpty)
  }

  @Test func aCompactionThatBeganCounts() throws {
    func compacted(_ finished: Int64?, _ scheduled: Int64?) throws -> (Int64, Int64) {
      var meta: [Item] = []
      if let finished { meta.append(Item("finishedCompactRev", EtcdRows.revision(finished))) }
      if let scheduled { meta.append(Item("scheduledCompactRev", EtcdRows.revision(scheduled))) }
      let snapshot = try open(file(keys: history, meta: meta))
      return (snapshot.compactRevision, snapshot.revision)
    }
    #expect(try compacted(2, nil) == (2, 4))
    #expect(try compacted(2, 3) == (3, 4))
    #expect(try compacted(nil, 3) == (3, 4))
    // All that was newer is gone, or the revision was bumped.
    #expect(try compacted(9, 9) == (9, 9))
    #expect(try compacted(2, 1000) == (1000, 1000))
  }

  @Test func aBumpedRevisionHasNoKey() throws {
    let snapshot = try open(
      file(
        keys: history + [Item(EtcdRows.revision(1004), [])],
        meta: [Item("scheduledCompactRev", EtcdRows.revision(1004))]))
    #expect(snapshot.revision == 1004 && snapshot.compactRevision == 1004)
    #expect(try versions(snapshot).count == 4)
  }

  @Test func leasesAlarmsUsersAndRoles() throws {
    func lease(_ id: Int64, _ seconds: UInt64, left: UInt64 = 0) -> Item {
      let id = UInt64(bitPattern: id)
      return Item(EtcdRows.bigEndian(id), EtcdRows.message([(1, id), (2, seconds), (3, left)]))
    }
    let user = EtcdRows.bytes(1, [UInt8]("root".utf8)) + EtcdRows.bytes(2, [7, 7]) + EtcdRows.bytes(3, [1])
    let role = EtcdRows.bytes(1, [UInt8]("admin".utf8)) + EtcdRows.bytes(2, [9])
    let snapshot = try open(
      file(more: [
        Item("lease", bucket: [lease(7, 60), lease(8, 100, left: 40), lease(-1, 5)]),
        Item("alarm", bucket: [Item(EtcdRows.message([(1, 77), (2, 1)]), [])]),
        Item(
          "auth", bucket: [Item("authEnabled", [1]), Item("authRevision", EtcdRows.bigEndian(300))]),
        Item("authUsers", bucket: [Item("root", user)]),
        Item("authRoles", bucket: [Item("admin", role)]),
      ]))
    #expect(
      snapshot.leases == [
        Lease(id: -1, seconds: 5, grantIndex: 0), Lease(id: 7, seconds: 60, grantIndex: 0),
        Lease(id: 8, seconds: 100, remainingSeconds: 40, grantIndex: 0),
      ])
    #expect(snapshot.alarms == [Alarm(member: 77, kind: .noSpace)])
    let auth = try #require(snapshot.auth)
    #expect(auth.isEnabled && auth.revision == 300 && auth.users == [user] && auth.roles == [role])
    #expect(
      auth.document == [1, 1, 172, 2, 1, UInt8(user.count)] + user + [1, UInt8(role.count)] + role)
  }

  @Test func usersThatWereNeverMadeLeaveNothing() throws {
    let snapshot = try open(
      file(more: [
        Item("auth", bucket: [Item("authEnabled", [0]), Item("authRevision", EtcdRows.bigEndian(1))]),
        Item("authUsers", bucket: []), Item("authRoles", bucket: []),
      ]))
    #expect(snapshot.auth == nil)
  }

  // MARK: the digest

  private func digest(_ bytes: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.add(bytes)
    return hash.digest
  }

  @Test func theDigestIsCompared() throws {
    var bytes = file(keys: history)
    #expect(throws: ImportError.self) { try open(bytes, checksHash: true) }
    bytes += digest(bytes)
    #expect(try versions(open(bytes, checksHash: true)).count == 4)
    bytes[bytes.count / 2] ^= 1
    do {
      _ = try open(bytes, checksHash: true)
      Issue.record("a changed byte was not found")
    } catch ImportError.hashMismatch {
    }
  }

  // MARK: records that lie

  @Test func badRecordsAreNamed() {
    func failure(_ item: Item) -> String? {
      do {
        _ = try versions(try open(file(keys: [item])))
        return nil
      } catch {
        return "\(error)"
      }
    }
    let good = EtcdRows.keyValue("a", [1], create: 2, mod: 2, version: 1)
    #expect(failure(Item(EtcdRows.revision(2), good)) == nil)
    #expect(failure(Item([1, 2, 3], good))?.contains("is no revision") == true)
    #expect(failure(Item(EtcdRows.revision(2) + [9], good))?.contains("is no revision") == true)
    #expect(failure(Item(EtcdRows.revision(0), good))?.contains("is no revision") == true)
    #expect(failure(Item(EtcdRows.revision(3), good))?.contains("of revision 2") == true)
    #expect(failure(Item(EtcdRows.revision(2), Array(good.dropLast())))?.contains("not a key-value") == true)
    for (create, version) in [(3, 1), (0, 1), (2, 0), (2, 9)] as [(Int64, Int64)] {
      let value = EtcdRows.keyValue("a", [1], create: create, mod: 2, version: version)
      #expect(failure(Item(EtcdRows.revision(2), value)) != nil)
    }
    let long = EtcdRows.keyValue(String(repeating: "k", count: 8193), [], create: 2, mod: 2, version: 1)
    #expect(failure(Item(EtcdRows.revision(2), long))?.contains("8192 bytes") == true)
  }

  @Test func badRowsOfSmallBucketsAreNamed() {
    func fails(_ bucket: String, _ item: Item) -> Bool {
      do {
        _ = try open(file(more: [Item(bucket, bucket: [item])]))
        return false
      } catch {
        return "\(error)".contains("\"\(bucket)\"")
      }
    }
    #expect(fails("lease", Item(EtcdRows.bigEndian(7), EtcdRows.message([(1, 8), (2, 60)]))))
    #expect(fails("lease", Item(EtcdRows.bigEndian(7), [8])))
    #expect(fails("lease", Item([7], EtcdRows.message([(1, 7), (2, 60)]))))
    #expect(fails("lease", Item(EtcdRows.bigEndian(7), EtcdRows.message([(1, 7), (2, 1 << 60)]))))
    #expect(fails("alarm", Item(EtcdRows.message([(1, 7), (2, 9)]), [])))
    #expect(fails("auth", Item("authRevision", [1])))
    #expect(fails("authUsers", Item("root", EtcdRows.bytes(1, [1]))))
  }

  @Test func anotherProgramsFileIsRefused() {
    #expect(throws: ImportError.self) { try open(BoltWriter().file([Item("boltbucket", bucket: [])])) }
    #expect(throws: ImportError.self) { try open(BoltWriter().file([Item("value", [1])])) }
  }

  /// etcd's own way to compute it, by hand over a small file: CRC-32C of names, keys and values.
  @Test func statusCountsAndHashesAllBuckets() throws {
    let bytes = file(keys: history, meta: [Item("term", [1])])
    let copy = TemporaryFile(bytes)
    defer { withExtendedLifetime(copy) {} }
    let status = try SnapshotStatus(path: copy.path)
    #expect(status.revision == 4 && status.totalKeys == 5 && status.totalBytes == bytes.count)
    let changed = TemporaryFile(file(keys: history, meta: [Item("term", [2])]))
    defer { withExtendedLifetime(changed) {} }
    #expect(try SnapshotStatus(path: changed.path).hash != status.hash)
  }
}
