import Foundation

/// The repository's rules, each a function from files to what breaks it.
enum Rules {
  /// Which modules a folder must not import. The compiler keeps our own modules apart; these are the ones
  /// that are always within reach, or that a dependency drags in.
  private static let forbiddenImports: [(folder: String, modules: [String])] = [
    ("Sources/RaftKV/Raft/", ["Foundation*", "Glibc", "Dispatch", "NIO*", "Synchronization", "Logging"]),
    ("Sources/RaftKV/", ["HTTP", "GRPC", "Proto", "WatchAPI"]),
    ("Sources/RaftKV/WAL/", ["NIO*"]),
    ("Sources/RaftKV/MVCC/", ["NIO*"]),
    ("Sources/RaftKV/Node/", ["NIO*"]),
    ("Sources/RaftKV/Peers/", ["MVCC", "WAL"]),
    ("Sources/RaftKV/MVCC/", ["Foundation*"]),
    ("Sources/RaftKV/WAL/", ["Foundation*"]),
    ("Sources/Orchestrator/Objects/", ["Foundation*", "NIO*", "Synchronization"]),
    ("Sources/Orchestrator/Scheduler/", ["Foundation*", "NIO*", "Synchronization"]),
    ("Sources/WatchAPI/HTTP/", ["Foundation*", "RaftKV", "MVCC"]),
    ("Sources/WatchAPI/GRPC/", ["Foundation*", "RaftKV", "MVCC", "SwiftProtobuf"]),
    ("Sources/WatchAPI/", ["CLMDB", "WAL", "Raft"]),
    ("Sources/RaftKV/", ["ArgumentParser", "Yams"]),
    ("Sources/WatchAPI/", ["ArgumentParser", "Yams"]),
    ("Sources/Bench/", ["ArgumentParser", "Yams"]),
  ]

  static func imports(_ file: SourceFile) -> [Violation] {
    guard file.isSwift else { return [] }
    let forbidden = forbiddenImports.filter { file.path.hasPrefix($0.folder) }.flatMap(\.modules)
    return violations(in: file) { line in
      guard let module = importedModule(line),
        forbidden.contains(where: { $0.hasSuffix("*") ? module.hasPrefix($0.dropLast()) : module == $0 })
      else { return nil }
      return "must not import \(module)"
    }
  }

  /// `public import struct Foundation.Data` → `Foundation`.
  private static func importedModule(_ line: Substring) -> String? {
    var words = line.split(separator: " ")[...]
    while let word = words.first,
      word.hasPrefix("@") || ["public", "internal", "package", "private", "fileprivate"].contains(word)
    {
      words.removeFirst()
    }
    guard words.popFirst() == "import" else { return nil }
    if let word = words.first,
      ["struct", "class", "enum", "protocol", "func", "var", "typealias"].contains(word)
    {
      words.removeFirst()
    }
    return words.first.map { String($0.prefix { $0 != "." }) }
  }

