/// The log files of one container: `0.log`, and `0.log.20261128-171500` for what was written before. Pure.
enum LogFileNames {
  /// What follows a log's name once it is full.
  /// - Parameter date: as RFC 3339 writes it.
  static func suffix(date: String) -> String {
    // 2026-11-28T17:15:00Z
    String(date.prefix(19).filter { $0 != "-" && $0 != ":" }.map { $0 == "T" ? "-" : $0 })
  }

  /// The full ones of a log among the names of a folder, the oldest first.
  static func rotated(_ names: [String], of log: String) -> [String] {
    names.filter { $0.hasPrefix(log + ".") }.sorted()
  }

  /// Which of a folder's names have to go before the log itself becomes one of them.
  /// - Parameter limit: how many files a container has at most, the one that is written included.
  static func excess(_ names: [String], of log: String, limit: Int) -> [String] {
    let all = rotated(names, of: log)
    return Array(all.prefix(max(0, all.count - max(0, limit - 2))))
  }

  /// The files of tries that came before this one, and of which the runtime has nothing any more.
  static func leftovers(_ names: [String], attempts: Set<UInt32>, current: UInt32) -> [String] {
    names.filter { name in
      guard let attempt = attempt(of: name) else { return false }
      return attempt < current && !attempts.contains(attempt)
    }
  }

  /// Of `3.log` and `3.log.…`.
  static func attempt(of name: String) -> UInt32? {
    let digits = name.prefix { $0 != "." }
    let rest = name.dropFirst(digits.count)
    guard rest == ".log" || rest.hasPrefix(".log."), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    return UInt32(digits)
  }
}
