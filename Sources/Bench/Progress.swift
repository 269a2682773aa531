/// One line of progress for a terminal: a pure function of how far the run is.
struct Progress: Sendable {
  /// Requests of the whole run; nil if only its duration is known.
  var total: Int?
  var durationSeconds: Double?

  init(total: Int?, durationSeconds: Double?) {
    self.total = total
    self.durationSeconds = durationSeconds
  }

  /// How much of the run is done, 0 to 1: by requests or by time, whichever is further.
  func fraction(answered: Int, elapsedSeconds: Double) -> Double {
    let byCount = total.map { $0 > 0 ? Double(answered) / Double($0) : 1 } ?? 0
    let byTime = durationSeconds.map { elapsedSeconds / $0 } ?? 0
    return min(max(byCount, byTime), 1)
  }

  /// The line, at most `width` columns long.
  func line(answered: Int, elapsedSeconds: Double, perSecond: Double, width: Int) -> String {
    let fraction = fraction(answered: answered, elapsedSeconds: elapsedSeconds)
    var tail = " \(Int(fraction * 100))%  \(Decimals.grouped(answered))"
    tail += "  \(Decimals.grouped(Int(perSecond.rounded())))/s"
    if fraction > 0, fraction < 1, elapsedSeconds >= 1 {
      tail += "  \(Decimals.clock(elapsedSeconds * (1 - fraction) / fraction)) left"
    }
    let room = min(40, width - tail.count - 2)
    guard room >= 5 else { return String(tail.dropFirst().prefix(max(width, 0))) }
    let filled = Int((Double(room) * fraction).rounded())
    return "[" + String(repeating: "=", count: filled) + String(repeating: " ", count: room - filled) + "]"
      + tail
  }
}
