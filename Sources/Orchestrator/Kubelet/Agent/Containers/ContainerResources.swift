import ContainerRuntime
import Objects

/// Requests and limits as control groups take them.
struct ContainerResources: Sendable {
  let pod: JSON
  let settings: NodeSettings

  /// Microseconds.
  private static let period: Int64 = 100_000
  private static let minimumQuota: Int64 = 1000
  private static let minimumShares: Int64 = 2
  private static let maximumShares: Int64 = 262_144

  /// The limits of a container.
  func limits(of spec: ContainerSpec) -> LinuxResources {
    let requested = Self.quantity(spec, "requests", "cpu")
    let cpuLimit = Self.quantity(spec, "limits", "cpu")
    let memoryLimit = Self.quantity(spec, "limits", "memory")
    var result = LinuxResources(oomScoreAdjustment: oomScoreAdjustment(of: spec))
    result.cpuShares = Self.shares(milli: (requested ?? cpuLimit)?.milliValue ?? 0)
    if let cpuLimit, !cpuLimit.isZero {
      result.cpuPeriod = Self.period
      let milli = min(cpuLimit.milliValue, Int64.max / Self.period)
      result.cpuQuota = max(Self.minimumQuota, milli * Self.period / 1000)
    }
    result.memoryLimitBytes = memoryLimit?.value ?? 0
    return result
  }

  private static func quantity(_ spec: ContainerSpec, _ list: String, _ resource: String) -> Quantity? {
    spec.json["resources", list]?[resource].flatMap { Quantity($0) }
  }

  private static func shares(milli: Int64) -> Int64 {
    guard milli > 0 else { return minimumShares }
    return min(maximumShares, max(minimumShares, min(milli, maximumShares) * 1024 / 1000))
  }

  /// Who is killed first when memory runs out: who asked for little of it.
  private func oomScoreAdjustment(of spec: ContainerSpec) -> Int64 {
    let own = baseScore(of: spec)
    // A sidecar does not go before the containers that need it.
    guard spec.kind == .sidecar, let least = pod.appContainers.map(baseScore).min() else { return own }
    return min(own, least)
  }

  private func baseScore(of spec: ContainerSpec) -> Int64 {
    let guaranteed: Int64 = -997
    if (pod["spec", "priority"]?.integer ?? 0) >= 2_000_000_000 { return guaranteed }
    switch QualityOfService(of: pod).rawValue {
    case "Guaranteed": return guaranteed
    case "BestEffort": return 1000
    default: break
    }
    let capacity = settings.capacity["memory"].flatMap { Quantity($0) }?.value ?? 0
    guard capacity > 0 else { return 999 }
    let requested = max(0, Self.quantity(spec, "requests", "memory")?.value ?? 0)
    let share = Int64(min(1000, Double(requested) * 1000 / Double(capacity)))
    return min(999, max(1000 + guaranteed, 1000 - share))
  }

  /// The control group of the pod; empty without one.
  var cgroupParent: String {
    guard settings.hasPodCgroups else { return "" }
    let quality = QualityOfService(of: pod).rawValue
    let between = quality == "Guaranteed" ? [] : [quality.lowercased()]
    switch settings.cgroupDriver {
    case .cgroupfs: return "/" + (["kubepods"] + between + ["pod" + pod.podUID]).joined(separator: "/")
    case .systemd:
      let uid = String(pod.podUID.map { $0 == "-" ? "_" : $0 })
      return (["kubepods"] + between + ["pod" + uid]).joined(separator: "-") + ".slice"
    }
  }
}
