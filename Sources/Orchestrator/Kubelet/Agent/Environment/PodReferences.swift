import Objects

/// The config maps and secrets that a pod takes values and files from, by name, its tokens' sources and its
/// claims.
struct PodReferences: Sendable, Hashable {
  private(set) var configMaps: [String] = []
  private(set) var secrets: [String] = []
  private(set) var tokens: [JSON] = []
  private(set) var claims: [String] = []

  init(_ pod: JSON) {
    var (maps, hidden) = (Set<String>(), Set<String>())
    func note(_ reference: JSON?, _ names: inout Set<String>, field: String = "name") {
      if let name = reference?[field]?.string, !name.isEmpty { names.insert(name) }
    }
    for spec in pod.initContainers + pod.appContainers + pod.ephemeralContainers {
      for source in spec.json["envFrom"]?.array ?? [] {
        note(source["configMapRef"], &maps)
        note(source["secretRef"], &hidden)
      }
      for variable in spec.json["env"]?.array ?? [] {
        note(variable["valueFrom", "configMapKeyRef"], &maps)
        note(variable["valueFrom", "secretKeyRef"], &hidden)
      }
    }
    for volume in pod["spec", "volumes"]?.array ?? [] {
      if let claim = pod.claimName(volume) { claims.append(claim) }
      note(volume["configMap"], &maps)
      note(volume["secret"], &hidden, field: "secretName")
      for source in volume["projected", "sources"]?.array ?? [] {
        note(source["configMap"], &maps)
        note(source["secret"], &hidden)
        if let token = source["serviceAccountToken"] { tokens.append(token) }
      }
    }
    configMaps = maps.sorted()
    secrets = hidden.sorted()
  }
}
