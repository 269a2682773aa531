import ContainerRuntime
import Objects
import Synchronization

@testable import Kubelet

/// Files in memory; folders are there when something is in them.
final class MemoryFiles: NodeFiles {
  enum Entry: Hashable {
    case file([UInt8], UInt32)
    case directory
    case link(String)
    case socket
  }

  let entries = Mutex<[String: Entry]>([:])

  /// The path with links in folders before the end followed.
  private func real(_ path: String, _ entries: [String: Entry]) -> String {
    var result = ""
    let parts = path.split(separator: "/")
    for (index, part) in parts.enumerated() {
      let next = "\(result)/\(part)"
      if index < parts.count - 1, case .link(let target)? = entries[next] {
        result = target.hasPrefix("/") ? target : "\(result)/\(target)"
      } else {
        result = next
      }
    }
    return result
  }

  func kind(_ path: String) throws(NodeFileError) -> NodeFileKind? {
    entries.withLock { entries in
      switch entries[real(path, entries)] {
      case .file: .file
      case .directory: .directory
      case .link: .link
      case .socket: .socket
      case nil: nil
      }
    }
  }

  func makeDirectory(_ path: String, mode: UInt32) throws(NodeFileError) {
    entries.withLock { entries in
      var parts = ""
      for part in path.split(separator: "/") {
        parts += "/\(part)"
        if entries[parts] == nil { entries[parts] = .directory }
      }
    }
  }

  func write(_ path: String, _ bytes: [UInt8], mode: UInt32) throws(NodeFileError) {
    entries.withLock { $0[real(path, $0)] = .file(bytes, mode) }
  }

  func read(_ path: String) throws(NodeFileError) -> [UInt8]? {
    entries.withLock { entries in
      if case .file(let bytes, _)? = entries[real(path, entries)] { bytes } else { nil }
    }
  }

  func tail(_ path: String, limit: Int) throws(NodeFileError) -> (bytes: [UInt8], isWhole: Bool)? {
    try read(path).map { (Array($0.suffix(limit)), $0.count <= limit) }
  }

  func link(_ path: String, to target: String) throws(NodeFileError) {
    entries.withLock { $0[path] = .link(target) }
  }

  func target(_ path: String) throws(NodeFileError) -> String? {
    entries.withLock { if case .link(let target)? = $0[path] { target } else { nil } }
  }

  func rename(_ path: String, to new: String) throws(NodeFileError) {
    entries.withLock { $0[new] = $0.removeValue(forKey: path) }
  }

  func list(_ path: String) throws(NodeFileError) -> [String] {
    entries.withLock { entries in
      Set(
        entries.keys.filter { $0.hasPrefix(path + "/") }
          .map { String($0.dropFirst(path.count + 1).prefix { $0 != "/" }) }
      ).sorted()
    }
  }

  func remove(_ path: String) throws(NodeFileError) {
    entries.withLock { entries in
      entries = entries.filter { $0.key != path && !$0.key.hasPrefix(path + "/") }
    }
  }

  let given = Mutex<[String: (group: UInt32, mode: UInt32)]>([:])

  func give(_ path: String, group: UInt32, adding mode: UInt32) throws(NodeFileError) {
    given.withLock { $0[path] = (group, mode) }
  }

  func group(of path: String) throws(NodeFileError) -> (group: UInt32, mode: UInt32)? {
    given.withLock { $0[path] }
  }

  /// What was given away: `path group mode`.
  var gifts: [String] {
    given.withLock { given in
      given.map { "\($0.key) \($0.value.group) \(String($0.value.mode, radix: 8))" }.sorted()
    }
  }

  var paths: [String] { entries.withLock { $0.keys.sorted() } }
}

final class FakeMounter: Mounter {
  let calls = Mutex<[String]>([])
  func mountMemory(at path: String, sizeBytes: Int64?) async throws(NodeFileError) {
    calls.withLock { $0.append("mount \(path) \(sizeBytes ?? 0)") }
  }
  func unmountAll(below path: String) async throws(NodeFileError) {
    calls.withLock { $0.append("unmount \(path)") }
  }
}
