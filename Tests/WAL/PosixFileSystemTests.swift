import Foundation
import Glibc
import Testing

@testable import WAL

/// The real file system.
struct PosixFileSystemTests {
  let fileSystem = PosixFileSystem()

  func withDirectory(_ body: (String) throws -> Void) throws {
    let directory = NSTemporaryDirectory() + "/wal-" + UUID().uuidString
    try fileSystem.createDirectory(directory)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try body(directory)
  }

  func read(_ file: any File, _ count: Int, at offset: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0xFF, count: count)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    let read = try file.read(into: &raw, at: offset)
    return Array(bytes[..<read])
  }

  @Test func filesDoWhatTheyPromise() throws {
    try withDirectory { directory in
      let path = directory + "/file"
      let file = try fileSystem.open(path, .createNew)
      #expect(try file.size() == 0 && file.nextData(from: 0) == nil)
      try file.preallocate(1 << 20)
      #expect(try file.size() == 1 << 20)
      try file.write(([1, 2, 3] as [UInt8]).span.bytes, at: 500_000)
      try file.sync()
      #expect(try read(file, 5, at: 499_999) == [0, 1, 2, 3, 0])
      #expect(try read(file, 5, at: (1 << 20) - 2) == [0, 0])
      #expect(try read(file, 0, at: 0) == [])
      let data = try file.nextData(from: 0)
      #expect(data != nil && data! <= 500_000)
      let tail = try file.nextData(from: 999_999)
      #expect(tail == nil || tail! >= 999_999)
      try fileSystem.rename(path, to: directory + "/other")
      try fileSystem.syncDirectory(directory)
      #expect(try fileSystem.list(directory) == ["other"])
      try fileSystem.remove(directory + "/other")
      #expect(try fileSystem.list(directory) == [])
    }
  }

  @Test func errorsNameOperationAndPath() throws {
    try withDirectory { directory in
      let path = directory + "/missing"
      let missing = { (operation: FileOperation) in FileError(code: ENOENT, operation: operation, path: path)
      }
      #expect(throws: missing(.open)) { try fileSystem.open(path, .readWrite) }
      #expect(throws: missing(.remove)) { try fileSystem.remove(path) }
      #expect(throws: missing(.rename)) { try fileSystem.rename(path, to: directory + "/x") }
      #expect(throws: missing(.list)) { try fileSystem.list(path) }
      #expect(throws: missing(.syncDirectory)) { try fileSystem.syncDirectory(path) }
      #expect(missing(.open).description == "cannot open \(path): No such file or directory (errno 2)")
      let file = try fileSystem.open(path, .createNew)
      #expect(throws: FileError(code: EEXIST, operation: .open, path: path)) {
        try fileSystem.open(path, .createNew)
      }
      #expect(throws: FileError(code: EEXIST, operation: .createDirectory, path: path)) {
        try fileSystem.createDirectory(path)
      }
      #expect(throws: FileError(code: EINVAL, operation: .preallocate, path: path)) {
        try file.preallocate(0)
      }
      let readOnly = try fileSystem.open(path, .readOnly)
      #expect(throws: FileError(code: EBADF, operation: .write, path: path)) {
        try readOnly.write(([1] as [UInt8]).span.bytes, at: 0)
      }
      #expect(throws: FileError(code: EISDIR, operation: .open, path: directory)) {
        try fileSystem.open(directory, .readWrite)
      }
    }
  }

  @Test func theLockIsExclusiveUntilClosed() throws {
    try withDirectory { directory in
      do {
        let first = try fileSystem.open(directory + "/lock", .readWriteOrCreate)
        let second = try fileSystem.open(directory + "/lock", .readWriteOrCreate)
        #expect(try first.lock())
        #expect(try !second.lock())
      }
      #expect(try fileSystem.open(directory + "/lock", .readWrite).lock())
    }
  }

  @Test func interruptedAndShortTransfersGoOn() throws {
    var answers = [-1, 3, -1, -1, 4, 3]
    var calls: [[Int]] = []
    let done = try transfer(10, .write, "file") { done, count in
      calls.append([done, count])
      errno = EINTR
      return answers.removeFirst()
    }
    #expect(done == 10 && answers.isEmpty)
    #expect(calls == [[0, 10], [0, 10], [3, 7], [3, 7], [3, 7], [7, 3]])
    #expect(try transfer(10, .read, "file") { done, _ in done < 4 ? 4 : 0 } == 4)
    #expect(throws: FileError(code: EIO, operation: .write, path: "file")) {
      try transfer(10, .write, "file") { done, _ in
        errno = EIO
        return done == 0 ? 5 : -1
      }
    }
    var attempts = 0
    let result = try retrying(.sync, "file") {
      attempts += 1
      errno = EINTR
      return attempts < 3 ? -1 : 0
    }
    #expect(result == 0 && attempts == 3)
  }

  /// The whole log on a real disk: as in the simulation, but for the crash.
  @Test func theLogWorksOnIt() throws {
    try withDirectory { directory in
      var configuration = WriteAheadLog.Configuration(identity: 9, metadata: [7])
      configuration.segmentBytes = 1 << 16
      configuration.ballastBytes = 1 << 16
      func open(_ replay: (LogRecord) throws -> Void) throws(WALError) -> WriteAheadLog {
        try WriteAheadLog.open(
          directory: directory + "/wal", fileSystem: fileSystem, configuration: configuration, replay: replay)
      }
      var written: [LogRecord] = []
      for life in 0..<4 as Range<UInt64> {
        var replayed: [LogRecord] = []
        let log = try open { replayed.append($0) }
        #expect(replayed == written && log.recovery.tornTail == nil)
        #expect(throws: WALError.locked(directory: directory + "/wal")) { try open { _ in } }
        for batch in 0..<20 as Range<UInt64> {
          let first = life * 100 + batch * 5 + 1
          let records = records(first...first + 4, of: 1000)
          try log.append(records)
          written += records
          try log.sync()
        }
        if life == 2 {
          try log.release(upTo: 150)
          written.removeFirst(Int(log.precedingIndex))
          #expect(log.precedingIndex > 60)
        }
        if life == 1 { try log.seal() }
      }
    }
  }
}
