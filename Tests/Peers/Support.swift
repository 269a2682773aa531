import Dispatch
import Glibc
import Logging
import NIOCore
import Raft
import RaftKV
import Synchronization
import Testing

@testable import Peers

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

extension Snapshot {
  static func random(using random: inout SeededGenerator) -> Snapshot {
    func members() -> [MemberID] {
      let ids = (0..<Int.random(in: 0...4, using: &random)).map { _ in
        MemberID.random(in: 1 ... .max, using: &random)
      }
      return Set(ids).sorted()
    }
    var membership = Membership(voters: members(), learners: [])
    membership.learners = members()
    membership.outgoingVoters = members()
    membership.nextLearners = members()
    membership.leavesAutomatically = .random(using: &random)
    return Snapshot(
      index: .random(in: .min ... .max, using: &random), term: .random(in: .min ... .max, using: &random),
      membership: membership)
  }
}

extension Message {
  /// Any message; of one kind of body when that is given.
  static func random(kind: Int? = nil, using random: inout SeededGenerator) -> Message {
    func number() -> UInt64 {
      Bool.random(using: &random)
        ? .random(in: 0...100, using: &random) : .random(in: .min ... .max, using: &random)
    }
    func flag() -> Bool { .random(using: &random) }
    let body: Body
    switch kind ?? Int.random(in: 0..<14, using: &random) {
    case 0: body = .preVote(lastIndex: number(), lastTerm: number())
    case 1: body = .preVoteResponse(granted: flag(), commit: number(), commitTerm: number())
    case 2: body = .requestVote(lastIndex: number(), lastTerm: number(), isTransfer: flag())
    case 3: body = .voteResponse(granted: flag(), commit: number(), commitTerm: number())
    case 4:
      let entries = (0..<Int.random(in: 0...5, using: &random)).map { _ in
        Entry(
          term: number(), index: number(), kind: flag() ? .normal : .configuration,
          data: (0..<Int.random(in: 0...100, using: &random)).map { _ in
            .random(in: .min ... .max, using: &random)
          })
      }
      body = .append(previousIndex: number(), previousTerm: number(), commit: number(), entries: entries)
    case 5: body = .appendResponse(index: number())
    case 6: body = .appendRejected(previousIndex: number(), hintIndex: number(), hintTerm: number())
    case 7: body = .heartbeat(commit: number(), round: number())
    case 8: body = .heartbeatResponse(round: number())
    case 9: body = .readIndex(context: number())
    case 10: body = .readIndexResponse(context: number(), index: number())
    case 12: body = .entriesLost(lastIndex: number())
    case 11: body = .snapshot(.random(using: &random))
    default: body = .timeoutNow
    }
    return Message(
      from: .random(in: 1 ... .max, using: &random), to: .random(in: 1 ... .max, using: &random),
      term: number(), body: body)
  }

  static func heartbeat(from: MemberID, to: MemberID, round: UInt64) -> Message {
    Message(from: from, to: to, term: 1, body: .heartbeat(commit: 0, round: round))
  }

  static func append(from: MemberID, to: MemberID, index: LogIndex, bytes: Int) -> Message {
    Message(
      from: from, to: to, term: 1,
      body: .append(
        previousIndex: index - 1, previousTerm: 1, commit: 0,
        entries: [Entry(term: 1, index: index, data: [UInt8](repeating: UInt8(index % 251), count: bytes))]))
  }
}

/// Waits until `condition` holds; false when it does not within the deadline.
func eventually(within seconds: Double = 120, _ condition: () -> Bool) -> Bool {
  let deadline = DispatchTime.now() + seconds
  while !condition() {
    if DispatchTime.now() > deadline { return false }
    usleep(1000)
  }
  return true
}

/// A value that arrives on another thread.
final class Box<Value: Sendable>: Sendable {
  private let stored: Mutex<[Value]> = Mutex([])

  func put(_ value: Value) { stored.withLock { $0.append(value) } }
  var values: [Value] { stored.withLock { $0 } }

  func wait() throws -> Value {
    guard eventually({ !values.isEmpty }) else { throw NoValue() }
    return values[0]
  }
}

struct NoValue: Error {}

/// Keeps what a transport hands over.
final class RecordingReceiver: PeerReceiver {
  struct State {
    var messages: [Message] = []
    var proposals: [(from: MemberID, [[UInt8]])] = []
    var lost: [MemberID] = []
    var removals = 0
    var sinks: [MemorySink] = []
  }

  let state = Mutex(State())
  private let answers: Bool
  private let makeSink: (@Sendable (SnapshotDescription) -> MemorySink?)?

  init(answers: Bool = true, makeSink: (@Sendable (SnapshotDescription) -> MemorySink?)? = nil) {
    self.answers = answers
    self.makeSink = makeSink
  }

  var messages: [Message] { state.withLock { $0.messages } }
  var lost: [MemberID] { state.withLock { $0.lost } }
  var removals: Int { state.withLock { $0.removals } }
  var proposals: [[UInt8]] { state.withLock { $0.proposals.flatMap { $0.1 } } }

  /// The rounds of heartbeats received, in order.
  var rounds: [UInt64] {
    messages.compactMap {
      if case .heartbeat(_, let round) = $0.body { round } else { nil }
    }
  }

