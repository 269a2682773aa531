public import ContainerRuntime
public import Objects

/// A container cannot be made as its pod describes it.
public struct ContainerConfigError: Error, Sendable, Hashable {
  /// For `state.waiting.message` and the `Failed` event.
  public var message: String
  /// Whether a volume is the reason: the container then waits as one that is being made.
  public var isMountFailure: Bool

  /// An error.
  public init(_ message: String, isMountFailure: Bool = false) {
    self.message = message
    self.isMountFailure = isMountFailure
  }
}

/// The objects that pods take values from, as far as a pod refers to them.
public struct PodSources: Sendable, Hashable {
  /// By name, in the pod's namespace.
  public var configMaps: [String: JSON]
  /// By name, in the pod's namespace.
  public var secrets: [String: JSON]
  /// Service-account tokens, or why there is none, by their `serviceAccountToken` sources.
  public var tokens: [JSON: Result<String, ContainerConfigError>]
  /// The persistent volumes that claims are bound to, or why there is none, by the claims' names.
  public var claims: [String: Result<JSON, ContainerConfigError>]
  /// Of the pod's namespace, and `default/kubernetes`.
  public var services: [JSON]
  /// The pod's own, the main one first.
  public var podAddresses: [String]
  /// The node's, the main one first.
  public var hostAddresses: [String]
  /// What the node can give (`status.allocatable`).
  public var allocatable: JSON

  /// Sources; what is not given is not there.
  public init(
    configMaps: [String: JSON] = [:], secrets: [String: JSON] = [:],
    tokens: [JSON: Result<String, ContainerConfigError>] = [:],
    claims: [String: Result<JSON, ContainerConfigError>] = [:], services: [JSON] = [],
    podAddresses: [String] = [], hostAddresses: [String] = [], allocatable: JSON = .object([:])
  ) {
    self.configMaps = configMaps
    self.secrets = secrets
    self.tokens = tokens
    self.claims = claims
    self.services = services
    self.podAddresses = podAddresses
    self.hostAddresses = hostAddresses
    self.allocatable = allocatable
  }

  func fields(of pod: JSON) -> PodFields {
    PodFields(
      pod: pod, podAddresses: podAddresses, hostAddresses: hostAddresses, allocatable: allocatable)
  }
}

/// The variables of a container, and its command with them filled in.
public struct ContainerEnvironment: Sendable, Hashable {
  /// In order: what the container declares, then the services.
  public private(set) var variables: [EnvironmentVariable] = []
  /// Keys that cannot be names of variables, for an event each.
  public private(set) var skipped: [String] = []
  /// `command`, with variables filled in.
  public private(set) var command: [String] = []
  /// `args`, with variables filled in.
  public private(set) var arguments: [String] = []
  private var values: [String: String] = [:]

  /// Resolves everything.
  public init(of name: String, in pod: JSON, _ sources: PodSources) throws(ContainerConfigError) {
    guard let container = pod.containerSpec(name) else {
      throw ContainerConfigError("container \"\(name)\" not found")
    }
    var order: [String] = []
    let services = ServiceVariables.map(
      sources.services, namespace: pod.podNamespace,
      links: pod["spec", "enableServiceLinks"]?.boolean ?? true)
    for source in container.json["envFrom"]?.array ?? [] {
      try take(source, pod, sources, &order)
    }
    for variable in container.json["env"]?.array ?? [] {
      let name = variable["name"]?.string ?? ""
      let text = variable["value"]?.string ?? ""
      let value: String?
      if let from = variable["valueFrom"], text.isEmpty {
        value = try Self.value(from, container: container.name, pod, sources)
      } else {
        value = Expansion.expand(text) { values[$0] ?? services[$0] }
      }
      if let value { set(name, value, &order) }
    }
    for name in services.keys.sorted() where values[name] == nil { set(name, services[name] ?? "", &order) }
    variables = order.map { EnvironmentVariable($0, values[$0] ?? "") }
    command = texts(container.json["command"])
    arguments = texts(container.json["args"])
  }

