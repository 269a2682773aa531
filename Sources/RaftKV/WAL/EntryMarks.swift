/// Where the log's entries lie: a sparse index over those that count, which are the latest written of each index.
///
/// A *mark* gives the place of one entry. From there to the next mark's index the entries follow each other in one
/// segment, in order and with nothing but other records between them. So:
/// 1. The entries `first...last` have no gap, and `first` has a mark unless there are none.
/// 2. Marks ascend by index, and by place.
/// 3. The first entry of a segment has a mark, and so has one that overwrites others.
struct EntryMarks: Sendable {
  struct Mark: Sendable, Hashable {
    var index: UInt64
    var sequence: UInt64
    var offset: Int
    /// The entries of the mark before lead up to this one: it only shortens the way.
    var isContinuation: Bool
  }

  /// Entries of one mark, in one segment.
  struct Run: Sendable, Hashable {
    var mark: Mark
    var last: UInt64
  }

  /// How many bytes of a segment lie between marks, about.
  static let spacingBytes = 64 << 10
  /// How many marks are kept, at most. Beyond that they are thinned out; then the oldest entries are given up.
  static let countMax = 1 << 16

  /// The lowest entry here.
  private(set) var first: UInt64
  /// The highest entry here; `first - 1` if there are none.
  private(set) var last: UInt64
  /// The term of the entry before `first`, nil if it is not known.
  private(set) var precedingTerm: UInt64?
  /// How often entries have become void.
  private(set) var generation: UInt64 = 0
  private(set) var marks: [Mark] = []
  private var spacing = EntryMarks.spacingBytes
  private let countMax: Int

  /// Of a log whose first entry, if it has one, comes after `precedingIndex`.
  init(precedingIndex: UInt64, countMax: Int = EntryMarks.countMax) {
    first = precedingIndex &+ 1
    last = precedingIndex
    precedingTerm = precedingIndex == 0 ? 0 : nil
    self.countMax = countMax
  }

  /// The lowest entry whose predecessor's term is known too.
  var firstReadable: UInt64 { precedingTerm == nil ? first &+ 1 : first }

  /// The run that holds an entry; nil if the entry is not here.
  func run(of index: UInt64) -> Run? {
    guard index >= first && index <= last else { return nil }
    let next = position(after: index)
    // An index that wraps around leaves nothing to be found.
    guard next > 0 else { return nil }
    return Run(mark: marks[next - 1], last: next < marks.count ? marks[next].index - 1 : last)
  }

  /// Takes note of an entry behind all that is here, or in place of some of it.
  mutating func add(_ index: UInt64, sequence: UInt64, offset: Int) {
    let follows = index == last &+ 1 && (!marks.isEmpty || index == first)
    if !follows { truncate(from: index) }
    if let mark = marks.last, follows, mark.sequence == sequence {
      if offset - mark.offset >= spacing {
        marks.append(Mark(index: index, sequence: sequence, offset: offset, isContinuation: true))
      }
    } else {
      marks.append(Mark(index: index, sequence: sequence, offset: offset, isContinuation: false))
    }
    last = index
    if marks.count > countMax { thin() }
  }

  /// Entries up to `last` have followed, none of which needs a mark.
  mutating func advance(to last: UInt64) { self.last = last }

  /// Makes room for an entry: those from its index on are void, and all of them if it leaves a gap.
  mutating func truncate(from index: UInt64) {
    if index > last &+ 1 || index < first {
      beginAnew(after: index - 1, term: nil)
    } else if index <= last {
      generation += 1
      marks.removeLast(marks.count - position(after: index - 1))
      last = index - 1
    }
  }

  /// Everything is void, and the next entry is the one after `index`.
  mutating func beginAnew(after index: UInt64, term: UInt64?) {
    generation += 1
    marks = []
    first = index &+ 1
    last = index
    // Before the first entry of all there is none.
    precedingTerm = index == 0 ? 0 : term
  }

  /// Gives up the entries in segments up to `sequence`.
  mutating func remove(through sequence: UInt64) {
    giveUp(marks.firstIndex { $0.sequence > sequence } ?? marks.count)
  }

  private mutating func giveUp(_ count: Int) {
    guard count > 0 else { return }
    marks.removeFirst(count)
    if !marks.isEmpty { marks[0].isContinuation = false }
    first = marks.first?.index ?? last &+ 1
    precedingTerm = nil
  }

  /// Where the first mark above an index stands.
  private func position(after index: UInt64) -> Int {
    var low = 0
    var high = marks.count
    while low < high {
      let middle = (low + high) / 2
      if marks[middle].index <= index { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Every second of those that only shorten the way goes, and the oldest if that is not enough.
  private mutating func thin() {
    spacing *= 2
    var isOdd = false
    marks.removeAll { mark in
      isOdd = mark.isContinuation && !isOdd
      return isOdd
    }
    if marks.count > countMax / 4 * 3 { giveUp(countMax / 4) }
  }
}
