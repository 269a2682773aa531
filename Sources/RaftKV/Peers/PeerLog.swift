import Logging
import NIOCore
import RaftKV
import Synchronization

/// What the transport tells the operator: each thing at most once in `PeerLimits.logInterval`, however often a peer
/// does it.
final class PeerLog: Sendable {
  private static let maximumSubjects = 1024

  private struct Subject {
    var silentUntil: UInt64
    var suppressed = 0
  }

  private let logger: Logger
  private let clock: any NodeClock
  private let interval: UInt64
  private let subjects = Mutex<[String: Subject]>([:])

  init(_ logger: Logger, clock: any NodeClock, interval: TimeAmount) {
    self.logger = logger
    self.clock = clock
    self.interval = UInt64(max(0, interval.nanoseconds))
  }

  func info(_ message: String, _ facts: [String: String] = [:]) { write(.info, message, facts) }
  func warning(_ message: String, _ facts: [String: String] = [:]) { write(.warning, message, facts) }

  private func write(_ level: Logger.Level, _ message: String, _ facts: [String: String]) {
    let now = clock.now()
    let subject = facts.sorted { $0.key < $1.key }.reduce(message) { "\($0)\0\($1.value)" }
    let suppressed = subjects.withLock { subjects -> Int? in
      if let known = subjects[subject], known.silentUntil > now {
        subjects[subject]?.suppressed += 1
        return nil
      }
      if subjects.count >= Self.maximumSubjects { subjects.removeAll() }
      let before = subjects[subject]?.suppressed ?? 0
      subjects[subject] = Subject(silentUntil: now &+ interval)
      return before
    }
    guard let suppressed else { return }
    var metadata = Logger.Metadata(uniqueKeysWithValues: facts.map { ($0.key, .string($0.value)) })
    if suppressed > 0 { metadata["repeated"] = "\(suppressed)" }
    logger.log(level: level, "\(message)", metadata: metadata)
  }
}

/// A member's id as etcd writes it.
func hexadecimal(_ id: UInt64) -> String { String(id, radix: 16) }
