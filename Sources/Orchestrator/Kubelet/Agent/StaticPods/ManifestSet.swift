import Client
import Objects

/// The static pods of a folder, kept from one look to the next. Pure.
struct ManifestSet: Sendable {
  /// At most so many bytes of a manifest.
  static let fileLimit = 1024 * 1024
  /// At most so many manifests.
  static let countLimit = 500

  private struct Known: Sendable {
    var bytes: [UInt8]
    var pod: JSON?
  }

  private var known: [String: Known] = [:]

  /// The pods there are, by their names.
  private(set) var pods: [ObjectKey: JSON] = [:]

  /// Takes the files as they are now, and says what is wrong with those that have changed. A file that cannot be
  /// understood any more leaves the pod that it was: an editor may be writing it.
  ///
  /// - Parameter make: the pod of a file; throws why it makes none.
  mutating func take(
    _ files: [String: [UInt8]], _ make: (_ file: String, [UInt8]) throws(StaticPod.Failure) -> JSON
  ) -> [String] {
    var messages: [String] = []
    known = known.filter { files[$0.key] != nil }
    var changed: Set<String> = []
    for (file, bytes) in files.sorted(by: { $0.key < $1.key }) where known[file]?.bytes != bytes {
      changed.insert(file)
      do throws(StaticPod.Failure) {
        known[file] = Known(bytes: bytes, pod: try make(file, bytes))
      } catch {
        messages.append("manifest \(file): \(error.message)")
        known[file] = Known(bytes: bytes, pod: known[file]?.pod)
      }
    }
    var next: [ObjectKey: JSON] = [:]
    for (file, entry) in known.sorted(by: { $0.key < $1.key }) {
      guard let pod = entry.pod else { continue }
      let key = ObjectKey(pod)
      if next[key] == nil {
        next[key] = pod
      } else if changed.contains(file) {
        messages.append("manifest \(file): there is a pod \(key) already")
      }
    }
    pods = next
    return messages
  }
}
