public import Objects

/// What has to be done so that the slices of a service name its pods.
public struct EndpointSlicePlan: Sendable, Hashable {
  /// New slices; the server gives them names.
  public var creates: [JSON] = []
  /// Slices with other content, at the version that was seen.
  public var updates: [JSON] = []
  /// Slices that are not needed any more.
  public var deletes: [JSON] = []

  /// Endpoints in one slice at most.
  public static let endpointsPerSlice = 100
  /// Who the slices say they are managed by.
  public static let manager = "endpointslice-controller.k8s.io"

  static let managerLabel = "endpointslice.kubernetes.io/managed-by"
  static let serviceLabel = "kubernetes.io/service-name"
  static let headlessLabel = "service.kubernetes.io/headless"

  /// The plan for one service.
  ///
  /// Endpoints stay in the slices that hold them, so that a change of one pod changes one slice; new ones fill the
  /// slices that have room, the fullest first.
  /// - Parameters:
  ///   - pods: those that the service selects.
  ///   - zones: the zone of each node that has one.
  ///   - slices: all slices of the service, those of other managers included: they are left alone.
  public init(service: JSON, pods: [JSON], zones: [String: String], slices: [JSON]) {
    let own = slices.filter {
      $0["metadata", "labels"]?[Self.managerLabel]?.string == Self.manager
        && $0["metadata", "deletionTimestamp"] == nil
    }
    let families = service["spec", "ipFamilies"]?.array?.compactMap(\.string) ?? []
    let types = families.isEmpty ? ["IPv4"] : families
    for type in types {
      plan(
        service, pods, zones, own.filter { $0["addressType"]?.string == type }, type: type)
    }
    deletes += own.filter { !types.contains($0["addressType"]?.string ?? "") }
  }

  /// Whether there is nothing to do.
  public var isEmpty: Bool { creates.isEmpty && updates.isEmpty && deletes.isEmpty }

  private mutating func plan(
    _ service: JSON, _ pods: [JSON], _ zones: [String: String], _ slices: [JSON], type: String
  ) {
    var wanted: [[JSON]: [(key: String, endpoint: JSON)]] = [:]
    for pod in pods.sorted(by: { Self.key(of: $0) < Self.key(of: $1) }) {
      guard !ServicePods.hasEnded(pod),
        let address = ServicePods.address(of: pod, isIPv6: type == "IPv6")
      else { continue }
      let ports = ServicePods.ports(of: service, on: pod).map { $0.json(withEmptyName: true) }
      let endpoint = Self.endpoint(pod, address: address, service: service, zones: zones)
      wanted[ports, default: []].append((Self.key(of: pod), endpoint))
    }
    // Without pods one slice says so.
    if wanted.isEmpty { wanted[[]] = [] }

    var unclaimed = slices
    for ports in wanted.keys.sorted(by: { JSON.array($0).text < JSON.array($1).text }) {
      let endpoints = wanted[ports] ?? []
      let same = unclaimed.filter { ($0["ports"]?.array ?? []) == ports }
      unclaimed.removeAll { ($0["ports"]?.array ?? []) == ports }
      fill(same, endpoints, ports: ports, service: service, type: type)
    }
    // A slice with other ports is taken over before another is made.
    while let last = creates.last, !unclaimed.isEmpty, last["addressType"]?.string == type {
      creates.removeLast()
      var slice = unclaimed.removeFirst()
      slice["ports"] = last["ports"]
      slice["endpoints"] = last["endpoints"]
      slice["metadata", "labels"] = last["metadata", "labels"]
      updates.append(slice)
    }
    deletes += unclaimed
  }

