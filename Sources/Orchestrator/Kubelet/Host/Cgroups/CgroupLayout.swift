/// How a machine's control groups are laid out (cgroups(7)). Pure.
public struct CgroupLayout: Sendable, Hashable {
  /// A hierarchy for each controller, or one for all.
  public enum Version: Sendable, Hashable {
    /// One for each controller.
    case v1
    /// One for all (`cgroup2`).
    case v2
  }

  /// The controllers that pods' limits need.
  static let controllers = ["cpu", "memory", "pids"]

  /// Which of both it is.
  public var version: Version
  /// The folders of the controllers in `controllers`; with v2 all the same.
  var folders: [String: String]
  /// The folders of all hierarchies: a runtime makes groups in each.
  var hierarchies: [String]

  /// From the kernel's table of mounts; nil if no control groups are mounted.
  /// - Parameter unified: what `cgroup.controllers` of a v2 hierarchy says, by its folder.
  init?(mounts table: String, unified: (_ folder: String) -> String) {
    var old: [String: String] = [:]
    var oldFolders: [String] = []
    var new: String?
    for line in table.split(separator: "\n") {
      // Optional fields end with a dash; then come the type, the source and the type's own options.
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), dash > 4, fields.count > dash + 3 else { continue }
      let folder = String(fields[4])
      switch fields[dash + 1] {
      case "cgroup":
        if !oldFolders.contains(folder) { oldFolders.append(folder) }
        for option in fields[dash + 3].split(separator: ",") { old[String(option)] = folder }
      case "cgroup2": new = folder
      default: break
      }
    }
    let usable = old.filter { Self.controllers.contains($0.key) }
    if !usable.isEmpty {
      // A v2 hierarchy beside it has no controllers that matter.
      (version, folders, hierarchies) = (.v1, usable, oldFolders.sorted())
    } else if let new {
      let there = unified(new).split(whereSeparator: \.isWhitespace).map(String.init)
      let pairs = there.filter(Self.controllers.contains).map { ($0, new) }
      (version, hierarchies) = (.v2, [new])
      folders = Dictionary(pairs) { first, _ in first }
    } else {
      return nil
    }
  }

  /// The hierarchies that limit pods.
  var limiting: [String] { Set(folders.values).sorted() }

  /// Which of the controllers that pods need are not there.
  public var missing: [String] { Self.controllers.filter { folders[$0] == nil } }
}
