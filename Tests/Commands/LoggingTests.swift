import Commands
import Foundation
import Logging
import Testing

/// A file that is gone when its owner is.
final class TemporaryFile {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "raftkv-\(UUID().uuidString)"
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func lines() throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
  }
}

/// Log lines, read back from a file.
struct LoggingTests {
  private func lines(
    _ level: LogConfiguration.Level = .debug, _ format: LogConfiguration.Format = .json,
    _ body: (Logger) -> Void
  ) throws -> [String] {
    let file = TemporaryFile()
    body(
      try ServerLogHandler.makeLogger(
        LogConfiguration(level: level, format: format, outputs: [.file(file.path)])))
    return try file.lines()
  }

  @Test func aLineIsJSONWithEtcdsFields() throws {
    let text = "quote \" backslash \\ newline \n tab \t bell \u{7} line \u{2028} é 🙂"
    let lines = try lines { logger in
      logger.info(
        "\(text)",
        metadata: [
          "count": .stringConvertible(7), "flag": .stringConvertible(true), "list": .array(["a", "b"]),
          "nested": .dictionary(["x": "y"]), "text": "\(text)", "double": .stringConvertible(Double.nan),
        ])
    }
    #expect(lines.count == 1)
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(lines.joined().utf8)) as? [String: Any])
    #expect(object["level"] as? String == "info")
    #expect(object["msg"] as? String == text)
    #expect(object["text"] as? String == text)
    #expect(object["count"] as? Int == 7)
    #expect(object["flag"] as? Bool == true)
    #expect(object["list"] as? [String] == ["a", "b"])
    #expect((object["nested"] as? [String: String]) == ["x": "y"])
    #expect((object["caller"] as? String)?.contains("LoggingTests.swift:") == true)
    let time = try #require(object["ts"] as? String)
    #expect(
      try Date(time, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)).timeIntervalSinceNow
        < 60)
    #expect(time.hasSuffix("Z") && time.count == 27)
    #expect(lines[0].hasPrefix("{\"level\":\"info\",\"ts\":\"\(time)\",\"caller\":"))
  }

  @Test func fieldsOfTheLoggerAndOfErrorsAreThere() throws {
    let lines = try lines { logger in
      var logger = logger
      logger[metadataKey: "member"] = "m1"
      logger.error("failed", error: ConfigurationError(.value, "why"), metadata: ["b": "2", "a": "1"])
    }
    #expect(
      lines[0].hasSuffix("\"msg\":\"failed\",\"a\":\"1\",\"b\":\"2\",\"error\":\"why\",\"member\":\"m1\"}"))
  }

  @Test(arguments: [
    (LogConfiguration.Level.debug, ["debug", "info", "warn", "error", "fatal"]),
    (.info, ["info", "warn", "error", "fatal"]), (.warn, ["warn", "error", "fatal"]),
    (.error, ["error", "fatal"]), (.panic, ["fatal"]), (.fatal, ["fatal"]),
  ])
  func levels(_ level: LogConfiguration.Level, _ expected: [String]) throws {
    let lines = try lines(level) { logger in
      logger.debug("m")
      logger.info("m")
      logger.warning("m")
      logger.error("m")
      logger.critical("m")
    }
    let levels = lines.compactMap {
      $0.split(separator: "\"").dropFirst(2).dropFirst().first.map(String.init)
    }
    #expect(levels == expected)
  }

  @Test func aConsoleLineStaysOneLine() throws {
    let lines = try lines(.info, .console) { $0.warning("a\nb", metadata: ["k": "v"]) }
    #expect(lines.count == 1)
    let columns = lines[0].split(separator: "\t")
    #expect(columns.count == 5)
    #expect(columns[1] == "WARN")
    #expect(columns[3] == "\"a\\nb\"")
    #expect(columns[4] == "{\"k\":\"v\"}")
  }

  @Test func linesOfManyThreadsDoNotMix() async throws {
    let file = TemporaryFile()
    let logger = try ServerLogHandler.makeLogger(LogConfiguration(outputs: [.file(file.path)]))
    await withTaskGroup { group in
      for task in 0..<8 {
        group.addTask {
          for line in 0..<50 {
            logger.info("\(String(repeating: "x", count: 200))", metadata: ["n": "\(task) \(line)"])
          }
        }
      }
    }
    let lines = try file.lines()
    #expect(lines.count == 400)
    #expect(lines.allSatisfy { (try? JSONSerialization.jsonObject(with: Data($0.utf8))) != nil })
  }

  @Test func aLogFileThatCannotBeOpenedIsNamed() {
    let expected = ConfigurationError(
      .value, "cannot open the log file /nonexistent/log: No such file or directory")
    #expect(throws: expected) {
      try ServerLogHandler.makeLogger(LogConfiguration(outputs: [.file("/nonexistent/log")]))
    }
  }
}

/// The other texts that commands print.
struct OutputTests {
  @Test func helpNamesEveryFlagOnce() {
    let words = ServeHelp.text.split { $0 == " " || $0 == "\n" }.filter { $0.hasPrefix("--") && $0.count > 2 }
    for flag in [
      "--name", "--cert-file", "--snapshot-count", "--experimental-watch-progress-notify-interval",
    ] {
      #expect(words.contains { $0 == flag })
    }
    #expect(ServeHelp.text.contains("--max-txn-ops '128'   (RAFTKV_MAX_TXN_OPS)"))
    #expect(ServeHelp.text.split(separator: "\n").allSatisfy { $0.count <= 110 })
  }

  @Test func dumpLinesAreJSON() throws {
    let line = DumpLine.live(
      key: [0, 0xff, 0x22], value: [], createRevision: 2, modRevision: 3, version: 4, lease: -5)
    #expect(
      line == #"{"key":"AP8i","create_revision":2,"mod_revision":3,"version":4,"value":"","lease":-5}"#)
    let summary = DumpLine.summary(keys: 1, revision: 2, compactRevision: 3, appliedIndex: UInt64.max)
    #expect(
      summary == #"{"keys":1,"revision":2,"compact_revision":3,"applied_index":18446744073709551615}"#)
  }

  @Test func filesAreReadWholeOrNotAtAll() throws {
    let file = TemporaryFile()
    try Data("name: é\n".utf8).write(to: URL(filePath: file.path))
    #expect(try TextFile.read(file.path) == "name: é\n")
    try Data([0xff, 0xfe]).write(to: URL(filePath: file.path))
    #expect(throws: ConfigurationError(.value, "not UTF-8 text")) { try TextFile.read(file.path) }
    #expect(throws: ConfigurationError(.value, "Is a directory")) { try TextFile.read("/") }
    #expect(throws: ConfigurationError(.value, "No such file or directory")) {
      try TextFile.read(file.path + ".none")
    }
    #expect(try TextFile.read("/dev/zero").utf8.count > 1 << 20)
  }
}
