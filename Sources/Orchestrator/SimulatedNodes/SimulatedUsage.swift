public import Objects

/// What a pod uses of its node.
public struct SimulatedUsage: Sendable, Hashable {
  /// In thousandths of a CPU.
  public var cpuMillicores: Int64
  /// The working set.
  public var memoryBytes: Int64

  /// So much.
  public init(cpuMillicores: Int64, memoryBytes: Int64) {
    self.cpuMillicores = cpuMillicores
    self.memoryBytes = memoryBytes
  }

  /// What this pod uses: what its annotations say, else `usual`; nothing unless it runs.
  public static func of(_ pod: JSON, usual: SimulatedUsage) -> SimulatedUsage {
    guard pod["status", "phase"]?.string == "Running" else {
      return SimulatedUsage(cpuMillicores: 0, memoryBytes: 0)
    }
    let annotations = pod["metadata", "annotations"]
    func amount(_ name: String) -> Int64? {
      annotations?[name]?.string.flatMap { Int64($0) }.map { max(0, $0) }
    }
    return SimulatedUsage(
      cpuMillicores: amount(SimulationOptions.Annotation.cpuMillicores) ?? usual.cpuMillicores,
      memoryBytes: amount(SimulationOptions.Annotation.memoryBytes) ?? usual.memoryBytes)
  }
}