  private mutating func fill(
    _ slices: [JSON], _ wanted: [(key: String, endpoint: JSON)], ports: [JSON], service: JSON, type: String
  ) {
    var missing = Dictionary(wanted.map { ($0.key, $0.endpoint) }) { first, _ in first }
    var kept = slices.map { slice in
      (slice["endpoints"]?.array ?? []).compactMap { missing.removeValue(forKey: Self.key(ofTarget: $0)) }
    }
    var rest = wanted.filter { missing[$0.key] != nil }.map(\.endpoint)[...]
    let byFullness = kept.indices.sorted { (kept[$0].count, $1) > (kept[$1].count, $0) }
    for index in byFullness where kept[index].count < Self.endpointsPerSlice {
      let taken = rest.prefix(Self.endpointsPerSlice - kept[index].count)
      kept[index] += taken
      rest = rest.dropFirst(taken.count)
    }

    // The last slice of a service without endpoints stays.
    let hasOther = kept.contains { !$0.isEmpty } || !rest.isEmpty
    var keptEmpty = false
    for (slice, endpoints) in zip(slices, kept) {
      if endpoints.isEmpty, hasOther || keptEmpty {
        deletes.append(slice)
        continue
      }
      keptEmpty = keptEmpty || endpoints.isEmpty
      var changed = slice
      changed["endpoints"] = .array(endpoints)
      changed["metadata", "labels"] = .object(Self.labels(of: service))
      if slice["endpoints"]?.array == nil, endpoints.isEmpty { changed["endpoints"] = slice["endpoints"] }
      if changed != slice { updates.append(changed) }
    }
    repeat {
      if rest.isEmpty, !slices.isEmpty { break }
      let endpoints = Array(rest.prefix(Self.endpointsPerSlice))
      rest = rest.dropFirst(endpoints.count)
      creates.append(Self.slice(of: service, type: type, ports: ports, endpoints: endpoints))
    } while !rest.isEmpty
  }

  private static func key(of pod: JSON) -> String {
    pod["metadata", "uid"]?.string ?? pod["metadata", "name"]?.string ?? ""
  }

  private static func key(ofTarget endpoint: JSON) -> String {
    endpoint["targetRef", "uid"]?.string ?? endpoint["targetRef", "name"]?.string ?? ""
  }

  private static func endpoint(_ pod: JSON, address: String, service: JSON, zones: [String: String]) -> JSON {
    let isServing = ServicePods.isReady(pod)
    let isTerminating = ServicePods.isTerminating(pod)
    var endpoint: JSON = [
      "addresses": [.string(address)],
      "conditions": [
        "ready": .boolean(ServicePods.publishesUnready(service) || (isServing && !isTerminating)),
        "serving": .boolean(isServing), "terminating": .boolean(isTerminating),
      ],
      "targetRef": ServicePods.reference(to: pod),
    ]
    if let node = pod["spec", "nodeName"]?.string, !node.isEmpty {
      endpoint["nodeName"] = .string(node)
      if let zone = zones[node] { endpoint["zone"] = .string(zone) }
    }
    if let hostname = ServicePods.hostname(of: pod, in: service) { endpoint["hostname"] = .string(hostname) }
    return endpoint
  }

  private static func labels(of service: JSON) -> JSONObject {
    var labels = ServicePods.labels(of: service, except: [managerLabel, serviceLabel, headlessLabel])
    labels[managerLabel] = .string(manager)
    labels[serviceLabel] = service["metadata", "name"]
    if ServicePods.isHeadless(service) { labels[headlessLabel] = "" }
    return labels
  }

  private static func slice(of service: JSON, type: String, ports: [JSON], endpoints: [JSON]) -> JSON {
    let name = service["metadata", "name"]?.string ?? ""
    return [
      "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
      "metadata": [
        "generateName": .string(name + "-"),
        "namespace": service["metadata", "namespace"] ?? "",
        "labels": .object(labels(of: service)),
        "ownerReferences": [
          [
            "apiVersion": "v1", "kind": "Service", "name": .string(name),
            "uid": service["metadata", "uid"] ?? "", "controller": true, "blockOwnerDeletion": true,
          ]
        ],
      ],
      "addressType": .string(type), "ports": .array(ports), "endpoints": .array(endpoints),
    ]
  }
}
