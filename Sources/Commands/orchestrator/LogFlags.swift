import ArgumentParser
import Commands
import Logging

/// How a command logs.
struct LogFlags: ParsableArguments {
  @Option(help: "How much is logged: debug, info, warn, error.")
  var logLevel = "info"

  @Option(help: "How it is logged: json or console.")
  var logFormat = "json"

  func makeLogger() throws(ConfigurationError) -> Logger {
    var log = LogConfiguration()
    guard let level = LogConfiguration.Level(rawValue: logLevel) else {
      throw ConfigurationError(.usage, "--log-level: \(logLevel) is no level")
    }
    guard let format = LogConfiguration.Format(rawValue: logFormat) else {
      throw ConfigurationError(.usage, "--log-format: \(logFormat) is neither json nor console")
    }
    log.level = level
    log.format = format
    return try ServerLogHandler.makeLogger(log)
  }
}
