/// What a node said at one time of itself and of its containers.
struct NodeSample: Hashable {
  struct ContainerName: Hashable {
    var namespace: String
    var pod: String
    var container: String
  }

  /// Processor time and memory, at a time.
  struct Point: Hashable {
    /// When the processor time was read: milliseconds since 1970.
    var timestamp: Int64
    /// Since its start.
    var cpuSeconds: Double
    var memoryBytes: Double
  }

  /// Containers of one node that are looked at, at most.
  static let containerLimit = 10_000

  var node: Point?
  var containers: [ContainerName: Point] = [:]

  /// What `/metrics/resource` of a kubelet says.
  init(metrics text: String) {
    var cpu: [ContainerName?: (seconds: Double, timestamp: Int64)] = [:]
    var memory: [ContainerName?: Double] = [:]
    for sample in MetricsParser.samples(text) where sample.value.isFinite && sample.value >= 0 {
      var name: ContainerName?
      if sample.name.hasPrefix("container_") {
        guard let namespace = sample.labels["namespace"], let pod = sample.labels["pod"],
          let container = sample.labels["container"], cpu.count <= Self.containerLimit
        else { continue }
        name = ContainerName(namespace: namespace, pod: pod, container: container)
      }
      switch sample.name {
      case "container_cpu_usage_seconds_total", "node_cpu_usage_seconds_total":
        if let timestamp = sample.timestamp { cpu[name] = (sample.value, timestamp) }
      case "container_memory_working_set_bytes", "node_memory_working_set_bytes":
        memory[name] = sample.value
      default: break
      }
    }
    for (name, cpu) in cpu {
      guard let bytes = memory[name] else { continue }
      let point = Point(timestamp: cpu.timestamp, cpuSeconds: cpu.seconds, memoryBytes: bytes)
      if let name { containers[name] = point } else { node = point }
    }
  }
}
