import Cloud
import Objects
import Synchronization

/// A cloud that answers as one did when it was recorded: every call must be one of the recording, the calls of a kind
/// about one subject in their order, the last of which answers again. What was not recorded fails.
final class RecordedProvider: CloudProvider, CloudInstances, CloudLoadBalancers, CloudRoutes {
  /// A call and its answer: `{"call": "instances.exists node-1", "answer": true}`, or `"error"` instead of the answer.
  private struct State {
    var answers: [String: [JSON]] = [:]
    var calls: [String] = []
    var strangers: [String] = []
  }

  let name: String
  private let state: Mutex<State>

  /// Reads a recording: its `provider` and its `calls`.
  init(_ recording: JSON) {
    name = recording["provider"]?.string ?? ""
    var answers: [String: [JSON]] = [:]
    for each in recording["calls"]?.array ?? [] {
      answers[each["call"]?.string ?? "", default: []].append(each)
    }
    state = Mutex(State(answers: answers))
  }

  /// All calls so far.
  var calls: [String] { state.withLock { $0.calls } }
  /// Calls that the recording lacks.
  var strangers: [String] { state.withLock { $0.strangers } }

  var instances: (any CloudInstances)? { self }
  var loadBalancers: (any CloudLoadBalancers)? { self }
  var routes: (any CloudRoutes)? { self }

  private func replay(_ call: String) throws(CloudError) -> JSON {
    let entry: JSON? = state.withLock { state in
      state.calls.append(call)
      guard let known = state.answers[call], let first = known.first else {
        state.strangers.append(call)
        return nil
      }
      if known.count > 1 { state.answers[call] = Array(known.dropFirst()) }
      return first
    }
    guard let entry else { throw CloudError("not recorded: \(call)") }
    if let problem = entry["error"]?.string {
      throw CloudError(
        problem, retryAfter: entry["retryAfterMilliseconds"]?.integer.map { .milliseconds($0) })
    }
    return entry["answer"] ?? .null
  }

  private func subject(_ object: JSON) -> String { object["metadata", "name"]?.string ?? "" }

  func exists(_ node: JSON) async throws(CloudError) -> Bool {
    try replay("instances.exists \(subject(node))").boolean ?? false
  }

  func isShutDown(_ node: JSON) async throws(CloudError) -> Bool {
    try replay("instances.isShutDown \(subject(node))").boolean ?? false
  }

  func metadata(_ node: JSON) async throws(CloudError) -> InstanceMetadata {
    let answer = try replay("instances.metadata \(subject(node))")
    return InstanceMetadata(
      providerID: answer["providerID"]?.string ?? "",
      addresses: (answer["addresses"]?.array ?? []).map {
        InstanceMetadata.Address(type: $0["type"]?.string ?? "", address: $0["address"]?.string ?? "")
      }, instanceType: answer["instanceType"]?.string ?? "", zone: answer["zone"]?.string ?? "",
      region: answer["region"]?.string ?? "")
  }

  private func ingress(_ answer: JSON) -> [LoadBalancerIngress] {
    (answer.array ?? []).map {
      LoadBalancerIngress(ip: $0["ip"]?.string ?? "", hostname: $0["hostname"]?.string ?? "")
    }
  }

  func get(cluster: String, service: JSON) async throws(CloudError) -> [LoadBalancerIngress]? {
    let answer = try replay("loadBalancers.get \(subject(service))")
    return answer.isNull ? nil : ingress(answer)
  }

  func ensure(
    cluster: String, service: JSON, nodes: [JSON]
  ) async throws(CloudError) -> [LoadBalancerIngress] {
    ingress(
      try replay(
        "loadBalancers.ensure \(subject(service)) [\(nodes.map(subject).joined(separator: " "))]"))
  }

  func update(
    cluster: String, service: JSON, nodes: [JSON]
  ) async throws(CloudError) -> [LoadBalancerIngress] {
    ingress(
      try replay(
        "loadBalancers.update \(subject(service)) [\(nodes.map(subject).joined(separator: " "))]"))
  }

  func delete(cluster: String, service: JSON) async throws(CloudError) {
    _ = try replay("loadBalancers.delete \(subject(service))")
  }

  func list(cluster: String) async throws(CloudError) -> [CloudRoute] {
    (try replay("routes.list").array ?? []).map {
      CloudRoute(node: $0["node"]?.string ?? "", destination: $0["destination"]?.string ?? "")
    }
  }

  func create(cluster: String, route: CloudRoute, node: JSON) async throws(CloudError) {
    _ = try replay("routes.create \(route.node) \(route.destination)")
  }

  func delete(cluster: String, route: CloudRoute) async throws(CloudError) {
    _ = try replay("routes.delete \(route.node) \(route.destination)")
  }
}
