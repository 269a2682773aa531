import Testing

/// The rules, held against the repository.
struct RepositoryTests {
  @Test func theTreeIsFound() {
    let paths = Set(SourceTree.files.map(\.path))
    #expect(paths.isSuperset(of: ["Package.swift", "Makefile", "scripts/test", ".ci/run"]))
    #expect(
      paths.contains { $0.hasPrefix("Sources/RaftKV/") } && paths.contains { $0.hasPrefix("Tests/Tidy/") })
  }

  @Test(arguments: [
    ("imports", Rules.imports), ("leftovers", Rules.noLeftovers), ("unsafe", Rules.unsafeIsExplained),
    ("length", Rules.length), ("whitespace", Rules.whitespace), ("traps", Rules.noSilentTraps),
    ("unchecked", Rules.noUncheckedBuild), ("scripts", Rules.scripts),
  ])
  func everyFile(_ name: String, _ rule: @Sendable (SourceFile) -> [Violation]) {
    for violation in SourceTree.files.flatMap(rule) {
      Issue.record("\(violation)")
    }
  }

  @Test(arguments: [("decisions", Rules.decisions), ("targets", Rules.targets)])
  func theWholeTree(_ name: String, _ rule: @Sendable ([SourceFile]) -> [Violation]) {
    for violation in rule(SourceTree.files) {
      Issue.record("\(violation)")
    }
  }
}

/// Each rule finds what it is there to find, and lets pass what is right.
struct RuleTests {
  private func lines(_ rule: (SourceFile) -> [Violation], _ path: String, _ text: String) -> [Int] {
    rule(SourceFile(path: path, text: text, isExecutable: true)).map(\.line)
  }

  @Test func imports() {
    let text =
      "import Foundation\nimport NIOCore\n@preconcurrency public import struct Glibc.tm\nimport MVCC\n"
    #expect(lines(Rules.imports, "Sources/RaftKV/Raft/A.swift", text) == [1, 2, 3])
    #expect(lines(Rules.imports, "Sources/RaftKV/WAL/A.swift", text) == [1, 2])
    #expect(lines(Rules.imports, "Sources/RaftKV/Node/A.swift", text) == [2])
    #expect(lines(Rules.imports, "Sources/WatchAPI/GRPC/A.swift", text) == [1, 4])
    #expect(lines(Rules.imports, "Sources/WatchAPI/Etcd/A.swift", text) == [])
    #expect(lines(Rules.imports, "Sources/WatchAPI/Etcd/A.swift", "internal import ArgumentParser") == [1])
    #expect(lines(Rules.imports, "Sources/Commands/bench/A.swift", "import ArgumentParser") == [])
    #expect(
      lines(Rules.imports, "Sources/RaftKV/Raft/A.swift", "// import Foundation\nlet important = 1") == [])
    #expect(lines(Rules.imports, "Sources/RaftKV/Raft/A.swift", "import FoundationEssentials") == [1])
  }

  @Test func leftovers() {
    let word = "TO" + "DO"
    #expect(lines(Rules.noLeftovers, "Sources/A.swift", "a\n// \(word): later\n/*\(word)*/") == [2, 3])
    #expect(lines(Rules.noLeftovers, "Sources/A.swift", "let \(word)S = 1\n// todo in prose") == [])
  }

  @Test func unsafeNeedsAReason() {
    let bare = "final class A: @unchecked Sendable {}\nnonisolated(unsafe) var b = 1\n"
    #expect(lines(Rules.unsafeIsExplained, "Sources/A.swift", bare) == [1, 2])
    let promise = "nonisolated(unsafe)"
    let explained = """
      /// A thing.
      /// Safe: because one thread owns it.
      @available(*, unavailable)
      public final class A: @unchecked Sendable {}
      \(promise) var b = 1  // Safe: because it is only written before threads start.
      """
    #expect(lines(Rules.unsafeIsExplained, "Sources/A.swift", explained) == [])
    let stale = "// Safe: because of something else.\nlet a = 1\nnonisolated(unsafe) var b = 1\n"
    #expect(lines(Rules.unsafeIsExplained, "Sources/A.swift", stale) == [3])
    #expect(lines(Rules.unsafeIsExplained, "Sources/A.pb.swift", bare) == [])
    #expect(lines(Rules.unsafeIsExplained, "Sources/A.swift", "let text = \"nonisolated(unsafe)\"") == [])
  }

  @Test func length() {
    let long = String(repeating: "a\n", count: Rules.lineCountMax + 1)
    #expect(lines(Rules.length, "Sources/A.swift", long) == [0])
    #expect(lines(Rules.length, "Sources/A.swift", String(long.dropLast(2))) == [])
    #expect(lines(Rules.length, "Sources/Generated/A.swift", long) == [])
  }

  @Test func whitespace() {
    #expect(lines(Rules.whitespace, "docs/a.md", "a\tb\nc \nd\r\nok\n") == [1, 2, 3])
    #expect(lines(Rules.whitespace, "docs/a.md", "a") == [0])
    #expect(lines(Rules.whitespace, "Makefile", "a:\n\tb\n") == [])
  }

  @Test func silentTraps() {
    let text = "func a() { fatalError() }\nfunc b() { fatalError(\"the log is closed\") }\n"
    #expect(lines(Rules.noSilentTraps, "Sources/A.swift", text) == [1])
  }

  @Test func uncheckedBuild() {
    #expect(
      lines(Rules.noUncheckedBuild, "Package.swift", "x\n.unsafeFlags([\"-O" + "unchecked\"])\n") == [2])
  }

  @Test func scripts() {
    let good = "#!/usr/bin/env bash\n# Does a thing.\nset -euo pipefail\n"
    #expect(lines(Rules.scripts, "scripts/a", good) == [])
    #expect(lines(Rules.scripts, "scripts/a", "#!/usr/bin/env bash\n\nset -euo pipefail\n") == [0])
    #expect(lines(Rules.scripts, "scripts/a", "#!/usr/bin/env bash\n# Does a thing.\n") == [0])
    #expect(lines(Rules.scripts, "scripts/a", "echo\n") == [0, 0])
    #expect(
      Rules.scripts(SourceFile(path: "Tests/a/run", text: good)).map(\.message) == ["is not executable"])
    #expect(lines(Rules.scripts, "Tests/a/run", "#!/usr/bin/env python3\n\"\"\"Does a thing.\"\"\"\n") == [])
    #expect(lines(Rules.scripts, "scripts/common.sh", "# Shared.\n") == [])
  }

  @Test func decisions() {
    let names = ["0001-one.md", "0001-two.md", "12-three.md", "0003-Four.md", "0004-five-six.md"]
    let files = names.map { SourceFile(path: "docs/decisions/\($0)", text: "") }
    #expect(
      Rules.decisions(files).map(\.path) == [
        "docs/decisions/0001-two.md", "docs/decisions/12-three.md", "docs/decisions/0003-Four.md",
      ])
  }

  @Test func targets() {
    let package = """
      module("A", path: "Sources/A"), command("b", []), tests("A", []), tests(
        "Gone", [])
      """
    let paths = ["Sources/A/x.swift", "Sources/Commands/b/x.swift", "Tests/A/x.swift", "Sources/C/x.swift"]
    let files =
      [SourceFile(path: "Package.swift", text: package)] + paths.map { SourceFile(path: $0, text: "") }
    #expect(
      Rules.targets(files).map(\.description) == [
        "Sources/C/x.swift: belongs to no target of Package.swift",
        "Package.swift: the target's folder Tests/Gone has no sources",
      ])
    #expect(Rules.targets([]).map(\.description) == ["Package.swift: is missing"])
  }
}
