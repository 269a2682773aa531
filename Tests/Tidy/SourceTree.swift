import Foundation

/// One file of the repository.
struct SourceFile: Sendable {
  /// Relative to the repository's root.
  let path: String
  let text: String
  let isExecutable: Bool

  /// Without the empty part behind the last newline. (By scalars: "\r\n" is one Character.)
  let lines: [Substring]

  init(path: String, text: String, isExecutable: Bool = false) {
    self.path = path
    self.text = text
    self.isExecutable = isExecutable
    let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(
      Substring.init)
    self.lines = lines.last == "" ? lines.dropLast() : lines
  }

  var fileExtension: String { (path as NSString).pathExtension }

  /// Written by a generator, so that rules of taste do not apply.
  var isGenerated: Bool { path.hasSuffix(".pb.swift") || path.contains("/Generated/") }

  var isSwift: Bool { fileExtension == "swift" }
}

/// What is wrong, and where.
struct Violation: Hashable, Sendable, CustomStringConvertible {
  var path: String
  /// Counted from 1; 0 when the whole file is meant.
  var line: Int
  var message: String

  var description: String { line > 0 ? "\(path):\(line): \(message)" : "\(path): \(message)" }
}

/// The repository that these tests were built from.
enum SourceTree {
  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Text files that people write, in the order of their paths.
  static let files: [SourceFile] = load()

  private static func load() -> [SourceFile] {
    var files: [SourceFile] = []
    let manager = FileManager.default
    let rootPath = root.path(percentEncoded: false)
    for top in ["Package.swift", "Makefile", ".ci", "Sources", "Tests", "benchmarks", "docs", "scripts"]
      + documents
    {
      let path = rootPath + top
      var isFolder: ObjCBool = false
      guard manager.fileExists(atPath: path, isDirectory: &isFolder) else { continue }
      let names =
        isFolder.boolValue ? (manager.enumerator(atPath: path)?.allObjects as? [String] ?? []) : [""]
      for name in names where !name.contains("__pycache__") {
        let relative = name.isEmpty ? top : "\(top)/\(name)"
        guard let data = regularFile(rootPath + relative), let text = String(data: data, encoding: .utf8)
        else {
          continue
        }
        files.append(
          SourceFile(
            path: relative, text: text, isExecutable: manager.isExecutableFile(atPath: rootPath + relative)))
      }
    }
    return files.sorted { $0.path < $1.path }
  }

  private static let documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]

  private static func regularFile(_ path: String) -> Data? {
    let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    return type == .typeRegular ? FileManager.default.contents(atPath: path) : nil
  }
}
