internal import FoundationEssentials
internal import Glibc
internal import Logging
internal import RaftKV
internal import WatchAPI

/// A member of a cluster of one in this process, in a temporary folder that goes away with it.
final class EmbeddedMember {
  let node: Node
  private let folder: String

  /// Opens a fresh member in a new folder below `directory`, or below the system's place for temporary files.
  init(directory: String?) throws(Benchmark.CannotStart) {
    folder = try Self.makeFolder(below: directory)
    do throws(Benchmark.CannotStart) {
      node = try Self.open(folder)
    } catch {
      Self.remove(folder)
      throw error
    }
  }

  private static func open(_ folder: String) throws(Benchmark.CannotStart) -> Node {
    // Nobody connects: the URLs only name the member.
    var configuration = NodeConfiguration(
      name: "bench", dataDirectory: folder + "/data", peerURLs: ["http://127.0.0.1:2380"],
      clientURLs: ["http://127.0.0.1:2379"])
    configuration.quotaBytes = nil
    do {
      return try Node(
        configuration, environment: .system(), decoder: EtcdService.commandDecoder,
        logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() },
        onFailure: { message in
          let text = "bench: the embedded member has failed: \(message)\n"
          _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
          exit(1)
        })
    } catch {
      throw Benchmark.CannotStart(description: "the embedded member cannot start: \(error)")
    }
  }

  /// Stops the member and removes its folder.
  func close() {
    node.stop()
    Self.remove(folder)
  }

  private static func remove(_ folder: String) {
    // What cannot be removed is left to the system's own cleaning of temporary files.
    try? FileManager.default.removeItem(atPath: folder)
  }

  private static func makeFolder(below directory: String?) throws(Benchmark.CannotStart) -> String {
    let parent = directory ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/raftkv-bench-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw Benchmark.CannotStart(
        description: "cannot make a folder in \(parent): \(String(cString: strerror(errno)))")
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
