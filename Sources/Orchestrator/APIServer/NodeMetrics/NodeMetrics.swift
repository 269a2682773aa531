public import Client
public import Exchange
public import Objects

/// `metrics.k8s.io/v1beta1`: what nodes and pods use now, as `kubectl top` and autoscaling ask for it. Nothing of it is
/// stored.
public final class NodeMetrics: Sendable {
  /// The group that is answered for.
  public static let group = "metrics.k8s.io"
  /// Its only version.
  public static let version = "v1beta1"

  /// For discovery.
  public static let resources = [
    Resource(
      group: group, version: version, resource: "nodes", kind: "NodeMetrics", isNamespaced: false,
      shortNames: [], categories: [], verbs: ["get", "list"], subresources: []),
    Resource(
      group: group, version: version, resource: "pods", kind: "PodMetrics", isNamespaced: true,
      shortNames: [], categories: [], verbs: ["get", "list"], subresources: []),
  ]

  private let nodes: @Sendable () async -> [JSON]
  private let pods: @Sendable (_ namespace: String) async -> [JSON]
  let scraper: NodeScraper
  private let time: any TimeSource

  /// - Parameters:
  ///   - nodes: all nodes, from an informer.
  ///   - pods: the pods of a namespace, or of all if it is empty.
  ///   - scrape: the text of `/metrics/resource` of a node's kubelet.
  public init(
    nodes: @escaping @Sendable () async -> [JSON],
    pods: @escaping @Sendable (_ namespace: String) async -> [JSON],
    time: any TimeSource = SystemTime(), scrape: @escaping @Sendable (_ node: JSON) async throws -> String
  ) {
    self.nodes = nodes
    self.pods = pods
    self.time = time
    scraper = NodeScraper(nodes: nodes, scrape: scrape, time: time)
  }

  /// Ends what goes on in the background.
  public func stop() async { await scraper.stop() }

  /// The answer to a request that authorization has let through; nil if it is for another group.
  public func answer(_ request: APIRequest) async -> APIResponse? {
    var parts = request.path.split(separator: "/").map(String.init)[...]
    guard parts.starts(with: ["apis", Self.group]) else { return nil }
    parts = parts.dropFirst(2)
    do throws(StatusError) {
      return Self.json(200, try await document(Array(parts), request))
    } catch {
      return Self.json(error.code, error.status)
    }
  }

  private static func json(_ status: Int, _ value: JSON) -> APIResponse {
    APIResponse(
      status: status, contentType: "application/json", bytes: value.serialized() + [UInt8(ascii: "\n")])
  }

  private func document(_ parts: [String], _ request: APIRequest) async throws(StatusError) -> JSON {
    guard parts.isEmpty || parts[0] == Self.version else { throw .noSuchPath }
    guard request.method == "GET" || request.method == "HEAD", request.parameter("watch") == nil else {
      throw .methodNotAllowed
    }
    let discovery = DiscoveryDocuments(resources: Self.resources)
    switch (parts.count, parts.count > 1 ? parts[1] : "") {
    case (0, _): return discovery.group(Self.group) ?? .null
    case (1, _): return discovery.resourceList(group: Self.group, version: Self.version) ?? .null
    case (2, "nodes"): return try await list("NodeMetrics", request) { await self.nodeMetrics(nil) }
    case (3, "nodes"):
      guard let found = await nodeMetrics(parts[2]).first else {
        throw .notFound(Self.resources[0], name: parts[2])
      }
      return found
    case (2, "pods"): return try await list("PodMetrics", request) { await self.podMetrics("", nil) }
    case (4, "namespaces") where parts[3] == "pods":
      return try await list("PodMetrics", request) { await self.podMetrics(parts[2], nil) }
    case (5, "namespaces") where parts[3] == "pods":
      guard let found = await podMetrics(parts[2], parts[4]).first else {
        throw .notFound(Self.resources[1], name: parts[2] + "/" + parts[4])
      }
      return found
    default: throw .noSuchPath
    }
  }

  private func list(
    _ kind: String, _ request: APIRequest, _ items: () async -> [JSON]
  ) async throws(StatusError) -> JSON {
    let labels: LabelRequirements
    let fields: FieldSelector
    do throws(SelectorError) {
      labels = try LabelRequirements(parsing: request.parameter("labelSelector") ?? "")
      fields = try FieldSelector(parsing: request.parameter("fieldSelector") ?? "")
    } catch {
      throw .badRequest("\(error)")
    }
    let known = ["metadata.name", "metadata.namespace"]
    guard fields.terms.allSatisfy({ known.contains($0.field) }) else {
      throw .badRequest("only metadata.name and metadata.namespace can be selected by")
    }
    let items = await items().filter { item in
      labels.matches(item["metadata", "labels"])
        && fields.matches { $0 == known[0] ? Self.name(item) : Self.namespace(item) }
    }
    return [
      "kind": .string(kind + "List"), "apiVersion": .string(Self.group + "/" + Self.version),
      "metadata": [:], "items": .array(items),
    ]
  }

  // MARK: Objects

  private func nodeMetrics(_ name: String?) async -> [JSON] {
    let history = await scraper.current()
    return await nodes().filter { name == nil || Self.name($0) == name }
      .sorted { Self.name($0) < Self.name($1) }
      .compactMap { node in
        guard let usage = history.usage(ofNode: Self.name(node)) else { return nil }
        var metrics = object("NodeMetrics", of: node, usage)
        metrics["usage"] = Self.amounts(usage)
        return metrics
      }
  }

  private func podMetrics(_ namespace: String, _ name: String?) async -> [JSON] {
    let usages = await scraper.current().podUsages()
    return await pods(namespace)
      .filter { (name == nil || Self.name($0) == name) && $0["status", "phase"] == "Running" }
      .sorted { (Self.namespace($0), Self.name($0)) < (Self.namespace($1), Self.name($1)) }
      .compactMap { pod in
        let key = UsageHistory.PodName(namespace: Self.namespace(pod), name: Self.name(pod))
        guard let containers = usages[key],
          let oldest = containers.values.min(by: { $0.timestamp < $1.timestamp })
        else { return nil }
        var metrics = object("PodMetrics", of: pod, oldest)
        metrics["containers"] = .array(
          containers.sorted { $0.key < $1.key }.map {
            ["name": .string($0.key), "usage": Self.amounts($0.value)]
          })
        return metrics
      }
  }

  private func object(_ kind: String, of subject: JSON, _ usage: UsageHistory.Usage) -> JSON {
    var metadata: JSON = ["name": .string(Self.name(subject)), "creationTimestamp": .string(time.now.text)]
    if !Self.namespace(subject).isEmpty { metadata["namespace"] = .string(Self.namespace(subject)) }
    metadata["labels"] = subject["metadata", "labels"]
    return [
      "kind": .string(kind), "apiVersion": .string(Self.group + "/" + Self.version), "metadata": metadata,
      "timestamp": .string(Timestamp(seconds: usage.timestamp / 1000).text),
      "window": .string(GoDuration(nanoseconds: usage.windowMilliseconds &* 1_000_000).text),
    ]
  }

  private static func name(_ object: JSON) -> String { object["metadata", "name"]?.string ?? "" }
  private static func namespace(_ object: JSON) -> String { object["metadata", "namespace"]?.string ?? "" }

  private static func amounts(_ usage: UsageHistory.Usage) -> JSON {
    let cpu = Quantity("\(usage.nanocores)n")?.canonical ?? "0"
    return ["cpu": .string(cpu), "memory": .string(Quantity(usage.memoryBytes, format: .binarySI).canonical)]
  }
}
