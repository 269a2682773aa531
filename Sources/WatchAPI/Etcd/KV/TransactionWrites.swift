/// The keys that one branch of a transaction writes, collected to refuse writing a key twice (etcd API: Txn).
///
/// A key may not be put twice, nor put and deleted, by operations that could both run; the two branches of a
/// nested transaction exclude each other. As in etcd, deletes may overlap each other, and a nested transaction
/// may delete what an earlier one beside it puts.
struct TransactionWrites {
  private(set) var puts: Set<BorrowedKey> = []
  private(set) var deletes = KeyIntervals()

  init(_ operations: [CheckedOperation]) throws(EtcdError) {
    // The deletes of this level first: puts of nested levels are held against them.
    deletes = KeyIntervals(
      operations.compactMap { operation in
        guard case .delete(let request) = operation else { return nil }
        return KeyInterval(request)
      })
    for case .transaction(let nested) in operations {
      let success = try TransactionWrites(nested.success)
      let failure = try TransactionWrites(nested.failure)
      for key in success.puts {
        if deletes.contains(key) || !puts.insert(key).inserted { throw .duplicateKey }
      }
      for key in failure.puts {
        let isNew = puts.insert(key).inserted
        if deletes.contains(key) || (!isNew && !success.puts.contains(key)) { throw .duplicateKey }
      }
      deletes.formUnion(success.deletes)
      deletes.formUnion(failure.deletes)
    }
    for case .put(let request) in operations {
      let key = BorrowedKey(request.key)
      if deletes.contains(key) || !puts.insert(key).inserted { throw .duplicateKey }
    }
  }
}

/// The keys that a delete names, not empty.
struct KeyInterval {
  enum End {
    /// Right behind `start` itself.
    case single
    case before(BorrowedKey)
  }

  var start: BorrowedKey
  var end: End

  /// nil when it holds no key. As in etcd, "everything from here on" (an end of one zero byte) does not count
  /// for this check: such a transaction is carried out in the order of its operations.
  init?(_ request: DeleteRequestView) {
    start = BorrowedKey(request.key)
    if request.rangeEnd.isEmpty {
      end = .single
    } else {
      let end = BorrowedKey(request.rangeEnd)
      if end <= start { return nil }
      self.end = .before(end)
    }
  }

  func contains(_ key: BorrowedKey) -> Bool {
    switch end {
    case .single: key == start
    case .before(let end): start <= key && key < end
    }
  }

  /// Whether `key` is beyond all of it.
  fileprivate func endsBefore(_ key: BorrowedKey) -> Bool {
    switch end {
    case .single: start < key
    case .before(let end): end <= key
    }
  }
}

/// A set of keys as disjoint intervals in order, so that a lookup is a binary search.
struct KeyIntervals {
  private var intervals: [KeyInterval]

  init(_ intervals: [KeyInterval] = []) {
    self.intervals = intervals
    if intervals.count > 1 { normalize() }
  }

  func contains(_ key: BorrowedKey) -> Bool {
    var low = 0
    var high = intervals.count
    while low < high {
      let middle = (low + high) / 2
      if intervals[middle].endsBefore(key) { low = middle + 1 } else { high = middle }
    }
    return low < intervals.count && intervals[low].contains(key)
  }

  mutating func formUnion(_ other: KeyIntervals) {
    if other.intervals.isEmpty { return }
    intervals += other.intervals
    normalize()
  }

  private mutating func normalize() {
    intervals.sort { $0.start < $1.start }
    var merged: [KeyInterval] = []
    for next in intervals {
      guard let last = merged.last, last.contains(next.start) else {
        merged.append(next)
        continue
      }
      merged[merged.count - 1].end = Self.later(last, next)
    }
    intervals = merged
  }

  /// The end of the union of two intervals, of which the second starts inside the first.
  private static func later(_ first: KeyInterval, _ second: KeyInterval) -> KeyInterval.End {
    switch (first.end, second.end) {
    case (.single, let end): end
    case (let end, .single): end
    case (.before(let left), .before(let right)): .before(max(left, right))
    }
  }
}
