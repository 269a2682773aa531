extension Strategy {
  /// Versions in which custom objects may be stored are remembered for as long as such objects may exist.
  static var customResourceDefinition: Strategy {
    var strategy = counting(
      ["spec"],
      status: ["conditions": .null, "acceptedNames": ["plural": "", "kind": ""], "storedVersions": []])
    strategy.statusMetadata = .nothing
    strategy.allowsUnconditionalUpdate = false
    strategy.onCreate = { definition, _ in noteStoredVersion(of: &definition) }
    strategy.onUpdate = { definition, _, _ in noteStoredVersion(of: &definition) }
    return strategy
  }

  private static func noteStoredVersion(of definition: inout JSON) {
    let versions = definition["spec", "versions"]?.array ?? []
    guard let version = versions.first(where: { $0["storage"]?.boolean == true })?["name"] else { return }
    let stored = definition["status", "storedVersions"]?.array ?? []
    if !stored.contains(version) { definition["status", "storedVersions"] = .array(stored + [version]) }
  }

  /// An API that this server answers itself is available at once.
  static var apiService: Strategy {
    var strategy = separate(empty: [:])
    strategy.statusMetadata = .anythingBut(["annotations", "finalizers", "labels", "ownerReferences"])
    strategy.allowsUnconditionalUpdate = false
    strategy.onCreate = { apiService, write in
      guard apiService["spec"]?.lacks("service") ?? true else { return }
      apiService["status", "conditions"] = [
        [
          "type": "Available", "status": "True", "lastTransitionTime": .string(write.time.text),
          "reason": "Local", "message": "Local APIServices are always available",
        ]
      ]
    }
    return strategy
  }
}
