import Client
public import Objects

/// What the kubelet asks about pods. Absent fields read as Go's zero values.
extension JSON {
  var podName: String { self["metadata", "name"]?.string ?? "" }
  var podNamespace: String { self["metadata", "namespace"]?.string ?? "" }
  var podUID: String { self["metadata", "uid"]?.string ?? "" }
  /// A pod as the kubelet names it in messages: `name_namespace(uid)`.
  var podText: String { "\(podName)_\(podNamespace)(\(podUID))" }

  var isBeingDeleted: Bool { !(self["metadata", "deletionTimestamp"]?.isNull ?? true) }
  var usesHostNetwork: Bool { self["spec", "hostNetwork"]?.boolean ?? false }

  /// Whether all containers have ended for good.
  var isTerminal: Bool {
    let phase = self["status", "phase"]?.string
    return phase == "Succeeded" || phase == "Failed"
  }

  /// How long containers may take to stop.
  var gracePeriod: Duration {
    if isBeingDeleted, let seconds = self["metadata", "deletionGracePeriodSeconds"]?.integer {
      return .seconds(max(0, seconds))
    }
    return .seconds(max(0, self["spec", "terminationGracePeriodSeconds"]?.integer ?? 30))
  }

  var appContainers: [ContainerSpec] { containerSpecs("containers", .app) }
  var initContainers: [ContainerSpec] { containerSpecs("initContainers", .initialization) }
  var ephemeralContainers: [ContainerSpec] { containerSpecs("ephemeralContainers", .ephemeral) }

  private func containerSpecs(_ field: String, _ kind: ContainerSpec.Kind) -> [ContainerSpec] {
    (self["spec", field]?.array ?? []).map { ContainerSpec($0, kind: kind, pod: self) }
  }

  /// A container by its name, of whatever kind.
  func containerSpec(_ name: String) -> ContainerSpec? {
    (initContainers + appContainers + ephemeralContainers).first { $0.name == name }
  }

  /// The moment of a field; nil if there is none that can be read.
  func moment(_ path: String...) -> Timestamp? {
    var value: JSON? = self
    for key in path { value = value?[key] }
    return value?.string.flatMap { Timestamp($0) }
  }
}

/// A container as its pod describes it.
public struct ContainerSpec: Sendable, Hashable {
  /// What part a container plays in its pod.
  public enum Kind: Sendable, Hashable {
    /// Runs to its end before the next one starts.
    case initialization
    /// An init container that goes on running next to the others (`restartPolicy: Always`).
    case sidecar
    /// What the pod is for.
    case app
    /// Added to a running pod to look at it.
    case ephemeral
  }

  /// Its part.
  public let kind: Kind
  /// Its name in the pod.
  public let name: String
  /// The container's own object.
  public let json: JSON
  private let podPolicy: RestartPolicy

  init(_ json: JSON, kind: Kind, pod: JSON) {
    let isSidecar = kind == .initialization && json["restartPolicy"]?.string == "Always"
    self.kind = isSidecar ? .sidecar : kind
    name = json["name"]?.string ?? ""
    self.json = json
    podPolicy = RestartPolicy(pod["spec", "restartPolicy"])
  }

  /// Whether it starts again after it ended so: its own rules, its own policy, then its pod's.
  func restarts(exitCode: Int32) -> Bool {
    for rule in json["restartPolicyRules"]?.array ?? [] where rule["action"]?.string == "Restart" {
      let isListed = (rule["exitCodes", "values"]?.array ?? []).contains(.integer(Int64(exitCode)))
      switch rule["exitCodes", "operator"]?.string {
      case "In" where isListed, "NotIn" where !isListed: return true
      default: break
      }
    }
    switch kind {
    case .sidecar: return true
    case .ephemeral: return false
    case .initialization: return exitCode != 0 && ownPolicy != .never
    case .app: return ownPolicy.restarts(exitCode: exitCode)
    }
  }

  private var ownPolicy: RestartPolicy {
    json["restartPolicy"] == nil ? podPolicy : RestartPolicy(json["restartPolicy"])
  }

  /// A value that changes when the container has to be made anew: as in the kubelet, its name and image.
  var hash: String {
    let text = name + "\u{0}" + (json["image"]?.string ?? "")
    // FNV-1a: stable between runs of the program, unlike `Hashable`.
    let value = text.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return String(value, radix: 16)
  }
}

extension Timestamp {
  /// The moment of nanoseconds since 1970; nil for zero, which the runtime gives where there is none.
  init?(runtimeNanoseconds nanoseconds: Int64) {
    guard nanoseconds > 0 else { return nil }
    self.init(seconds: nanoseconds / 1_000_000_000, nanoseconds: Int32(nanoseconds % 1_000_000_000))
  }

  /// How long after another moment this is; negative before it.
  func since(_ earlier: Timestamp) -> Duration {
    let (seconds, overflows) = self.seconds.subtractingReportingOverflow(earlier.seconds)
    if overflows { return .seconds(self.seconds < earlier.seconds ? Int64.min / 2 : Int64.max / 2) }
    return .seconds(seconds) + .nanoseconds(Int64(nanoseconds) - Int64(earlier.nanoseconds))
  }
}
