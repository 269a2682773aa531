/// A page of a bucket's tree, or the one inside an inline bucket, with its elements checked against its bounds.
///
/// After the header of 16 bytes come elements of 16 bytes each. A branch page's: where its key lies, counted from the
/// element's own place (4 bytes), the key's length (4), and the child's page (8). A leaf page's: flags (4; bit 0 marks
/// a bucket), where key and value lie, one after the other (4), and their lengths (4 each).
struct BoltPage {
  static let headerBytes = 16
  static let elementBytes = 16
  private static let branchFlag: UInt16 = 1
  private static let leafFlag: UInt16 = 2

  /// For messages; an inline page has that of the page it lies on.
  let id: UInt64
  let isLeaf: Bool
  let count: Int
  private let bytes: [UInt8]

  /// Reads the page `id`, and those it runs over. `visited` remembers them: a page that is met twice is damage, and
  /// no work on a file is more than it is long.
  init(_ id: UInt64, of file: BoltFile, _ visited: inout PageSet) throws(ImportError) {
    guard id >= 2, id < file.meta.pageCount else {
      throw .damagedPage(id, reason: "the file has \(file.meta.pageCount) pages")
    }
    var bytes = try file.pages(from: id, count: 1)
    guard bytes.number(at: 0, as: UInt64.self) == id else {
      throw .damagedPage(id, reason: "it says that it is page \(bytes.number(at: 0, as: UInt64.self))")
    }
    let more = UInt64(bytes.number(at: 12, as: UInt32.self))
    guard more < file.meta.pageCount - id else {
      throw .damagedPage(id, reason: "it runs over \(more) pages, past the file's end")
    }
    guard Int(more + 1) <= BoltFile.runBytesMax / file.meta.pageBytes else {
      throw .damagedPage(id, reason: "it runs over \(more) pages, more than etcd ever writes")
    }
    for page in id...id + more where !visited.insert(page) {
      throw .damagedPage(page, reason: "two places of the tree refer to it")
    }
    if more > 0 { bytes += try file.pages(from: id + 1, count: Int(more)) }
    try self.init(bytes, id: id)
  }

  /// Checks a page's bytes.
  init(_ bytes: [UInt8], id: UInt64) throws(ImportError) {
    guard bytes.count >= Self.headerBytes else {
      throw .damagedPage(id, reason: "a page inside it is cut off")
    }
    self.id = id
    self.bytes = bytes
    switch bytes.number(at: 8, as: UInt16.self) {
    case Self.branchFlag: isLeaf = false
    case Self.leafFlag: isLeaf = true
    case let flags: throw .damagedPage(id, reason: "a page of a tree has the flags \(flags)")
    }
    count = Int(bytes.number(at: 10, as: UInt16.self))
    guard Self.headerBytes + count * Self.elementBytes <= bytes.count else {
      throw .damagedPage(id, reason: "\(count) elements do not fit on it")
    }
    if !isLeaf && count == 0 { throw .damagedPage(id, reason: "a branch without children") }
  }

  /// The child that an element of a branch page refers to.
  func child(_ index: Int) -> UInt64 { bytes.number(at: element(index) + 8, as: UInt64.self) }

  /// An element of a leaf page.
  func item(_ index: Int) throws(ImportError) -> BoltItem {
    let element = element(index)
    let start = element + Int(bytes.number(at: element + 4, as: UInt32.self))
    let keyEnd = start + Int(bytes.number(at: element + 8, as: UInt32.self))
    let end = keyEnd + Int(bytes.number(at: element + 12, as: UInt32.self))
    guard start >= Self.headerBytes + count * Self.elementBytes, end <= bytes.count else {
      throw .damagedPage(id, reason: "its element \(index) does not lie on it")
    }
    return BoltItem(
      key: bytes[start..<keyEnd], value: bytes[keyEnd..<end],
      isBucket: bytes.number(at: element, as: UInt32.self) & 1 != 0, page: id)
  }

  private func element(_ index: Int) -> Int {
    precondition(index >= 0 && index < count)
    return Self.headerBytes + index * Self.elementBytes
  }
}

/// A key of a bucket, with its value or the bucket beneath it.
struct BoltItem {
  var key: ArraySlice<UInt8>
  /// Of a bucket: where it lies.
  var value: ArraySlice<UInt8>
  var isBucket: Bool
  /// The page it lies on.
  var page: UInt64
}

/// Which pages have been seen.
struct PageSet {
  private var words: [UInt64]

  init(pages: UInt64) { words = [UInt64](repeating: 0, count: Int(pages / 64) + 1) }

  /// False when it is there already.
  mutating func insert(_ page: UInt64) -> Bool {
    let (word, bit) = (Int(page / 64), UInt64(1) << (page % 64))
    if words[word] & bit != 0 { return false }
    words[word] |= bit
    return true
  }
}
