import Objects

/// The versions of a DaemonSet's template, kept as ControllerRevisions.
struct RevisionHistory: Sendable, Equatable {
  /// The version of the current template.
  enum Current: Sendable, Equatable {
    /// It is there, and the latest.
    case known(JSON)
    /// It is there, but others came after it: it must be given this number.
    case renumber(JSON, Int64)
    /// It must be made.
    case make(JSON)
  }

  let current: Current
  /// Old versions above the limit that no pod has, oldest first.
  let excess: [JSON]

  /// Looks for the current template among the revisions that the set controls. `pods` are the set's pods.
  init(_ set: JSON, revisions: [JSON], pods: [JSON]) {
    let data = Self.data(set)
    let latest = revisions.lazy.map { Self.number($0) }.max() ?? 0
    let matching = revisions.filter { $0["data"] == data }
    if let found = matching.max(by: { Self.number($0) < Self.number($1) }) {
      current = Self.number(found) < latest ? .renumber(found, latest.following) : .known(found)
    } else {
      current = .make(Self.make(set, data: data, number: latest.following))
    }
    let live = Set(pods.compactMap { $0.label(DaemonPod.hashLabel) })
    let old = revisions.filter { $0["data"] != data }.sorted { Self.number($0) < Self.number($1) }
    let limit = Int(clamping: set["spec", "revisionHistoryLimit"]?.integer ?? 10)
    let unused = old.filter { !live.contains(Self.hash($0)) && !$0.isBeingDeleted }
    excess = Array(unused.prefix(max(0, unused.count - max(0, limit))))
  }

  /// The label value of the current version.
  var hash: String {
    switch current {
    case .known(let revision), .renumber(let revision, _), .make(let revision): Self.hash(revision)
    }
  }

  static func hash(_ revision: JSON) -> String { revision.label(DaemonPod.hashLabel) ?? "" }

  private static func number(_ revision: JSON) -> Int64 { revision["revision"]?.integer ?? 0 }

  /// The part of a DaemonSet that makes a version, as a patch that brings it back.
  static func data(_ set: JSON) -> JSON {
    var template = set["spec", "template"] ?? [:]
    template["$patch"] = "replace"
    return ["spec": ["template": template]]
  }

  private static func make(_ set: JSON, data: JSON, number: Int64) -> JSON {
    let hash = StableHash.of(
      set["spec", "template"] ?? [:], collisionCount: set["status", "collisionCount"]?.integer)
    var metadata: JSON = [
      "name": .string(DerivedName.join(set.name, "-" + hash)), "namespace": .string(set.namespace),
      "ownerReferences": [OwnerReferences.controller(set, .daemonSets)],
    ]
    metadata["labels"] = set["spec", "template", "metadata", "labels"]
    metadata["labels", DaemonPod.hashLabel] = .string(hash)
    if !set.annotations.isEmpty { metadata["annotations"] = .object(set.annotations) }
    return [
      "apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": metadata, "data": data,
      "revision": .integer(number),
    ]
  }
}
