import Client
import Foundation
import Objects
import Synchronization
import Testing

@testable import KubeletServer

/// A folder of a test's own, gone with it.
final class Scratch {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "kubelet-server-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  func write(_ name: String, _ text: String) throws {
    if let handle = FileHandle(forWritingAtPath: file(name)) {
      handle.seekToEndOfFile()
      handle.write(Data(text.utf8))
      try handle.close()
    } else {
      try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
    }
  }
}

struct LogStreamTests {
  private func line(_ text: String) -> String { "2026-11-28T17:00:00Z stdout F \(text)\n" }

  private func stream(_ scratch: Scratch, _ options: LogOptions) throws
    -> LogStream
  {
    let file = try #require(LogFile(scratch.file("0.log")))
    return LogStream(file, path: scratch.file("0.log"), options: options, time: SystemTime()) { false }
  }

  private func text(_ stream: LogStream) async throws -> String {
    var text = ""
    while let piece = try await stream.next() { text += String(decoding: piece, as: UTF8.self) }
    return text
  }

  @Test func `the last lines of a long file are found from its end`() async throws {
    let scratch = try Scratch()
    let all = (0..<5000).map { "line \($0)" }
    try scratch.write("0.log", all.map(line).joined())
    for count in [0, 1, 2, 700, 4999, 5000, 6000] {
      var options = LogOptions()
      options.tailLines = count
      let expected = all.suffix(count).map { $0 + "\n" }.joined()
      #expect(try await text(stream(scratch, options)) == expected)
    }
    #expect(try await text(stream(scratch, LogOptions())) == all.map { $0 + "\n" }.joined())
  }

  @Test func `what is no file is not read`() throws {
    let scratch = try Scratch()
    #expect(LogFile(scratch.path) == nil)
    #expect(LogFile(scratch.file("none")) == nil)
  }

  @Test(.timeLimit(.minutes(5)))
  func `following goes through rotations and ends with the container`() async throws {
    let scratch = try Scratch()
    try scratch.write("0.log", line("one"))
    let isRunning = Running()
    var options = LogOptions()
    options.follows = true
    let file = try #require(LogFile(scratch.file("0.log")))
    let stream = LogStream(file, path: scratch.file("0.log"), options: options, time: SystemTime()) {
      isRunning.value.withLock { $0 }
    }
    #expect(try await stream.next() == Array("one\n".utf8))
    try scratch.write("0.log", line("two"))
    #expect(try await stream.next() == Array("two\n".utf8))
    try scratch.write("0.log", line("three"))
    try FileManager.default.moveItem(atPath: scratch.file("0.log"), toPath: scratch.file("0.log.20261128"))
    try scratch.write("0.log.20261128", line("four"))
    #expect(try await stream.next() == Array("three\nfour\n".utf8))
    try scratch.write("0.log", line("five"))
    #expect(try await stream.next() == Array("five\n".utf8))
    try FileManager.default.moveItem(atPath: scratch.file("0.log"), toPath: scratch.file("0.log.20261129"))
    try scratch.write("0.log.20261129", line("six"))
    try scratch.write("0.log", line("seven"))
    isRunning.value.withLock { $0 = false }
    #expect(try await text(stream) == "six\nseven\n")
  }

  @Test(.timeLimit(.minutes(5)))
  func `a reader that goes away gets the end`() async throws {
    let scratch = try Scratch()
    try scratch.write("0.log", "")
    var options = LogOptions()
    options.follows = true
    let file = try #require(LogFile(scratch.file("0.log")))
    let stream = LogStream(file, path: scratch.file("0.log"), options: options, time: SystemTime()) { true }
    async let end = stream.next()
    stream.cancel()
    #expect(try await end == nil)
  }
}

private final class Running: Sendable {
  let value = Mutex(true)
}
