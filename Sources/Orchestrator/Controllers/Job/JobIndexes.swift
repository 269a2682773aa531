/// A set of completion indexes, such as `0-4,7`.
struct JobIndexes: Sendable, Equatable {
  /// Sorted, neither overlapping nor touching.
  private(set) var ranges: [ClosedRange<Int>] = []

  init() {}

  /// The indexes of a text below `limit`. Parts that are none are left out: only this controller writes them.
  init(_ text: String, limit: Int) {
    for part in text.split(separator: ",") {
      let ends = part.split(separator: "-", maxSplits: 1).map { Int($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, first >= 0, first <= last,
        first < limit
      else { continue }
      insert(first...min(last, limit - 1))
    }
  }

  /// How many there are.
  var count: Int { ranges.reduce(0) { $0 + $1.count } }

  func contains(_ index: Int) -> Bool {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < index { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].contains(index)
  }

  mutating func insert(_ index: Int) { insert(index...index) }

  private mutating func insert(_ range: ClosedRange<Int>) {
    // Ranges that touch the new one become one with it.
    var start = 0
    while start < ranges.count, ranges[start].upperBound < range.lowerBound - 1 { start += 1 }
    var end = start
    var lower = range.lowerBound
    var upper = range.upperBound
    while end < ranges.count, ranges[end].lowerBound <= range.upperBound + 1 {
      lower = min(lower, ranges[end].lowerBound)
      upper = max(upper, ranges[end].upperBound)
      end += 1
    }
    ranges.replaceSubrange(start..<end, with: [lower...upper])
  }

  /// The text, with a dash only where it stands for three or more.
  var text: String {
    ranges.map { range in
      switch range.count {
      case 1: "\(range.lowerBound)"
      case 2: "\(range.lowerBound),\(range.upperBound)"
      default: "\(range.lowerBound)-\(range.upperBound)"
      }
    }.joined(separator: ",")
  }
}