  /// Spelled in two parts, so that this file does not break the rule.
  private static let leftovers = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]

  static func noLeftovers(_ file: SourceFile) -> [Violation] {
    violations(in: file) { line in
      let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
      return words.first { leftovers.contains(String($0)) }.map { "\($0): do it, or say why it must be so" }
    }
  }

  /// A promise that the compiler cannot check needs a reason: a comment with "Safe:" on the line or just above it.
  static func unsafeIsExplained(_ file: SourceFile) -> [Violation] {
    guard file.isSwift, !file.isGenerated else { return [] }
    var violations: [Violation] = []
    var comment = ""
    for (index, line) in file.lines.enumerated() {
      let code = line.drop { $0 == " " }
      if code.hasPrefix("//") {
        comment += code
      } else if code.hasPrefix("@") && !code.contains("@unchecked") {
        continue
      } else {
        let promise = ["@unchecked Sendable", "nonisolated(unsafe)"].first {
          code.contains($0) && !isQuoted($0, in: code)
        }
        if let promise, !comment.contains("Safe:"), !code.contains("// Safe:") {
          violations.append(
            Violation(
              path: file.path, line: index + 1, message: "\(promise) without a \"Safe: because …\" line"))
        }
        comment = ""
      }
    }
    return violations
  }

  private static func isQuoted(_ text: String, in line: Substring) -> Bool {
    guard let range = line.firstRange(of: text) else { return false }
    let before = line[..<range.lowerBound].replacing("\\\"", with: "")
    return before.count { $0 == "\"" } % 2 == 1
  }

  static let lineCountMax = 700

  static func length(_ file: SourceFile) -> [Violation] {
    guard file.isSwift || file.fileExtension == "c" || file.fileExtension == "py", !file.isGenerated,
      file.lines.count > lineCountMax
    else { return [] }
    return [
      Violation(
        path: file.path, line: 0,
        message: "\(file.lines.count) lines, more than \(lineCountMax): look for the second idea in it")
    ]
  }

  static func whitespace(_ file: SourceFile) -> [Violation] {
    guard !file.isGenerated, !file.path.contains("/testdata/") else { return [] }
    var result = violations(in: file) { line in
      if line.contains("\t"), file.path != "Makefile" { return "a tab" }
      if line.hasSuffix(" ") { return "a trailing blank" }
      return line.hasSuffix("\r") ? "a carriage return" : nil
    }
    if !file.text.isEmpty, !file.text.hasSuffix("\n") {
      result.append(Violation(path: file.path, line: 0, message: "no newline at the end"))
    }
    return result
  }

  /// A trap without a word is a stub or a riddle.
  static func noSilentTraps(_ file: SourceFile) -> [Violation] {
    guard file.isSwift, file.path.hasPrefix("Sources/") else { return [] }
    return violations(in: file) { line in
      line.contains("fatalError()") ? "fatalError without a message" : nil
    }
  }

  static func noUncheckedBuild(_ file: SourceFile) -> [Violation] {
    let flag = "-O" + "unchecked"
    return violations(in: file) { $0.contains(flag) ? "\(flag) turns off the checks that guard data" : nil }
  }

  /// A script says what it is for: `#!`, then a comment or a docstring; and it can be run.
  static func scripts(_ file: SourceFile) -> [Violation] {
    let isScript = file.path.hasPrefix("scripts/") || file.path.hasPrefix(".ci/") || file.text.hasPrefix("#!")
    guard isScript else { return [] }
    let isSourced = file.fileExtension == "sh"
    let lines = file.lines
    var messages: [String] = []
    if !isSourced, !file.isExecutable { messages.append("is not executable") }
    if !isSourced, !file.text.hasPrefix("#!/usr/bin/env ") {
      messages.append("does not begin with #!/usr/bin/env")
    }
    let header = lines.count > (isSourced ? 0 : 1) ? lines[isSourced ? 0 : 1] : ""
    if !header.hasPrefix("# "), !header.hasPrefix("\"\"\"") { messages.append("does not say what it does") }
    if file.text.hasPrefix("#!/usr/bin/env bash"), !file.text.contains("set -euo pipefail"),
      !file.text.contains("/common.sh\"")
    {
      messages.append("does not stop at the first error")
    }
    return messages.map { Violation(path: file.path, line: 0, message: $0) }
  }

  /// docs/decisions/0001-title.md: four digits, used once.
  static func decisions(_ files: [SourceFile]) -> [Violation] {
    var violations: [Violation] = []
    var owners: [Substring: String] = [:]
    for file in files where file.path.hasPrefix("docs/decisions/") {
      let name = file.path.dropFirst("docs/decisions/".count)
      let number = name.prefix(4)
      guard name.wholeMatch(of: /[0-9]{4}-[a-z0-9]+(-[a-z0-9]+)*\.md/) != nil else {
        violations.append(Violation(path: file.path, line: 0, message: "is not named NNNN-title.md"))
        continue
      }
      if let owner = owners.updateValue(file.path, forKey: number) {
        violations.append(Violation(path: file.path, line: 0, message: "has the number of \(owner)"))
      }
    }
    return violations
  }

  /// Every source belongs to a target, and every target's folder has sources: nothing lies about unused. What
  /// the integration programs in `Tests/Robustness` build for themselves is theirs.
  static func targets(_ files: [SourceFile]) -> [Violation] {
    guard let package = files.first(where: { $0.path == "Package.swift" }) else {
      return [Violation(path: "Package.swift", line: 0, message: "is missing")]
    }
    var folders = package.text.matches(of: /path: "((Sources|Tests)\/[^"\\]+)"/).map { String($0.output.1) }
    folders += package.text.matches(of: /command\(\s*"(\w+)"/).map { "Sources/Commands/\($0.output.1)" }
    folders += package.text.matches(of: /tests\(\s*"(\w+)"/).map { "Tests/\($0.output.1)" }
    var violations: [Violation] = []
    var used: Set<String> = []
    for file in files
    where ["swift", "c", "h", "modulemap"].contains(file.fileExtension) && file.path.contains("/")
      && !file.path.hasPrefix("Tests/Robustness/")
    {
      if let folder = folders.first(where: { file.path.hasPrefix("\($0)/") }) {
        used.insert(folder)
      } else {
        violations.append(
          Violation(path: file.path, line: 0, message: "belongs to no target of Package.swift"))
      }
    }
    violations += Set(folders).subtracting(used).sorted().map {
      Violation(path: "Package.swift", line: 0, message: "the target's folder \($0) has no sources")
    }
    return violations
  }

  private static func violations(
    in file: SourceFile, _ check: (Substring) -> String?
  ) -> [Violation] {
    file.lines.enumerated().compactMap { index, line in
      check(line).map { Violation(path: file.path, line: index + 1, message: $0) }
    }
  }
}
