import Glibc

/// A bucket of a bbolt file: a tree of pages, or one page inside another bucket's value.
struct BoltBucket {
  fileprivate enum Root {
    case page(UInt64)
    case inline([UInt8], on: UInt64)
  }

  fileprivate let root: Root
  let file: BoltFile

  /// The bucket of all buckets.
  init(rootOf file: BoltFile) {
    root = .page(file.meta.root)
    self.file = file
  }

  /// The bucket that an item stands for: the number of its first page (8 bytes) and a counter (8); when the number is
  /// 0, a page follows, which holds all of the bucket.
  init(_ item: BoltItem, of file: BoltFile) throws(ImportError) {
    let value = [UInt8](item.value)
    guard item.isBucket, value.count >= 16 else {
      throw .damagedPage(item.page, reason: "a bucket's value is cut off")
    }
    let page = value.number(at: 0, as: UInt64.self)
    root = page == 0 ? .inline([UInt8](value[16...]), on: item.page) : .page(page)
    self.file = file
  }

  /// The bucket of this name beneath this one; nil when there is none.
  func bucket(_ name: String) throws(ImportError) -> BoltBucket? {
    var cursor = BoltCursor(self)
    while let item = try cursor.next() {
      if item.isBucket, item.key.elementsEqual(name.utf8) { return try BoltBucket(item, of: file) }
    }
    return nil
  }

  /// The value of a key; nil when there is none. Looks at all keys: for small buckets.
  func value(_ key: String) throws(ImportError) -> [UInt8]? {
    var cursor = BoltCursor(self)
    while let item = try cursor.next() {
      if !item.isBucket, item.key.elementsEqual(key.utf8) { return [UInt8](item.value) }
    }
    return nil
  }
}

/// Walks the items of a bucket in key order, and sees to it that they are in order.
struct BoltCursor {
  /// No tree is deeper: with the least two children a branch this is more than any file holds.
  static let depthMax = 48

  private let bucket: BoltBucket
  private var visited: PageSet
  /// The way from the root to the next item.
  private var stack: [(page: BoltPage, next: Int)] = []
  private var isStarted = false
  private var last: ArraySlice<UInt8>?

  init(_ bucket: BoltBucket) {
    self.bucket = bucket
    switch bucket.root {
    case .page: visited = PageSet(pages: bucket.file.meta.pageCount)
    case .inline: visited = PageSet(pages: 0)
    }
  }

  /// The next item; nil at the end.
  mutating func next() throws(ImportError) -> BoltItem? {
    if !isStarted {
      isStarted = true
      try start()
    }
    while let (page, next) = stack.last {
      if next == page.count {
        stack.removeLast()
        continue
      }
      stack[stack.count - 1].next += 1
      if page.isLeaf {
        let item = try page.item(next)
        if let last, !precedes(last, item.key) {
          throw .damagedPage(page.id, reason: "its keys are not in order")
        }
        last = item.key
        return item
      }
      try descend(to: page.child(next))
    }
    return nil
  }

  /// The last item of the bucket, found without a walk; nil of an empty bucket.
  static func last(of bucket: BoltBucket) throws(ImportError) -> BoltItem? {
    var cursor = BoltCursor(bucket)
    try cursor.start()
    while let page = cursor.stack.last?.page {
      if page.isLeaf { return page.count == 0 ? nil : try page.item(page.count - 1) }
      try cursor.descend(to: page.child(page.count - 1))
    }
    return nil
  }

  private mutating func start() throws(ImportError) {
    switch bucket.root {
    case .page(let id): try descend(to: id)
    case .inline(let bytes, let id):
      let page = try BoltPage(bytes, id: id)
      guard page.isLeaf else { throw .damagedPage(id, reason: "a bucket inside it is not a leaf") }
      stack.append((page, 0))
    }
  }

  private mutating func descend(to id: UInt64) throws(ImportError) {
    guard stack.count < Self.depthMax else {
      throw .damagedPage(id, reason: "the tree is deeper than any can be")
    }
    stack.append((try BoltPage(id, of: bucket.file, &visited), 0))
  }

  private func precedes(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
    left.withUnsafeBytes { left in
      right.withUnsafeBytes { right in
        let shared = min(left.count, right.count)
        let order = shared == 0 ? 0 : memcmp(left.baseAddress!, right.baseAddress!, shared)
        return order == 0 ? left.count < right.count : order < 0
      }
    }
  }
}
