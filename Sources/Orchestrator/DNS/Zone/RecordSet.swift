/// The records of one name and type, each of which may be there for several reasons. Adding and removing take constant
/// time, whatever there is.
struct RecordSet: Sendable {
  private var all: [RecordData] = []
  private var reasons: [Int] = []
  /// Where a record is in `all`; empty while a look at each is as quick.
  private var places: [RecordData: Int] = [:]

  /// Records up to which a look at each is quick.
  private static let fewRecords = 16

  var isEmpty: Bool { all.isEmpty }
  var count: Int { all.count }
  var first: RecordData? { all.first }

  /// The records, beginning with another one for each rotation.
  ///
  /// - Parameter limit: how many at most.
  func rotated(by rotation: Int, limit: Int) -> [RecordData] {
    guard all.count > 1 else { return all }
    let start = Int(UInt(bitPattern: rotation) % UInt(all.count))
    let end = min(all.count, start + max(0, limit))
    return Array(all[start..<end]) + all[..<min(start, max(0, limit - (end - start)))]
  }

  /// Adds a reason for a record.
  mutating func add(_ data: RecordData) {
    if let place = place(of: data) {
      reasons[place] += 1
      return
    }
    all.append(data)
    reasons.append(1)
    if !places.isEmpty {
      places[data] = all.count - 1
    } else if all.count > Self.fewRecords {
      for (place, data) in all.enumerated() { places[data] = place }
    }
  }

  /// Takes back a reason for a record.
  mutating func remove(_ data: RecordData) {
    guard let place = place(of: data) else { return }
    reasons[place] -= 1
    guard reasons[place] == 0 else { return }
    // The last one takes its place.
    let isIndexed = !places.isEmpty
    places[data] = nil
    all.swapAt(place, all.count - 1)
    reasons.swapAt(place, reasons.count - 1)
    all.removeLast()
    reasons.removeLast()
    if isIndexed, place < all.count { places[all[place]] = place }
  }

  private func place(of data: RecordData) -> Int? {
    places.isEmpty ? all.firstIndex(of: data) : places[data]
  }
}

extension RecordSet {
  /// These records, each for one reason.
  init(_ records: [RecordData]) {
    for data in records { add(data) }
  }
}
