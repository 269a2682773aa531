import APIServer
import Client
import Exchange
import NodeMetrics
import Objects

/// `metrics.k8s.io` of an API server that is told of it before it exists.
final class MetricsOfNodes: Sendable {
  private let metrics = Locked<NodeMetrics?>(nil)

  /// What the API server is told.
  var groups: ComputedGroups {
    ComputedGroups(resources: NodeMetrics.resources) { [weak self] request in
      await self?.metrics.get()?.answer(request)
    }
  }

  /// Begins to answer: what nodes use is asked of their kubelets through the API server's own way to them.
  func open(_ client: APIClient, _ transport: any APITransport) {
    guard let nodes = Resource.builtIn(group: "", version: "v1", resource: "nodes"),
      let pods = Resource.builtIn(group: "", version: "v1", resource: "pods")
    else { return }
    metrics.set(
      NodeMetrics(
        nodes: { (try? await client.list(nodes).items) ?? [] },
        pods: { namespace in (try? await client.list(pods, namespace: namespace).items) ?? [] },
        scrape: { node in
          let name = node["metadata", "name"]?.string ?? ""
          let response = try await transport.send(
            APIRequest(path: "/api/v1/nodes/\(name)/proxy/metrics/resource"))
          let text = String(decoding: try await response.body.bytes(limit: Self.textBytes), as: UTF8.self)
          guard response.status == 200 else { throw StatusError.unavailable(text) }
          return text
        }))
  }

  /// What a node says of itself is no longer than this.
  private static let textBytes = 16 << 20
}
