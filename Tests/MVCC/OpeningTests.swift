import Glibc
import Testing

@testable import MVCC

/// Data folders that cannot be opened, and records that cannot be read: a clear error, never a crash.
@Suite struct OpeningTests {
  private let folder: TemporaryFolder

  init() { folder = TemporaryFolder() }
  private init(folder: TemporaryFolder) { self.folder = folder }

  private func failure(_ folder: TemporaryFolder) -> StoreError? {
    do throws(StoreError) {
      try Store(directory: folder.path, configuration: .small()).close()
      return nil
    } catch {
      return error
    }
  }

  private func filled(settles: Bool = true) throws {
    let store = try NumberedStore(folder, .small { $0.indexDeltaBytes = settles ? 0 : 16 << 20 })
    for number in 0..<500 { store.apply(put("key-\(number)", String(repeating: "v", count: number))) }
    try store.flushAll()
    store.store.close()
  }

  /// Changes a row of the closed store's file.
  private func edit(_ database: KeyPath<Databases, UInt32>, _ key: Bytes, _ change: (inout Bytes) -> Void)
    throws
  {
    let environment = try Environment(path: folder.path, configuration: .small())
    defer { environment.close() }
    let transaction = try WriteTransaction(environment)
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
    defer { memory.deallocate() }
    memory.copyBytes(from: key)
    let keyBytes = UnsafeRawBufferPointer(rebasing: memory[..<key.count])
    var row = Bytes(try #require(try transaction.get(environment.databases[keyPath: database], keyBytes)))
    change(&row)
    let value = UnsafeMutableRawBufferPointer(rebasing: memory[1024...])
    value.copyBytes(from: row)
    try transaction.put(
      environment.databases[keyPath: database], keyBytes,
      UnsafeRawBufferPointer(rebasing: value[..<row.count]))
    try transaction.commit()
  }

  @Test func aSecondOpenerIsRefused() throws {
    let store = try Store(directory: folder.path, configuration: .small())
    guard case .storage(let message) = failure(folder) else {
      Issue.record("opened twice")
      return
    }
    #expect(message.contains(folder.path))
    #expect(message.contains("in use"))
    store.close()
    #expect(failure(folder) == nil)
  }

  @Test func anotherFormatIsRefused() throws {
    try filled()
    let environment = try Environment(path: folder.path, configuration: .small())
    let transaction = try WriteTransaction(environment)
    try Checkpoint.write(
      Checkpoint.formatName, [0, 0, 0, 0, 0, 0, 0, 9], transaction, environment.databases.meta)
    try transaction.commit()
    environment.close()
    guard case .storage(let message) = failure(folder) else {
      Issue.record("opened")
      return
    }
    #expect(message.contains("format 9"))
  }

  @Test func aFileThatIsNotLMDBIsRefused() throws {
    let file = fopen(folder.dataFile, "w")!
    let garbage = Bytes(repeating: 0x5A, count: 1 << 16)
    fwrite(garbage, 1, garbage.count, file)
    fclose(file)
    guard case .corrupt(let message) = failure(folder) else {
      Issue.record("opened")
      return
    }
    #expect(message.contains(folder.dataFile))
  }

  @Test func aFileThatCannotBeOpenedIsRefused() throws {
    mkdir(folder.dataFile, 0o700)
    defer { rmdir(folder.dataFile) }
    guard case .storage(let message) = failure(folder) else {
      Issue.record("opened")
      return
    }
    #expect(message.contains(folder.dataFile))
    rmdir(folder.dataFile)
    let missing = TemporaryFolder()
    #expect(throws: StoreError.self) {
      try Store(directory: missing.path + "/no/such", configuration: .small())
    }
  }

  @Test(arguments: [1, 3, 7, 20])
  func aFileCutShortIsRefused(pages: Int) throws {
    try filled()
    var status = stat()
    stat(folder.dataFile, &status)
    truncate(folder.dataFile, status.st_size - pages * 4096)
    guard case .corrupt(let message) = failure(folder) else {
      Issue.record("opened")
      return
    }
    #expect(message.contains("cut short"))
    var after = stat()
    stat(folder.dataFile, &after)
    #expect(after.st_size == status.st_size - pages * 4096)
  }

  /// Pages taken and freed by one transaction at the end of the file are never written.
  @Test func aFileThatLacksOnlyFreePagesOpens() throws {
    try filled()
    let environment = try Environment(path: folder.path, configuration: .small())
    let transaction = try WriteTransaction(environment)
    let nameMemory = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
    nameMemory.copyBytes(from: bytes("tooLarge"))
    let name = UnsafeRawBufferPointer(nameMemory)
    let large = UnsafeMutableRawBufferPointer.allocate(byteCount: 400_000, alignment: 8)
    defer {
      name.deallocate()
      large.deallocate()
    }
    for round in 0..<2 {
      try transaction.put(environment.databases.meta, name, UnsafeRawBufferPointer(large))
      if round == 0 { try transaction.remove(environment.databases.meta, name) }
    }
    try transaction.remove(environment.databases.meta, name)
    try transaction.commit()
    let pages = environment.pageCount
    environment.close()
    var status = stat()
    stat(folder.dataFile, &status)
    #expect(Int(status.st_size) < pages * 4096, "the case this test is for")
    let store = try NumberedStore(folder)
    #expect(try store.store.makeReadHandle().range(RangeQuery(range: allKeys)).count == 500)
    store.apply(put("more", "1"))
    try store.flushAll()
    store.store.close()
    #expect(failure(folder) == nil)
  }

