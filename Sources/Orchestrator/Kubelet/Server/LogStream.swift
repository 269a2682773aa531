internal import Client
internal import HTTP
import Synchronization

/// A container's log as a client reads it: what the file holds, and if the client follows, what is written later, through
/// rotations (the file is renamed, and another takes its name), until the container has stopped.
actor LogStream: ResponseStream {
  /// How often a followed file is looked at.
  static let pollInterval = Duration.milliseconds(200)
  /// So many looks without anything new come between questions whether the container runs.
  static let pollsPerCheck = 5

  private let path: String
  private let options: LogOptions
  private let time: any TimeSource
  private let isRunning: @Sendable () async -> Bool
  private var file: LogFile?
  private var offset = 0
  private var formatter: LogFormatter
  private var quietPolls = 0
  /// What has taken the file's name.
  private var successor: LogFile.Identity?
  private var isOver = false
  private let isCancelled = Mutex(false)

  /// - Parameters:
  ///   - file: the file at `path`.
  ///   - isRunning: whether the container may still write.
  init(
    _ file: LogFile, path: String, options: LogOptions, time: any TimeSource,
    isRunning: @escaping @Sendable () async -> Bool
  ) {
    self.path = path
    self.options = options
    self.time = time
    self.isRunning = isRunning
    self.file = file
    // What is written while the tail is read is not part of it.
    formatter = LogFormatter(options, lines: options.follows ? nil : options.tailLines)
    if let lines = options.tailLines { offset = file.start(ofLast: lines) }
  }

  nonisolated func cancel() { isCancelled.withLock { $0 = true } }

  func next() async throws -> [UInt8]? {
    while !isOver, !formatter.isDone, !isCancelled.withLock({ $0 }), !Task.isCancelled {
      let output = read()
      if !output.isEmpty {
        quietPolls = 0
        return output
      }
      guard options.follows, !formatter.isDone else { break }
      if moveOn() { continue }
      quietPolls += 1
      if quietPolls % Self.pollsPerCheck == 1, await !isRunning() {
        // What it wrote last may have come since the file was read.
        let last = read()
        if !last.isEmpty { return last }
        if !moveOn(isSettled: true) { isOver = true }
        continue
      }
      do {
        try await time.sleep(for: Self.pollInterval)
      } catch {
        break
      }
    }
    isOver = true
    file = nil
    return nil
  }

  /// What clients get of the next bytes that give them any; empty at the end of the file.
  private func read() -> [UInt8] {
    var output: [UInt8] = []
    while output.isEmpty, !formatter.isDone, !isCancelled.withLock({ $0 }), let file {
      let bytes = file.bytes(at: offset)
      guard !bytes.isEmpty else { break }
      offset += bytes.count
      formatter.format(bytes, into: &output)
    }
    return output
  }

  /// Goes over to the file that has taken the name of one that is read to its end; false if there is none yet.
  /// - Parameter isSettled: nobody writes to the old one any more.
  private func moveOn(isSettled: Bool = false) -> Bool {
    guard let current = file, let identity = LogFile.identity(of: path) else { return false }
    guard identity != current.identity else {
      // Cut off in place, as some rotate.
      guard current.size < offset else { return false }
      offset = 0
      formatter.startFile()
      return true
    }
    // The runtime makes the new one a moment before it turns to it, so that the old one is looked at once more.
    guard isSettled || identity == successor else {
      successor = identity
      return false
    }
    guard current.size <= offset else { return true }
    guard let next = LogFile(path) else { return false }
    file = next
    successor = nil
    offset = 0
    formatter.startFile()
    return true
  }
}
