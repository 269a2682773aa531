import Objects

/// Which node ports a Service needs that it does not have yet, and where they go.
///
/// Ports with the same number but another protocol share a node port, as DNS over UDP and TCP does.
struct PortPlan: Sendable {
  /// A node port that is to be taken.
  struct Want: Sendable, Hashable {
    /// Nil for any.
    var port: Int64?
    /// The elements of `ports` that get it.
    var places: [Int]
  }

  /// What is to be taken for ports.
  var wants: [Want] = []
  /// What is known already, by place in `ports`.
  var known: [(place: Int, port: Int64)] = []

  init(_ service: JSON, holding held: [Int64]) {
    let needs = ServiceNeeds(service)
    guard needs.nodePorts else { return }
    let ports = service["spec"]?.list("ports") ?? []
    var usable = Set(held)
    /// What each port number of the service is reached by, and by which protocols.
    var reached: [Int64: (port: Int64?, protocols: Set<String>, want: Int?)] = [:]
    for (place, port) in ports.enumerated() {
      guard let nodePort = port["nodePort"]?.integer, nodePort != 0 else { continue }
      if usable.insert(nodePort).inserted { wants.append(Want(port: nodePort, places: [place])) }
      let number = port["port"]?.integer ?? 0
      var entry = reached[number] ?? (nodePort, [], nil)
      if entry.port == nodePort { entry.protocols.insert(port.text("protocol")) }
      reached[number] = entry
    }
    guard needs.newNodePorts else { return }
    for (place, port) in ports.enumerated() where (port["nodePort"]?.integer ?? 0) == 0 {
      let number = port["port"]?.integer ?? 0
      let proto = port.text("protocol")
      if let entry = reached[number], !entry.protocols.contains(proto) {
        reached[number]?.protocols.insert(proto)
        if let nodePort = entry.port {
          known.append((place, nodePort))
        } else if let want = entry.want {
          wants[want].places.append(place)
        }
        continue
      }
      wants.append(Want(port: nil, places: [place]))
      reached[number] = (nil, [proto], wants.count - 1)
    }
  }
}
