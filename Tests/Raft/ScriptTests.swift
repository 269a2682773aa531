import Foundation
import Testing

/// Every file of `testdata` is a script: commands, `----`, what they make happen, an empty line, and so on.
/// `RAFT_REWRITE=1 swift test --filter ScriptTests` records the output anew; read the difference before you commit it.
struct ScriptTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "testdata")

  static let scripts: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".txt") }.sorted()
  }()

  @Test func thereAreScripts() { #expect(Self.scripts.count > 10) }

  @Test(arguments: scripts) func script(_ name: String) throws {
    let file = Self.folder.appending(path: name)
    let text = try String(contentsOf: file, encoding: .utf8)
    var runner = ScriptRunner()
    var actual: [String] = []
    var commands: [String] = []
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
    while let line = lines.popFirst() {
      actual.append(line)
      if line != "----" {
        commands.append(line)
        continue
      }
      while let expected = lines.first, !expected.isEmpty {
        _ = expected
        lines.removeFirst()
      }
      actual += try runner.run(commands)
      commands = []
    }
    #expect(commands.allSatisfy { $0.isEmpty || $0.hasPrefix("#") }, "commands without ---- at the end")
    let result = actual.joined(separator: "\n")
    if ProcessInfo.processInfo.environment["RAFT_REWRITE"] != nil {
      try Data(result.utf8).write(to: file)
    } else {
      let expected = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      let difference = zip(expected, actual).enumerated().first { $0.element.0 != $0.element.1 }
      let place = difference?.offset ?? min(expected.count, actual.count)
      #expect(
        result == text,
        "\(name):\(place + 1): expected \(difference?.element.0 ?? "the end"), is \(difference?.element.1 ?? "more")"
      )
    }
  }
}
