import ArgumentParser
import Commands
import EtcdImport

/// `raftkv snapshot status`, in etcdutl's forms.
struct SnapshotStatusCommand: ParsableCommand {
  enum Form: String, ExpressibleByArgument, CaseIterable {
    case simple
    case json
    case table
    case fields
  }

  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract:
      "Read a snapshot, of raftkv or of etcd, and print its hash, revision, total keys and total size.",
    discussion: "The snapshot is read all through. Of etcd's, the hash is the one that etcdutl prints.")

  @Argument(help: "The snapshot.")
  var file: String

  @Option(name: [.customShort("w"), .customLong("write-out")], help: "The form of the output.")
  var form = Form.simple

  func run() throws {
    try reportingFailures {
      var output = LineWriter.standardOutput()
      for line in Self.lines(try SnapshotStatus(path: file), form) { try output.write(line) }
      try output.flush()
    }
  }

  private static func lines(_ status: SnapshotStatus, _ form: Form) -> [String] {
    let hash = String(status.hash, radix: 16)
    let size = humanReadable(status.totalBytes)
    switch form {
    case .simple: return ["\(hash), \(status.revision), \(status.totalKeys), \(size)"]
    case .json:
      return [
        "{\"hash\":\(status.hash),\"revision\":\(status.revision),\"totalKey\":\(status.totalKeys),"
          + "\"totalSize\":\(status.totalBytes)}"
      ]
    case .fields:
      return [
        "\"Hash\" : \(status.hash)", "\"Revision\" : \(status.revision)", "\"Keys\" : \(status.totalKeys)",
        "\"Size\" : \(status.totalBytes)",
      ]
    case .table:
      let columns = [
        ("HASH", hash), ("REVISION", "\(status.revision)"), ("TOTAL KEYS", "\(status.totalKeys)"),
        ("TOTAL SIZE", size),
      ]
      let widths = columns.map { max($0.0.count, $0.1.count) }
      let rule = "+" + widths.map { String(repeating: "-", count: $0 + 2) + "+" }.joined()
      let head = zip(columns, widths).map { " \(centred($0.0, $1)) |" }.joined()
      let body = zip(columns, widths).map { " \(padded($0.1, $1)) |" }.joined()
      return [rule, "|" + head, rule, "|" + body, rule]
    }
  }

  /// Values stand at the right.
  private static func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: width - text.count) + text
  }

  private static func centred(_ text: String, _ width: Int) -> String {
    let space = width - text.count
    return String(repeating: " ", count: space / 2) + text + String(repeating: " ", count: space - space / 2)
  }

  /// As etcd's tools write sizes: `512 B`, `2.1 MB`, `20 kB`.
  static func humanReadable(_ bytes: Int) -> String {
    if bytes < 10 { return "\(bytes) B" }
    var value = Double(bytes)
    var units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"][...]
    while value >= 1000, units.count > 1 {
      value /= 1000
      units.removeFirst()
    }
    let tenths = Int((value * 10).rounded(.down) + (value * 10 - (value * 10).rounded(.down) >= 0.5 ? 1 : 0))
    let unit = units.first ?? "B"
    return tenths < 100
      ? "\(tenths / 10).\(tenths % 10) \(unit)"
      : "\(Int((Double(tenths) / 10).rounded(.toNearestOrEven))) \(unit)"
  }
}
