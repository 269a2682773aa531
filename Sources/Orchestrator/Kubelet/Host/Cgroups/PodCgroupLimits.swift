import Objects

/// What all containers of a pod may have together. Pure.
struct PodCgroupLimits: Sendable, Hashable {
  /// Microseconds in which a quota counts.
  static let period: Int64 = 100_000
  private static let minimumShares: Int64 = 2
  private static let maximumShares: Int64 = 262_144
  private static let minimumQuota: Int64 = 1000

  /// Its weight against others when processors are short.
  var cpuShares = Self.minimumShares
  /// Microseconds of a period; nil has no limit.
  var cpuQuota: Int64?
  /// Bytes; nil has no limit.
  var memoryBytes: Int64?

  /// Of a pod: a limit holds for all if every container has one.
  init(pod: JSON) {
    let requested = Self.total(pod, "cpu") { resources in
      (resources?["requests"]?["cpu"] ?? resources?["limits"]?["cpu"]).flatMap { Quantity($0)?.milliValue }
        ?? 0
    }
    guard QualityOfService(of: pod).rawValue != "BestEffort" else { return }
    cpuShares = Self.shares(milli: requested)
    if Self.everyContainer(of: pod, hasLimit: "cpu") {
      let milli = Self.total(pod, "cpu") { $0?["limits"]?["cpu"].flatMap { Quantity($0)?.milliValue } ?? 0 }
      cpuQuota = max(Self.minimumQuota, min(milli, .max / Self.period) * Self.period / 1000)
    }
    if Self.everyContainer(of: pod, hasLimit: "memory") {
      memoryBytes = Self.total(pod, "memory") {
        $0?["limits"]?["memory"].flatMap { Quantity($0)?.value } ?? 0
      }
    }
  }

  /// For processes that ask for so many thousandths of a processor.
  static func shares(milli: Int64) -> Int64 {
    min(maximumShares, max(minimumShares, min(max(0, milli), maximumShares) * 1024 / 1000))
  }

  /// The same weight as v2 writes it: 1 to 10000 for 2 to 262144.
  static func weight(shares: Int64) -> Int64 {
    1 + (min(maximumShares, max(minimumShares, shares)) - 2) * 9999 / 262_142
  }

  /// The other way round.
  static func shares(weight: Int64) -> Int64 { 2 + (min(10_000, max(1, weight)) - 1) * 262_142 / 9999 }

  private static func everyContainer(of pod: JSON, hasLimit resource: String) -> Bool {
    let all =
      (pod["spec", "containers"]?.array ?? []) + (pod["spec", "initContainers"]?.array ?? [])
    return !all.isEmpty
      && all.allSatisfy { container in
        container["resources"]?["limits"]?[resource].flatMap { Quantity($0) }?.isZero == false
      }
  }

  /// Containers that run beside each other are added up; an init container runs beside the sidecars before it only.
  private static func total(
    _ pod: JSON, _ resource: String, _ amount: (_ resources: JSON?) -> Int64
  ) -> Int64 {
    func sum(_ one: Int64, _ other: Int64) -> Int64 {
      let (sum, overflows) = one.addingReportingOverflow(other)
      return overflows ? .max : sum
    }
    var (sidecars, peak): (Int64, Int64) = (0, 0)
    for container in pod["spec", "initContainers"]?.array ?? [] {
      let own = max(0, amount(container["resources"]))
      if container["restartPolicy"]?.string == "Always" {
        sidecars = sum(sidecars, own)
        peak = max(peak, sidecars)
      } else {
        peak = max(peak, sum(sidecars, own))
      }
    }
    let apps = (pod["spec", "containers"]?.array ?? []).reduce(Int64(0)) {
      sum($0, max(0, amount($1["resources"])))
    }
    let overhead = pod["spec", "overhead"]?[resource].flatMap { Quantity($0) }
    let extra = (resource == "cpu" ? overhead?.milliValue : overhead?.value) ?? 0
    return sum(max(peak, sum(apps, sidecars)), max(0, extra))
  }
}