  /// The indexes of the entries received, in order.
  var indexes: [LogIndex] {
    messages.flatMap { message -> [LogIndex] in
      if case .append(_, _, _, let entries) = message.body { entries.map(\.index) } else { [] }
    }
  }

  func receive(_ messages: [Message]) { state.withLock { $0.messages += messages } }
  func receive(proposals: [[UInt8]], from member: MemberID) {
    state.withLock { $0.proposals.append((member, proposals)) }
  }
  func receive(request: [UInt8], from member: MemberID, answer: @escaping @Sendable ([UInt8]) -> Void) {
    guard answers else { return }
    DispatchQueue.global().async { answer(request.reversed() + [UInt8(truncatingIfNeeded: member)]) }
  }
  func beginSnapshot(_ snapshot: SnapshotDescription, from member: MemberID) -> (any SnapshotSink)? {
    guard let sink = makeSink?(snapshot) else { return nil }
    state.withLock { $0.sinks.append(sink) }
    return sink
  }
  func lost(_ member: MemberID) { state.withLock { $0.lost.append(member) } }
  func removedFromCluster() { state.withLock { $0.removals += 1 } }
  func clusterDocument() -> [UInt8] { Array("the document".utf8) }
}

/// Collects a snapshot in memory; its content may outlive an attempt.
final class MemorySink: SnapshotSink {
  struct State {
    var bytes: [UInt8] = []
    var interruptions = 0
    var finished = 0
  }

  let state: Mutex<State>
  private let failsAt: Int
  private let isGood: Bool
  private let pause: useconds_t

  init(already: [UInt8] = [], failsAt: Int = .max, isGood: Bool = true, pause: useconds_t = 0) {
    state = Mutex(State(bytes: already))
    self.failsAt = failsAt
    self.isGood = isGood
    self.pause = pause
  }

  var bytes: [UInt8] { state.withLock { $0.bytes } }
  var receivedBytes: Int64 { Int64(bytes.count) }
  func append(_ bytes: [UInt8]) throws {
    if pause > 0 { usleep(pause) }
    let isFull = state.withLock { state in
      if state.bytes.count + bytes.count > failsAt { return true }
      state.bytes += bytes
      return false
    }
    if isFull { throw NoValue() }
  }
  func finish(completion: @escaping @Sendable (Bool) -> Void) {
    state.withLock { $0.finished += 1 }
    completion(isGood)
  }
  func interrupted() { state.withLock { $0.interruptions += 1 } }
}

/// A snapshot in memory.
final class MemorySource: SnapshotSource {
  let bytes: [UInt8]
  let reads = Mutex<[Int64]>([])
  let closes = Mutex(0)

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func read(at offset: Int64, maximumBytes: Int) throws -> [UInt8] {
    reads.withLock { $0.append(offset) }
    return Array(bytes[Int(offset)...].prefix(maximumBytes))
  }
  func close() { closes.withLock { $0 += 1 } }
}

/// The lines that a transport logged.
final class LogLines: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  func contain(_ parts: String...) -> Bool { all.contains { line in parts.allSatisfy(line.contains) } }

  var logger: Logger { Logger(label: "peers") { _ in Handler(lines: self) } }

  private struct Handler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let facts = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      lines.add("\(event.level) \(event.message) \(facts.joined(separator: " "))")
    }
  }
}

/// One member's transport with all that a test wants of it.
final class TestMember {
  let id: MemberID
  let receiver: RecordingReceiver
  let log = LogLines()
  let transport: TCPTransport
  private let scheme: String

  /// A started transport on a port of its own, or on this one.
  init(
    _ id: MemberID, clusterID: UInt64 = 77, port: Int = 0, scheme: String = "http",
    receiver: RecordingReceiver = RecordingReceiver(),
    advertises: [String] = [], change: (inout TCPTransport.Configuration) -> Void = { _ in }
  ) throws {
    self.id = id
    self.scheme = scheme
    self.receiver = receiver
    var configuration = TCPTransport.Configuration(
      listenURLs: ["\(scheme)://127.0.0.1:\(port)"], advertisedURLs: advertises, seed: id)
    configuration.limits.minimumBackoff = .milliseconds(5)
    configuration.limits.maximumBackoff = .milliseconds(100)
    change(&configuration)
    transport = try TCPTransport(configuration, logger: log.logger)
    try transport.start(PeerIdentity(clusterID: clusterID, memberID: id), receiver: receiver)
  }

  deinit { transport.stop() }

  var port: Int { transport.boundPorts[0] }
  var url: String { "\(scheme)://127.0.0.1:\(port)" }
  var address: PeerAddress { PeerAddress(id: id, urls: [url]) }

  func isConnected(to other: TestMember) -> Bool { transport.activeSince(other.id) != nil }

  /// Members 1… that know each other and are connected.
  static func cluster(
    _ count: Int, receivers: [RecordingReceiver] = [],
    change: (inout TCPTransport.Configuration) -> Void = { _ in }
  ) throws -> [TestMember] {
    let members = try (1...count).map { number in
      try TestMember(
        MemberID(number), receiver: number <= receivers.count ? receivers[number - 1] : RecordingReceiver(),
        change: change)
    }
    for member in members { member.transport.setPeers(members.map(\.address), removed: []) }
    let isConnected = eventually {
      members.allSatisfy { left in members.allSatisfy { left === $0 || left.isConnected(to: $0) } }
    }
    #expect(isConnected)
    return members
  }
}
