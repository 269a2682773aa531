import Foundation

/// What happened, as a hash of all of it, and as text for people when somebody wants to read it.
struct Trace {
  /// How many of the last lines are kept.
  static let linesKept = 200

  enum Verbosity {
    /// Only the hash.
    case silent
    /// The last lines are kept.
    case recent
    /// Every line goes to a file.
    case file(FileHandle)
  }

  /// What kind of thing happened.
  enum Kind: UInt64 {
    case run, stage, timer, start, stop, crash, failure, pause, resume, message, lost, forward, ask, snapshot
    case apply, leader, invoke, complete, unknown, watch, fault, membership, disk, log
  }

  private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  private(set) var count = 0
  let verbosity: Verbosity
  private var lines: [String] = []
  private var oldest = 0

  init(_ verbosity: Verbosity) { self.verbosity = verbosity }

  /// The text is made only when it is wanted.
  mutating func add(
    at time: Nanoseconds, _ kind: Kind, _ place: Int, _ numbers: (UInt64, UInt64),
    _ text: () -> String
  ) {
    count += 1
    mix(time)
    mix(kind.rawValue << 32 | UInt64(truncatingIfNeeded: place))
    mix(numbers.0)
    mix(numbers.1)
    if isWanted { tell(at: time, kind, place, text()) }
  }

  /// Somebody reads the lines.
  var isWanted: Bool {
    if case .silent = verbosity { return false }
    return true
  }

  /// A line that is not part of what happened: a log line of a member, whose text may differ from run to run.
  mutating func tell(at time: Nanoseconds, _ kind: Kind, _ place: Int, _ text: String) {
    let milliseconds = String(time / 1_000_000)
    let fraction = String(1_000_000 + time % 1_000_000).dropFirst()
    let line = "\(milliseconds).\(fraction) m\(place) \(kind) \(text)"
    if case .file(let file) = verbosity { file.write(Data((line + "\n").utf8)) }
    if lines.count < Self.linesKept {
      lines.append(line)
    } else {
      lines[oldest] = line
      oldest = (oldest + 1) % Self.linesKept
    }
  }

  private mutating func mix(_ number: UInt64) {
    hash = (hash ^ number) &* 0x9FB2_1C65_1E98_DF25
    hash ^= hash >> 32
  }

  /// The last lines, oldest first.
  var recent: [String] { Array(lines[oldest...] + lines[..<oldest]) }
}