  /// A text with this container's variables filled in; nil if it names one that is not there (`subPathExpr`).
  func expandAll(_ text: String) -> String? {
    var isWhole = true
    let result = Expansion.expand(text) { name in
      if values[name] == nil { isWhole = false }
      return values[name]
    }
    return isWhole ? result : nil
  }

  private func texts(_ list: JSON?) -> [String] {
    (list?.array ?? []).map { Expansion.expand($0.string ?? "") { values[$0] } }
  }

  private mutating func set(_ name: String, _ value: String, _ order: inout [String]) {
    if values.updateValue(value, forKey: name) == nil { order.append(name) }
  }

  /// All keys of a config map or secret (`envFrom`).
  private mutating func take(
    _ source: JSON, _ pod: JSON, _ sources: PodSources, _ order: inout [String]
  ) throws(ContainerConfigError) {
    let isSecret = source["secretRef"] != nil
    guard let reference = source["secretRef"] ?? source["configMapRef"] else { return }
    let name = reference["name"]?.string ?? ""
    guard let object = isSecret ? sources.secrets[name] : sources.configMaps[name] else {
      if reference["optional"]?.boolean == true { return }
      throw ContainerConfigError("\(isSecret ? "secret" : "configmap") \"\(name)\" not found")
    }
    let prefix = source["prefix"]?.string ?? ""
    var invalid: [String] = []
    for member in object["data"]?.object ?? [:] {
      let key = prefix + member.key
      guard Self.isName(key) else {
        invalid.append(key)
        continue
      }
      set(key, isSecret ? Self.decoded(member.value) : member.value.string ?? "", &order)
    }
    guard !invalid.isEmpty else { return }
    let keys = invalid.joined(separator: ", ")
    skipped.append(
      "Keys [\(keys)] from the EnvFrom \(isSecret ? "secret" : "configMap") \(pod.podNamespace)/\(name) "
        + "were skipped since they are considered invalid environment variable names.")
  }

  /// Printable ASCII without `=`, as since Kubernetes 1.34.
  private static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "=") }
  }

  private static func decoded(_ value: JSON) -> String {
    let bytes = try? Base64.decode(value.string ?? "")
    return String(decoding: bytes ?? [], as: UTF8.self)
  }

  /// A `valueFrom`; nil where an optional source is not there.
  private static func value(
    _ from: JSON, container: String, _ pod: JSON, _ sources: PodSources
  ) throws(ContainerConfigError) -> String? {
    if let reference = from["fieldRef"] {
      let path = reference["fieldPath"]?.string ?? ""
      guard let value = sources.fields(of: pod).field(path) else {
        throw ContainerConfigError("unsupported fieldPath: \(path)")
      }
      return value
    }
    if let reference = from["resourceFieldRef"] {
      guard let value = sources.fields(of: pod).resource(reference, of: container) else {
        throw ContainerConfigError(
          "unsupported container resource : \(reference["resource"]?.string ?? "")")
      }
      return value
    }
    let isSecret = from["secretKeyRef"] != nil
    guard let reference = from["secretKeyRef"] ?? from["configMapKeyRef"] else { return "" }
    let name = reference["name"]?.string ?? ""
    let key = reference["key"]?.string ?? ""
    let isOptional = reference["optional"]?.boolean == true
    guard let object = isSecret ? sources.secrets[name] : sources.configMaps[name] else {
      if isOptional { return nil }
      throw ContainerConfigError("\(isSecret ? "secret" : "configmap") \"\(name)\" not found")
    }
    guard let value = object["data"]?[key] else {
      if isOptional { return nil }
      throw ContainerConfigError(
        "couldn't find key \(key) in \(isSecret ? "Secret" : "ConfigMap") \(pod.podNamespace)/\(name)")
    }
    return isSecret ? decoded(value) : value.string ?? ""
  }
}
