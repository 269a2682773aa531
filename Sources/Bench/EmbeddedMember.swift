internal import FoundationEssentials
internal import Glibc
internal import RaftKV

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
    throw Benchmark.CannotStart(description: "the embedded member cannot be opened yet; use --endpoints")
  }

  /// Stops the member and removes its folder.
  func close() {
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