  @Test func damagedMetaIsRefused() throws {
    try filled()
    try edit(\.meta, bytes("state")) { $0[9] ^= 1 }
    guard case .corrupt = failure(folder) else {
      Issue.record("opened")
      return
    }
  }

  @Test func damagedRecordsAreFound() throws {
    try filled()
    let key = bytes("key-300")
    try edit(\.current, bytes("key-200")) { $0[$0.count - 1] ^= 1 }
    try edit(\.versions, Bytes([0, 0, 0, 0, 0, 0, 0x01, 0x2E, 0, 0, 0, 0])) { $0[$0.count / 2] ^= 1 }
    let store = try NumberedStore(folder)
    let reader = try store.store.makeReadHandle()
    func isCorrupt(_ body: () throws -> Void) -> Bool {
      do { try body() } catch StoreError.corrupt { return true } catch { return false }
      return false
    }
    #expect(isCorrupt { _ = try reader.range(RangeQuery(range: KeyRange(start: key))) })
    #expect(isCorrupt { _ = try reader.range(RangeQuery(range: KeyRange(start: bytes("key-200")))) })
    #expect(isCorrupt { _ = try reader.count(allKeys, revision: store.store.currentRevision) })
    #expect(try reader.range(RangeQuery(range: KeyRange(start: bytes("key-301")))).count == 1)
    // An entry that needs a damaged record stops the member; it does not half-apply.
    let revision = store.store.currentRevision
    var previous = PutCommand(key: key, value: [])
    previous.wantsPrevious = true
    let outcome = store.apply(
      .transaction(
        TransactionCommand(
          comparisons: [], success: [.put(PutCommand(key: bytes("new"), value: [])), .put(previous)],
          failure: [])))
    guard case .failure(.corrupt) = outcome.result else {
      Issue.record("\(outcome)")
      return
    }
    #expect(outcome.revision == revision)
    #expect(store.store.applied.index == 500)
    #expect(try reader.range(RangeQuery(range: KeyRange(start: bytes("new")))).count == 0)
    guard case .failure(.corrupt) = store.apply(put("more", "")).result else {
      Issue.record("went on")
      return
    }
    store.store.close()
  }

  @Test func damagedRunsAreRefused() throws {
    for (block, offset) in [(0, 700), (1, 2)] {
      let folder = TemporaryFolder()
      let tests = OpeningTests(folder: folder)
      try tests.filled(settles: false)
      let key = Bytes([0, 0, 0, 1, 0, 0, 0, UInt8(block)])
      try tests.edit(\.runs, key) { $0[offset] ^= 1 }
      guard case .corrupt(let message) = failure(folder) else {
        Issue.record("opened")
        return
      }
      #expect(message.contains("run 1"))
      try tests.edit(\.runs, key) { $0[offset] ^= 1 }
      #expect(failure(folder) == nil)
      // A block that is not there.
      let environment = try Environment(path: folder.path, configuration: .small())
      let transaction = try WriteTransaction(environment)
      try key.withUnsafeBytes { try removeRow($0, transaction, environment.databases.runs) }
      try transaction.commit()
      environment.close()
      guard case .corrupt = failure(folder) else {
        Issue.record("opened without block \(block)")
        return
      }
    }
  }

  @Test func aFullMapKeepsTheMemtable() throws {
    let small = Store.Configuration.small {
      $0.mapBytes = 1 << 20
      $0.memtableBytes = 64 << 20
    }
    let store = try NumberedStore(folder, small)
    var random = SeededGenerator(seed: 3)
    for number in 0..<100 {
      let value = Bytes((0..<20_000).map { _ in UInt8.random(in: 0...255, using: &random) })
      store.apply(.put(PutCommand(key: bytes("key-\(number)"), value: value)))
    }
    store.store.rotate()
    for _ in 0..<2 {
      guard
        case .storage(let message)? = #expect(
          throws: StoreError.self, performing: { try store.store.flushOldest() })
      else { return }
      #expect(message.contains("map"))
    }
    #expect(store.store.flushed.index == 0)
    let reader = try store.store.makeReadHandle()
    #expect(try reader.range(RangeQuery(range: allKeys)).count == 100)
    #expect(store.apply(put("more", "1")).revision == 102)
    store.store.close()
    #expect(throws: StoreError.self) { try reader.range(RangeQuery(range: allKeys)) }
    let larger = try NumberedStore(folder)
    #expect(larger.store.applied.index == 0)
    #expect(larger.store.currentRevision == 1)
    larger.store.close()
  }
}

private func removeRow(
  _ key: UnsafeRawBufferPointer, _ transaction: borrowing WriteTransaction, _ database: UInt32
) throws(StoreError) {
  try transaction.remove(database, key)
}
