import Dispatch
import Glibc
import Logging
import MVCC
import Synchronization
import Testing
import WAL

@testable import RaftKV

/// A directory of a test's own; it goes away with the object.
final class TestDirectory: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/raftkv-tests-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)!) }
  }

  deinit { TestDirectory.remove(path) }

  /// Removes a file, or a directory with all in it.
  static func remove(_ path: String) {
    if unlink(path) == 0 { return }
    for name in (try? PosixFileSystem().list(path)) ?? [] { remove(path + "/" + name) }
    rmdir(path)
  }

  /// Copies a directory as a start would find it after a crash at this moment. Nothing may be flushed meanwhile.
  static func copy(_ source: String, to target: String) throws {
    let files = PosixFileSystem()
    try files.createDirectory(target)
    for name in try files.list(source) {
      let (from, to) = (source + "/" + name, target + "/" + name)
      var status = stat()
      guard stat(from, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR {
        try copy(from, to: to)
      } else {
        let bytes = try read(from)
        try files.open(to, .readWriteOrCreate).write(bytes.span.bytes, at: 0)
      }
    }
  }

  static func read(_ path: String) throws -> [UInt8] {
    let file = try PosixFileSystem().open(path, .readOnly)
    var bytes = [UInt8](repeating: 0, count: try file.size())
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    _ = try file.read(into: &raw, at: 0)
    return bytes
  }
}

/// Waits until `condition` holds; false when it does not within the deadline.
func eventually(within seconds: Double = 120, _ condition: () -> Bool) -> Bool {
  let deadline = DispatchTime.now() + seconds
  while !condition() {
    if DispatchTime.now() > deadline { return false }
    usleep(500)
  }
  return true
}

struct NoAnswer: Error {}

/// Where an answer arrives; outlives who waits if the answer is late.
private final class Slot<Value: Sendable>: Sendable {
  let value = Mutex<Value?>(nil)
  let isThere = DispatchSemaphore(value: 0)
}

/// The value that `start` is given sooner or later.
func answer<Value: Sendable>(_ start: (@escaping @Sendable (Value) -> Void) -> Void) throws -> Value {
  let slot = Slot<Value>()
  start { answer in
    slot.value.withLock { $0 = answer }
    slot.isThere.signal()
  }
  guard slot.isThere.wait(timeout: .now() + 120) == .success else { throw NoAnswer() }
  return slot.value.withLock { $0! }
}

/// Requests as the tests' decoder reads them: the key's length, the key, the value.
enum Request {
  static func bytes(_ key: String, _ value: [UInt8] = []) -> [UInt8] {
    [UInt8(key.utf8.count)] + key.utf8 + value
  }

  static let decoder: CommandDecoder = { kind, bytes in
    struct Malformed: Error {}
    guard let count = bytes.first.map(Int.init), bytes.count > count else { throw Malformed() }
    let key = [UInt8](bytes[1..<1 + count])
    switch kind {
    case .put: return .put(PutCommand(key: key, value: [UInt8](bytes[(1 + count)...])))
    case .deleteRange: return .delete(DeleteCommand(range: KeyRange(start: key, end: .unbounded)))
    case .alarm:
      let alarm = Alarm(member: try Alarms.member(bytes), kind: .noSpace)
      return .alarm(AlarmCommand(action: .deactivate, alarm: alarm))
    case .compaction:
      guard let revision = Int64(String(decoding: key, as: UTF8.self)) else { throw Malformed() }
      return .compact(revision: revision)
    case .transaction: throw Malformed()
    }
  }

  enum Alarms {
    /// A request that disarms a member's alarm.
    static func bytes(_ member: UInt64) -> [UInt8] {
      Request.bytes("", (0..<8).map { UInt8(truncatingIfNeeded: member >> (8 * $0)) })
    }

    static func member(_ bytes: UnsafeRawBufferPointer) throws -> UInt64 {
      bytes[1...].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
  }
}

extension Node {
  func put(
    _ key: String, _ value: [UInt8] = [1], growth: Int = 100,
    completion: @escaping @Sendable (Result<Outcome, NodeError>) -> Void
  ) {
    Request.bytes(key, value).withUnsafeBytes { propose(.put, $0, growth: growth, completion: completion) }
  }

  @discardableResult
  func put(_ key: String, _ value: [UInt8] = [1], growth: Int = 100) throws -> Result<Outcome, NodeError> {
    try answer { put(key, value, growth: growth, completion: $0) }
  }

  /// Deletes the keys from `key` on.
  func delete(from key: String) throws -> Result<Outcome, NodeError> {
    try answer { done in
      Request.bytes(key).withUnsafeBytes { propose(.deleteRange, $0, growth: 0, completion: done) }
    }
  }

  func disarm() throws -> Result<Outcome, NodeError> {
    try answer { done in
      Request.Alarms.bytes(memberID).withUnsafeBytes { propose(.alarm, $0, growth: 0, completion: done) }
    }
  }

  func barrier() throws -> NodeError? { try answer { readBarrier(completion: $0) } }

  /// The value of a key, read on the reader pool.
  func value(_ key: String) throws -> [UInt8]? {
    try answer { done in
      let isAccepted = read { handle in
        done((try? handle.range(RangeQuery(range: KeyRange(start: Array(key.utf8)))))?.keyValues.first?.value)
      }
      if !isAccepted { done(nil) }
    }
  }

  func count() throws -> Int64? {
    try answer { done in
      let isAccepted = read { handle in
        done(try? handle.count(KeyRange(start: [0], end: .unbounded), revision: 0))
      }
      if !isAccepted { done(nil) }
    }
  }
}

/// Small bounds and short times, so that a test meets them soon.
func testConfiguration(_ directory: String) -> NodeConfiguration {
  var configuration = NodeConfiguration(
    name: "one", dataDirectory: directory, peerURLs: ["http://127.0.0.1:2380"],
    clientURLs: ["http://127.0.0.1:2379"])
  configuration.heartbeatMilliseconds = 5
  configuration.electionMilliseconds = 50
  configuration.limits.logSegmentBytes = 1 << 20
  configuration.limits.logBallastBytes = 1 << 16
  configuration.limits.readerThreads = 2
  configuration.limits.retryMilliseconds = 10
  configuration.store.mapBytes = 1 << 30
  return configuration
}

/// A running member; stopped with the object.
final class TestMember: Sendable {
  let node: Node
  let failures: Failures

  final class Failures: Sendable {
    private let messages = Mutex<[String]>([])
    var all: [String] { messages.withLock { $0 } }
    func add(_ message: String) { messages.withLock { $0.append(message) } }
  }

  init(
    _ configuration: NodeConfiguration, fileSystem: any FileSystem = PosixFileSystem(),
    seed: UInt64 = .random(in: .min ... .max)
  ) throws {
    let failures = Failures()
    self.failures = failures
    var environment = Environment.system()
    environment.fileSystem = fileSystem
    environment.seed = seed
    node = try Node(
      configuration, environment: environment, decoder: Request.decoder, logger: quietLogger,
      onFailure: { failures.add($0) })
  }

  deinit { node.stop() }
}

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension Result where Success == Outcome, Failure == NodeError {
  /// The store took it.
  var isApplied: Bool {
    guard case .success(let outcome) = self, case .success = outcome.result else { return false }
    return true
  }

  var error: NodeError? {
    guard case .failure(let error) = self else { return nil }
    return error
  }
}
