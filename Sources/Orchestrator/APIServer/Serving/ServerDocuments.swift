import Exchange
import Objects
import Synchronization

/// The answers to paths that are no resources: discovery, OpenAPI, the version.
final class ServerDocuments: Sendable {
  /// Documents of OpenAPI that are kept written, at most.
  private static let keptDocuments = 4

  private let discovery: DiscoveryDocuments
  private let openAPI: OpenAPIDocuments
  private let options: ServerOptions
  private let kept = Mutex<[(path: String, bytes: [UInt8])]>([])
  private let paths: Set<String>

  init(_ resources: [Resource], computed: [Resource] = [], options: ServerOptions) {
    discovery = DiscoveryDocuments(resources: resources + computed)
    openAPI = OpenAPIDocuments(schema: .builtIn, resources: resources, serverVersion: options.version)
    self.options = options
    paths = Set(openAPI.paths)
  }

  /// `/version`.
  var version: JSON {
    let parts = options.version.dropFirst().split(separator: ".").map(String.init)
    let major = parts.first ?? "1"
    let minor = parts.count > 1 ? parts[1] : "0"
    let before = Int(minor).map { String(max(0, $0 - 1)) } ?? minor
    return [
      "major": .string(major), "minor": .string(minor), "emulationMajor": .string(major),
      "emulationMinor": .string(minor), "minCompatibilityMajor": .string(major),
      "minCompatibilityMinor": .string(before), "gitVersion": .string(options.version + "+raftkv"),
      "gitCommit": "", "gitTreeState": "", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "",
      "compiler": "swift",
      "platform": "linux/amd64",
    ]
  }

  /// Discovery; nil if the path is none of its.
  func discovery(_ request: APIRequest) -> APIResponse? {
    let parts = request.path.split(separator: "/").map(String.init)
    let aggregated = Self.aggregatedClause(request.header("accept"))
    let document: JSON?
    switch (parts.first, parts.count) {
    case ("api", 1):
      if let aggregated { return Self.json(discovery.aggregatedCore, contentType: aggregated) }
      document = discovery.coreVersions(serverAddress: options.address)
    case ("apis", 1):
      if let aggregated { return Self.json(discovery.aggregatedGroups, contentType: aggregated) }
      document = discovery.groupList
    case ("api", 2): document = discovery.resourceList(group: "", version: parts[1])
    case ("apis", 2): document = discovery.group(parts[1])
    case ("apis", 3): document = discovery.resourceList(group: parts[1], version: parts[2])
    default: return nil
    }
    return document.map { Self.json($0) } ?? Self.notFound
  }

  /// The media type to answer with, if a client takes the aggregated form.
  private static func aggregatedClause(_ accept: String?) -> String? {
    for clause in MediaClause.all(accept ?? "") {
      guard clause.type == "application/json" else { continue }
      let parameters = clause.parameters
      if parameters["g"] == "apidiscovery.k8s.io", parameters["as"] == "APIGroupDiscoveryList" {
        guard let version = parameters["v"], version == "v2" else { continue }
        return "application/json;g=apidiscovery.k8s.io;v=\(version);as=APIGroupDiscoveryList"
      }
      if parameters["as"] == nil { return nil }
    }
    return nil
  }

  /// `/openapi/v2`.
  func openAPIv2(_ request: APIRequest) -> APIResponse {
    // Both spellings of the type that there have been.
    let wantsProtobuf = MediaClause.all(request.header("accept") ?? "").contains {
      $0.type.hasPrefix("application/com.github.proto-openapi.spec.v2")
    }
    guard wantsProtobuf else { return Self.json(OpenAPIv2.json(version: options.version)) }
    return APIResponse(
      status: 200, contentType: OpenAPIv2.protobufType, bytes: OpenAPIv2.protobuf(version: options.version))
  }

  /// `/openapi/v3` and what is below it.
  func openAPI(_ request: APIRequest) -> APIResponse {
    let path = request.path.split(separator: "/").dropFirst(2).joined(separator: "/")
    if path.isEmpty {
      return APIResponse(
        status: 200, contentType: "text/plain; charset=utf-8",
        bytes: openAPI.index { self.hash($0) }.serialized())
    }
    guard paths.contains(path) else { return Self.notFound }
    let tag = "\"" + hash(path) + "\""
    if request.header("if-none-match") == tag {
      return APIResponse(status: 304, headers: [(name: "etag", value: tag)], body: .parts([]))
    }
    guard let bytes = document(path) else { return Self.notFound }
    return APIResponse(
      status: 200, contentType: "application/json", bytes: bytes,
      headers: [
        (name: "etag", value: tag), (name: "vary", value: "Accept"),
        (name: "cache-control", value: request.parameter("hash") == nil ? "no-cache" : "public, immutable"),
      ])
  }

  /// A document's content follows from the program that makes it.
  private func hash(_ path: String) -> String {
    OpenAPIDocuments.hash(of: Array("\(options.version) \(path)".utf8))
  }

  private func document(_ path: String) -> [UInt8]? {
    if let known = kept.withLock({ kept in kept.first { $0.path == path }?.bytes }) { return known }
    guard let bytes = openAPI.document(at: path)?.serialized() else { return nil }
    kept.withLock { kept in
      if kept.count >= Self.keptDocuments { kept.removeFirst() }
      kept.append((path, bytes))
    }
    return bytes
  }

  static func json(_ value: JSON, contentType: String = "application/json") -> APIResponse {
    APIResponse(status: 200, contentType: contentType, bytes: value.serialized() + [UInt8(ascii: "\n")])
  }

  static func text(_ status: Int, _ text: String) -> APIResponse {
    APIResponse(status: status, contentType: "text/plain; charset=utf-8", bytes: Array(text.utf8))
  }

  /// Nothing is served at a path.
  static var notFound: APIResponse { text(404, "404 page not found\n") }

  /// `/`: the paths that there are.
  func rootPaths(_ resources: [Resource]) -> JSON {
    var paths: Set<String> = [
      "/.well-known/openid-configuration", "/api", "/apis", "/healthz", "/healthz/etcd", "/healthz/ping",
      "/livez",
      "/livez/etcd", "/livez/ping", "/metrics", "/openapi/v3", "/openid/v1/jwks", "/readyz", "/readyz/etcd",
      "/readyz/ping", "/version",
    ]
    for resource in resources {
      if resource.group.isEmpty {
        paths.insert("/api/" + resource.version)
      } else {
        paths.insert("/apis/" + resource.group)
        paths.insert("/apis/" + resource.group + "/" + resource.version)
      }
    }
    return ["paths": .array(paths.sorted().map { .string($0) })]
  }
}
