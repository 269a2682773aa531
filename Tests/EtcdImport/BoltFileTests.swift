import Testing

@testable import EtcdImport

/// Files as bbolt writes them, and files that somebody made to mislead.
struct BoltFileTests {
  typealias Item = BoltWriter.Item

  private func items(_ count: Int, seed: UInt64) -> [Item] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { number in
      let sizes = [0, 3, 20, 400, 6000]
      let value = [UInt8](repeating: UInt8(number & 255), count: sizes.randomElement(using: &random)!)
      return Item("key/\(String(number + 100_000))", value)
    }
  }

  private func read(_ bucket: BoltBucket) throws(ImportError) -> [(key: [UInt8], value: [UInt8])] {
    var found: [(key: [UInt8], value: [UInt8])] = []
    var cursor = BoltCursor(bucket)
    while let item = try cursor.next() { found.append(([UInt8](item.key), [UInt8](item.value))) }
    return found
  }

  private func expect(_ found: [(key: [UInt8], value: [UInt8])], _ items: [Item]) {
    #expect(found.count == items.count)
    for (found, item) in zip(found, items) {
      guard case .value(let value) = item.content else { continue }
      #expect(found.key == item.key && found.value == value)
    }
  }

  @Test(arguments: [512, 4096, 65_536])
  func bucketsOfAllSizes(pageBytes: Int) throws {
    for inlines in [true, false] {
      let writer = BoltWriter(pageBytes: pageBytes, inlinesBuckets: inlines)
      let buckets = [0, 1, 3, 40, 3000].map { ("bucket\($0)", items($0, seed: UInt64($0))) }
      let nested = Item("z", bucket: [Item("inner", bucket: items(30, seed: 1)), Item("plain", [1])])
      let file = TemporaryFile(
        writer.file(
          buckets.sorted { $0.0 < $1.0 }.map { Item($0.0, bucket: $0.1) } + [nested]))
      defer { withExtendedLifetime(file) {} }
      let bolt = try BoltFile(path: file.path)
      #expect(bolt.meta.pageBytes == pageBytes && !bolt.hasDigest)
      let root = BoltBucket(rootOf: bolt)
      for (name, items) in buckets {
        let bucket = try #require(try root.bucket(name))
        expect(try read(bucket), items)
        let last = try BoltCursor.last(of: bucket)
        #expect(last.map { [UInt8]($0.key) } == items.last?.key)
      }
      let outer = try #require(try root.bucket("z"))
      expect(try read(try #require(try outer.bucket("inner"))), items(30, seed: 1))
      #expect(try outer.value("plain") == [1])
      #expect(try outer.bucket("plain") == nil && root.bucket("absent") == nil)
    }
  }

  @Test func theNewerValidMetaPageCounts() throws {
    for transaction in [8, 9] as [UInt64] {
      var writer = BoltWriter()
      writer.transaction = transaction
      var bytes = writer.file([Item("bucket", bucket: items(100, seed: 1))])
      let newer = Int(transaction % 2) * 4096
      let file = TemporaryFile(bytes)
      defer { withExtendedLifetime(file) {} }
      #expect(try BoltFile(path: file.path).meta.transaction == transaction)
      bytes[newer + 16 + 20] ^= 1
      file.write(bytes)
      #expect(try BoltFile(path: file.path).meta.transaction == transaction - 1)
      #expect(
        try read(#require(try BoltBucket(rootOf: BoltFile(path: file.path)).bucket("bucket"))).count == 100)
      bytes[4096 - newer + 16 + 20] ^= 1
      file.write(bytes)
      #expect(throws: ImportError.self) { try BoltFile(path: file.path) }
      #expect(EtcdSnapshot.isOne(path: file.path))
    }
  }

  @Test func whatIsNoBoltFileIsSaidToBeNone() {
    for bytes in [[], [1, 2, 3], [UInt8](repeating: 0, count: 100_000)] {
      let file = TemporaryFile(bytes)
      defer { withExtendedLifetime(file) {} }
      #expect(!EtcdSnapshot.isOne(path: file.path))
      #expect(throws: ImportError.self) { try BoltFile(path: file.path) }
    }
    #expect(throws: ImportError.self) { try BoltFile(path: "/nowhere/at/all") }
    #expect(throws: ImportError.self) { try BoltFile(path: "/") }
    #expect(!EtcdSnapshot.isOne(path: "/nowhere/at/all"))
  }

  // MARK: hostile files

  /// A file of one bucket with a branch at page `branch` over leaves.
  private func tree() throws -> (bytes: [UInt8], branch: Int) {
    let bytes = BoltWriter(pageBytes: 512, inlinesBuckets: false).file([Item("b", bucket: items(60, seed: 3))]
    )
    let branch = try #require(
      (2..<bytes.count / 512).first { bytes.number(at: $0 * 512 + 8, as: UInt16.self) == 1 })
    return (bytes, branch)
  }

  private func failure(_ bytes: [UInt8]) -> String? {
    let file = TemporaryFile(bytes)
    defer { withExtendedLifetime(file) {} }
    do throws(ImportError) {
      let root = BoltBucket(rootOf: try BoltFile(path: file.path))
      guard let bucket = try root.bucket("b") else { return "no bucket" }
      _ = try read(bucket)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func pagesThatLieAreFound() throws {
    let (bytes, branch) = try tree()
    #expect(failure(bytes) == nil)
    func with(_ value: [UInt8], at offset: Int) -> String {
      var changed = bytes
      changed.replaceSubrange(offset..<offset + value.count, with: value)
      return failure(changed) ?? "nothing"
    }
    func little(_ number: UInt64) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { [UInt8]($0) } }
    let page = branch * 512
    let first = Int(bytes.number(at: page + 16 + 8, as: UInt64.self))
    // A child that is its own parent, that is another's child too, or that is nowhere.
    #expect(with(little(UInt64(branch)), at: page + 16 + 8).contains("two places"))
    #expect(with(little(UInt64(first)), at: page + 32 + 8).contains("two places"))
    #expect(with(little(1 << 60), at: page + 16 + 8).contains("the file has"))
    #expect(with(little(0), at: page + 16 + 8).contains("the file has"))
    // Wrong numbers, kinds, counts, lengths and places.
    #expect(with([9], at: first * 512).contains("says that it is page"))
    #expect(with([4, 0], at: page + 8).contains("flags"))
    #expect(with([0, 0], at: page + 10).contains("without children"))
    #expect(with([255, 255], at: page + 10).contains("do not fit"))
    #expect(with([255, 255, 255, 255], at: page + 12).contains("past the file's end"))
    #expect(with([255, 255, 255, 255], at: first * 512 + 16 + 4).contains("does not lie on it"))
    #expect(with([255, 255, 255, 255], at: first * 512 + 16 + 12).contains("does not lie on it"))
    #expect(with([0, 0, 0, 0], at: first * 512 + 16 + 4).contains("does not lie on it"))
    // A key before the one that it follows.
    let key = first * 512 + 16 + 16 + Int(bytes.number(at: first * 512 + 32 + 4, as: UInt32.self))
    #expect(with([0], at: key).contains("not in order"))
  }

  @Test func aTreeWithoutAnEndIsTooDeep() {
    // Each branch has the next page as its only child.
    var bytes = [UInt8](repeating: 0, count: 512 * 200)
    func put(_ value: [UInt8], at offset: Int) {
      bytes.replaceSubrange(offset..<offset + value.count, with: value)
    }
    put(BoltWriter.meta(pageBytes: 512, root: 3, pageCount: 200, transaction: 1), at: 16)
    for page in 3..<200 {
      put([UInt8(page)], at: page * 512)
      put([1, 0, 1, 0], at: page * 512 + 8)
      put([16, 0, 0, 0, 0, 0, 0, 0, UInt8(page + 1)], at: page * 512 + 16)
    }
    #expect(failure(bytes)?.contains("deeper") == true)
  }

  @Test func misleadingMetaPagesAreRefused() {
    let bytes = BoltWriter().file([Item("b", bucket: items(10, seed: 1))])
    for (pageBytes, pageCount) in [
      (0, 5), (3, 5), (4096, UInt64.max), (4096, 1 << 40), (1 << 31, 5), (512, 0),
    ]
      as [(UInt32, UInt64)]
    {
      var changed = bytes
      for place in [0, 4096] {
        let meta = BoltWriter.meta(pageBytes: pageBytes, root: 3, pageCount: pageCount, transaction: 9)
        changed.replaceSubrange(place + 16..<place + 80, with: meta)
      }
      #expect(failure(changed) != nil)
    }
  }

  /// Whatever is cut or flipped: an answer or an error, and soon.
  @Test func damageAnywhereIsSurvived() throws {
    let (bytes, _) = try tree()
    for length in stride(from: 0, to: bytes.count, by: 61) {
      #expect(failure([UInt8](bytes[..<length])) != nil)
    }
    var random = SeededGenerator(seed: 5)
    for _ in 0..<3000 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        // Headers and elements are where lies matter most.
        let page = Int.random(in: 0..<bytes.count / 512, using: &random) * 512
        let place =
          Bool.random(using: &random)
          ? page + Int.random(in: 0..<48, using: &random) : Int.random(in: 0..<bytes.count, using: &random)
        changed[place] = UInt8.random(in: 0...255, using: &random)
      }
      _ = failure(changed)
    }
  }
}
