import Objects

/// What a service's rules and a pod's state make of the two together: shared by both kinds of endpoints.
enum ServicePods {
  /// A port that a pod serves for a service.
  struct Port: Hashable {
    var name: String
    var port: Int64
    var transport: String
    var appProtocol: String?

    /// As slices and endpoints both write it; `withEmptyName` for slices, which keep a name that is empty.
    func json(withEmptyName: Bool) -> JSON {
      var json: JSON = ["port": .integer(port), "protocol": .string(transport)]
      if withEmptyName || !name.isEmpty { json["name"] = .string(name) }
      if let appProtocol { json["appProtocol"] = .string(appProtocol) }
      return json
    }
  }

  /// Whether the endpoints of this service are a controller's business: those without a selector are people's own.
  static func areManaged(_ service: JSON) -> Bool {
    guard service["spec", "type"]?.string != "ExternalName" else { return false }
    return service["spec", "selector"]?.object?.isEmpty == false
  }

  /// Whether a service has no cluster IP.
  static func isHeadless(_ service: JSON) -> Bool { service["spec", "clusterIP"]?.string == "None" }

  /// Whether pods are published before they are ready.
  static func publishesUnready(_ service: JSON) -> Bool {
    service["spec", "publishNotReadyAddresses"]?.boolean == true
  }

  /// Whether a pod has ended for good.
  static func hasEnded(_ pod: JSON) -> Bool {
    ["Failed", "Succeeded"].contains(pod["status", "phase"]?.string ?? "")
  }

  /// Whether a pod says that it is ready.
  static func isReady(_ pod: JSON) -> Bool {
    (pod["status", "conditions"]?.array ?? []).contains {
      $0["type"]?.string == "Ready" && $0["status"]?.string == "True"
    }
  }

  /// Whether a pod is being deleted.
  static func isTerminating(_ pod: JSON) -> Bool { pod["metadata", "deletionTimestamp"]?.string != nil }

  /// The ports of a service as this pod has them: a named port that the pod lacks is left out.
  static func ports(of service: JSON, on pod: JSON) -> [Port] {
    (service["spec", "ports"]?.array ?? []).compactMap { port in
      let transport = port["protocol"]?.string ?? "TCP"
      guard let number = target(of: port, transport, on: pod) else { return nil }
      return Port(
        name: port["name"]?.string ?? "", port: number, transport: transport,
        appProtocol: port["appProtocol"]?.string)
    }
  }

  private static func target(of port: JSON, _ transport: String, on pod: JSON) -> Int64? {
    switch port["targetPort"] {
    case .integer(let number)? where number > 0: return number
    case .string(let name)?:
      // Init containers that go on beside the others serve as well.
      let sidecars = (pod["spec", "initContainers"]?.array ?? []).filter {
        $0["restartPolicy"]?.string == "Always"
      }
      for container in (pod["spec", "containers"]?.array ?? []) + sidecars {
        for candidate in container["ports"]?.array ?? []
        where candidate["name"]?.string == name && (candidate["protocol"]?.string ?? "TCP") == transport {
          return candidate["containerPort"]?.integer
        }
      }
      return nil
    default: return port["port"]?.integer
    }
  }

  /// The pod's own name below a headless service, if it has asked for one.
  static func hostname(of pod: JSON, in service: JSON) -> String? {
    guard let hostname = pod["spec", "hostname"]?.string, !hostname.isEmpty,
      pod["spec", "subdomain"]?.string == service["metadata", "name"]?.string
    else { return nil }
    return hostname
  }

  /// Points to the pod.
  static func reference(to pod: JSON) -> JSON {
    var reference: JSON = ["kind": "Pod"]
    for field in ["namespace", "name", "uid"] { reference[field] = pod["metadata", field] }
    return reference
  }

  /// The pod's addresses of one family, the first that it has.
  static func address(of pod: JSON, isIPv6: Bool) -> String? {
    let all = (pod["status", "podIPs"]?.array ?? []).compactMap { $0["ip"]?.string }
    let first = pod["status", "podIP"]?.string.map { [$0] } ?? []
    return (all.isEmpty ? first : all).first { !$0.isEmpty && $0.contains(":") == isIPv6 }
  }

  /// The service's labels without those that say who manages what.
  static func labels(of service: JSON, except reserved: Set<String>) -> JSONObject {
    JSONObject(
      (service["metadata", "labels"]?.object ?? [:]).lazy
        .filter { !reserved.contains($0.key) }.map { ($0.key, $0.value) })
  }
}
