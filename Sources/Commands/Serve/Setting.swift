/// One value that the operator gave, and where.
struct Setting: Sendable, Hashable {
  /// Where it was written; error messages and warnings name it.
  enum Source: Sendable, Hashable {
    case commandLine
    case environment(variable: String)
    case file(path: String, line: Int)
  }

  /// The flag's name.
  var name: String
  var value: String
  var source: Source

  /// How to name it in a message: as the operator wrote it.
  var label: String {
    switch source {
    case .commandLine: "--\(name)"
    case .environment(let variable): "environment variable \(variable)"
    case .file(let path, let line): "\(path):\(line): \(name)"
    }
  }
}

/// Something the operator should know that does not stop the start.
public struct Notice: Sendable, Hashable {
  /// How much it matters.
  public enum Level: Sendable, Hashable {
    case info, warning
  }

  /// How much it matters.
  public var level: Level
  /// What to say.
  public var message: String

  init(_ level: Level, _ message: String) {
    self.level = level
    self.message = message
  }
}
