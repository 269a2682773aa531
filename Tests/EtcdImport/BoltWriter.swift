/// Makes bbolt files for tests: a small, plain writer of the format that `BoltFile` describes.
struct BoltWriter {
  /// What lies under a name in a bucket.
  enum Content {
    case value([UInt8])
    case bucket([Item])
  }

  struct Item {
    var key: [UInt8]
    var content: Content

    init(_ key: [UInt8], _ value: [UInt8]) {
      self.key = key
      content = .value(value)
    }

    init(_ key: String, _ value: [UInt8]) { self.init([UInt8](key.utf8), value) }

    init(_ name: String, bucket items: [Item]) {
      key = [UInt8](name.utf8)
      content = .bucket(items)
    }
  }

  var pageBytes = 4096
  /// Small buckets lie inside their parent's value.
  var inlinesBuckets = true
  /// Of the newer meta page, which is page `transaction % 2`.
  var transaction: UInt64 = 7
  private var pages: [UInt8] = []

  init(pageBytes: Int = 4096, inlinesBuckets: Bool = true) {
    self.pageBytes = pageBytes
    self.inlinesBuckets = inlinesBuckets
  }

  /// A whole file with this root bucket.
  func file(_ root: [Item]) -> [UInt8] {
    var writer = self
    writer.pages = [UInt8](repeating: 0, count: 3 * pageBytes)
    writer.put(UInt64(2), at: 2 * pageBytes)
    writer.put(UInt16(0x10), at: 2 * pageBytes + 8)
    let root = writer.tree(root)
    for page in 0...1 as ClosedRange<UInt64> {
      let newest = transaction % 2 == page
      writer.putMeta(page, root: root, transaction: newest ? transaction : transaction - 1)
    }
    return writer.pages
  }

  private mutating func putMeta(_ page: UInt64, root: UInt64, transaction: UInt64) {
    let start = Int(page) * pageBytes
    put(page, at: start)
    put(UInt16(4), at: start + 8)
    let meta = Self.meta(
      pageBytes: UInt32(pageBytes), root: root, pageCount: UInt64(pages.count / pageBytes),
      transaction: transaction)
    pages.replaceSubrange(start + 16..<start + 16 + meta.count, with: meta)
  }

  /// The 64 bytes of a meta page, with a right checksum.
  static func meta(pageBytes: UInt32, root: UInt64, pageCount: UInt64, transaction: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    func add<Number: FixedWidthInteger>(_ number: Number) {
      withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }
    add(UInt32(0xED0C_DAED))
    add(UInt32(2))
    add(pageBytes)
    add(UInt32(0))
    add(root)
    add(UInt64(0))
    add(UInt64(2))
    add(pageCount)
    add(transaction)
    var sum: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3 }
    add(sum)
    return bytes
  }

  private mutating func put<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
    withUnsafeBytes(of: number.littleEndian) { bytes in
      pages.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
  }

  // MARK: trees

  private struct Leaf {
    var flags: UInt32
    var key: [UInt8]
    var value: [UInt8]
  }

  /// Writes a bucket's pages; the number of the first.
  private mutating func tree(_ items: [Item]) -> UInt64 {
    let leaves = items.map { leaf($0) }
    var level: [(key: [UInt8], page: UInt64)] = []
    var start = 0
    repeat {
      var end = start
      var bytes = 16
      while end < leaves.count {
        bytes += 16 + leaves[end].key.count + leaves[end].value.count
        if bytes > pageBytes && end > start { break }
        end += 1
      }
      let key = start < leaves.count ? leaves[start].key : []
      level.append((key, addPage(Self.leafPage(Array(leaves[start..<end])))))
      start = end
    } while start < leaves.count
    while level.count > 1 {
      var above: [(key: [UInt8], page: UInt64)] = []
      var start = 0
      while start < level.count {
        var end = start
        var bytes = 16
        while end < level.count {
          bytes += 16 + level[end].key.count
          if bytes > pageBytes && end >= start + 2 { break }
          end += 1
        }
        above.append((level[start].key, addPage(Self.branchPage(Array(level[start..<end])))))
        start = end
      }
      level = above
    }
    return level[0].page
  }

  private mutating func leaf(_ item: Item) -> Leaf {
    switch item.content {
    case .value(let value): return Leaf(flags: 0, key: item.key, value: value)
    case .bucket(let items):
      let inner = items.compactMap { item -> Leaf? in
        guard case .value(let value) = item.content else { return nil }
        return Leaf(flags: 0, key: item.key, value: value)
      }
      let page = Self.leafPage(inner)
      let isInline = inlinesBuckets && inner.count == items.count && page.count <= pageBytes / 4
      var value = [UInt8](repeating: 0, count: 16)
      if isInline {
        value += page
      } else {
        withUnsafeBytes(of: tree(items).littleEndian) { value.replaceSubrange(0..<8, with: $0) }
      }
      return Leaf(flags: 1, key: item.key, value: value)
    }
  }

  private static func leafPage(_ leaves: [Leaf]) -> [UInt8] {
    var elements: [UInt8] = []
    var data: [UInt8] = []
    for (index, leaf) in leaves.enumerated() {
      add(leaf.flags, to: &elements)
      add(UInt32((leaves.count - index) * 16 + data.count), to: &elements)
      add(UInt32(leaf.key.count), to: &elements)
      add(UInt32(leaf.value.count), to: &elements)
      data += leaf.key + leaf.value
    }
    return header(flags: 2, count: leaves.count) + elements + data
  }

  private static func branchPage(_ children: [(key: [UInt8], page: UInt64)]) -> [UInt8] {
    var elements: [UInt8] = []
    var data: [UInt8] = []
    for (index, child) in children.enumerated() {
      add(UInt32((children.count - index) * 16 + data.count), to: &elements)
      add(UInt32(child.key.count), to: &elements)
      add(child.page, to: &elements)
      data += child.key
    }
    return header(flags: 1, count: children.count) + elements + data
  }

  private static func header(flags: UInt16, count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 8)
    add(flags, to: &bytes)
    add(UInt16(count), to: &bytes)
    add(UInt32(0), to: &bytes)
    return bytes
  }

  private static func add<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
  }

  /// Gives a page its number and how far it runs over.
  private mutating func addPage(_ page: [UInt8]) -> UInt64 {
    let id = UInt64(pages.count / pageBytes)
    let start = pages.count
    let count = (page.count + pageBytes - 1) / pageBytes
    pages += page + [UInt8](repeating: 0, count: count * pageBytes - page.count)
    put(id, at: start)
    put(UInt32(count - 1), at: start + 12)
    return id
  }
}
