import Testing

@testable import WAL

/// The sparse index over entries, against a plain list of places.
struct EntryMarksTests {
  private struct Place: Hashable {
    var sequence: UInt64
    var offset: Int
  }

  @Test(arguments: 0..<200 as Range<UInt64>) func findsEveryEntryByWalkingOn(seed: UInt64) {
    var random = SeededRandom(seed)
    let countMax = [8, 40, 1000][random.next(3)]
    var marks = EntryMarks(precedingIndex: 0, countMax: countMax)
    var places: [UInt64: Place] = [:]
    /// The entries that count are those from the order in which they were written.
    var order: [(index: UInt64, place: Place)] = []
    var sequence: UInt64 = 1
    var offset = 64
    for _ in 0..<500 {
      switch random.next(40) {
      case 0:
        sequence += 1
        offset = 64
      case 1 where marks.last > 0:
        let index = marks.last + UInt64(random.next(5)) * 100
        marks.beginAnew(after: index, term: 7)
        places = [:]
        #expect(marks.precedingTerm == 7 && marks.firstReadable == index + 1)
      case 2:
        let removed = sequence - min(sequence, UInt64(1 + random.next(3)))
        marks.remove(through: removed)
        places = places.filter { $0.value.sequence > removed }
      default:
        let back = random.next(6) == 0 ? UInt64(random.next(10)) : 0
        let index = max(1, marks.last + 1 - min(back, marks.last))
        if index < marks.first { places = [:] }
        places = places.filter { $0.key < index }
        marks.add(index, sequence: sequence, offset: offset)
        places[index] = Place(sequence: sequence, offset: offset)
        order.append((index, places[index]!))
        offset += 40 + random.next(60_000)
      }
      #expect(marks.marks.count <= countMax)
    }
    #expect(countMax < 1000 || marks.first == places.keys.min() ?? marks.last + 1, "seed \(seed)")
    var index = marks.first
    while index <= marks.last {
      guard let run = marks.run(of: index) else {
        Issue.record("seed \(seed): entry \(index) is not found")
        return
      }
      // From the mark on, in write order, each next entry of that segment is the one with the next index.
      let start = order.firstIndex {
        $0.place == Place(sequence: run.mark.sequence, offset: run.mark.offset)
      }!
      for (step, entry) in order[start...].prefix(Int(run.last - run.mark.index) + 1).enumerated() {
        #expect(entry.index == run.mark.index + UInt64(step), "seed \(seed)")
        #expect(
          entry.place == places[entry.index] && entry.place.sequence == run.mark.sequence, "seed \(seed)")
      }
      index = run.last + 1
    }
    #expect(marks.run(of: marks.last + 1) == nil)
    #expect(marks.first == 0 || marks.run(of: marks.first - 1) == nil)
  }

  @Test func theFirstEntryOfAllHasNoTermBeforeIt() {
    var marks = EntryMarks(precedingIndex: 5)
    #expect(marks.precedingTerm == nil && marks.firstReadable == 7)
    marks.beginAnew(after: 0, term: 9)
    #expect(marks.precedingTerm == 0 && marks.firstReadable == 1)
  }

  @Test func marksAreSparse() {
    var marks = EntryMarks(precedingIndex: 0)
    for index in 1...10_000 as ClosedRange<UInt64> {
      marks.add(index, sequence: 1, offset: Int(index) * 100)
    }
    #expect(marks.marks.count == 1_000_000 / EntryMarks.spacingBytes + 1)
  }

  @Test func indexesAtTheEndOfTheirRangeEndNothing() {
    var marks = EntryMarks(precedingIndex: UInt64.max)
    marks.add(UInt64.max, sequence: 1, offset: 64)
    #expect(marks.run(of: UInt64.max)?.mark.offset == 64)
    marks.beginAnew(after: UInt64.max, term: 1)
    #expect(marks.run(of: 5) == nil)
    marks.add(1, sequence: 1, offset: 128)
    #expect(marks.run(of: 1)?.mark.offset == 128 && marks.precedingTerm == 0)
  }
}
