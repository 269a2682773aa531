public import Objects

/// The older form of a service's endpoints: one object with the addresses grouped by the ports they serve.
public enum EndpointsPlan {
  /// Addresses in one object at most; whoever needs all of them reads slices.
  public static let addresses = 1000

  static let managerLabel = "endpoints.kubernetes.io/managed-by"
  static let overCapacity = "endpoints.kubernetes.io/over-capacity"
  static let headlessLabel = "service.kubernetes.io/headless"

  /// What to write, or nil if `current` says it already.
  /// - Parameter current: the object that is there; nil if there is none.
  public static func object(service: JSON, pods: [JSON], current: JSON?) -> JSON? {
    let (subsets, isTruncated) = subsets(service: service, pods: pods)
    var labels = ServicePods.labels(of: service, except: [managerLabel, headlessLabel])
    labels[managerLabel] = "endpoint-controller"
    if ServicePods.isHeadless(service) { labels[headlessLabel] = "" }

    var object =
      current
      ?? [
        "apiVersion": "v1", "kind": "Endpoints",
        "metadata": [
          "name": service["metadata", "name"] ?? "", "namespace": service["metadata", "namespace"] ?? "",
        ],
      ]
    object["metadata", "labels"] = .object(labels)
    if isTruncated || object["metadata", "annotations"]?[overCapacity] != nil {
      object["metadata", "annotations", overCapacity] = isTruncated ? "truncated" : Optional<JSON>.none
    }
    if !subsets.isEmpty || current?["subsets"] != nil {
      object["subsets"] = subsets.isEmpty ? Optional<JSON>.none : .array(subsets)
    }
    return object == current ? nil : object
  }

  private struct Address {
    let json: JSON
    let ip: String
    let isReady: Bool
  }

  private static func subsets(service: JSON, pods: [JSON]) -> ([JSON], isTruncated: Bool) {
    let isIPv6 = service["spec", "ipFamilies"]?.array?.first?.string == "IPv6"
    let publishesUnready = ServicePods.publishesUnready(service)
    var groups: [[ServicePods.Port]: [Address]] = [:]
    var ready = 0
    var unready = 0
    let ordered = pods.compactMap { pod -> (pod: JSON, ip: String)? in
      guard !ServicePods.hasEnded(pod), publishesUnready || !ServicePods.isTerminating(pod) else {
        return nil
      }
      return ServicePods.address(of: pod, isIPv6: isIPv6).map { (pod, $0) }
    }
    .sorted { $0.ip < $1.ip }
    for (pod, ip) in ordered {
      let ports = ServicePods.ports(of: service, on: pod)
      if ports.isEmpty, !ServicePods.isHeadless(service) { continue }
      let isReady = publishesUnready || ServicePods.isReady(pod)
      var json: JSON = ["ip": .string(ip), "targetRef": ServicePods.reference(to: pod)]
      if let node = pod["spec", "nodeName"]?.string, !node.isEmpty { json["nodeName"] = .string(node) }
      if let hostname = ServicePods.hostname(of: pod, in: service) { json["hostname"] = .string(hostname) }
      groups[ports.sorted { ($0.name, $0.port) < ($1.name, $1.port) }, default: []]
        .append(Address(json: json, ip: ip, isReady: isReady))
      if isReady { ready += 1 } else { unready += 1 }
    }

    // Those that are ready first, if not all fit.
    var room = (ready: min(ready, addresses), unready: max(0, min(unready, addresses - ready)))
    var subsets: [JSON] = []
    for ports in groups.keys.sorted(by: { text(of: $0) < text(of: $1) }) {
      let all = groups[ports] ?? []
      let readyOnes = all.filter(\.isReady).prefix(room.ready)
      let unreadyOnes = all.filter { !$0.isReady }.prefix(room.unready)
      room.ready -= readyOnes.count
      room.unready -= unreadyOnes.count
      var subset: JSON = [:]
      if !readyOnes.isEmpty { subset["addresses"] = .array(readyOnes.map(\.json)) }
      if !unreadyOnes.isEmpty { subset["notReadyAddresses"] = .array(unreadyOnes.map(\.json)) }
      if !ports.isEmpty { subset["ports"] = .array(ports.map { $0.json(withEmptyName: false) }) }
      if !readyOnes.isEmpty || !unreadyOnes.isEmpty { subsets.append(subset) }
    }
    return (subsets, ready + unready > addresses)
  }

  private static func text(of ports: [ServicePods.Port]) -> String {
    ports.map { "\($0.name)/\($0.port)/\($0.transport)" }.joined(separator: ",")
  }
}
