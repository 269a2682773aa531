import ContainerRuntime
import Objects

/// `/metrics/resource`: what autoscaling and `kubectl top` live on, under the names that kubelets use.
enum ResourceMetrics {
  private typealias Sample = (labels: [(name: String, value: String)], value: Double, timestamp: Int64)

  static func text(_ usage: UsageSample) -> String {
    var text = MetricsText()
    func add(_ name: String, _ type: String, _ help: String, _ samples: [Sample]) {
      guard !samples.isEmpty else { return }
      text.family(name, type, "[STABLE] " + help)
      for sample in samples { text.sample(name, sample.labels, sample.value, timestamp: sample.timestamp) }
    }
    let containers = usage.pods.flatMap { pod in pod.containers.map { (pod: pod, container: $0) } }
    add(
      "container_cpu_usage_seconds_total", "counter",
      "Cumulative cpu time consumed by the container in core-seconds",
      containers.compactMap { sample(labels($0.pod, $0.container), $0.container.stats.cpu) })
    add(
      "container_memory_working_set_bytes", "gauge", "Current working set of the container in bytes",
      containers.compactMap { sample(labels($0.pod, $0.container), $0.container.stats.memory) })
    add(
      "container_start_time_seconds", "gauge", "Start time of the container since unix epoch in seconds",
      containers.compactMap { pod, container in
        container.startTime.map { start in
          (
            labels(pod, container), Double(start.seconds) + Double(start.nanoseconds) / 1e9,
            start.seconds &* 1_000_000_000 &+ Int64(start.nanoseconds)
          )
        }
      })
    add(
      "node_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed by the node in core-seconds",
      [sample([], usage.node.cpu)].compactMap { $0 })
    add(
      "node_memory_working_set_bytes", "gauge", "Current working set of the node in bytes",
      [sample([], usage.node.memory)].compactMap { $0 })
    add(
      "pod_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed by the pod in core-seconds",
      usage.pods.compactMap { sample(labels($0), $0.cpu) })
    add(
      "pod_memory_working_set_bytes", "gauge", "Current working set of the pod in bytes",
      usage.pods.compactMap { sample(labels($0), $0.memory) })
    let failure = usage.hasFailed ? 1.0 : 0
    let help = "1 if there was an error while getting container metrics, 0 otherwise"
    text.family("resource_scrape_error", "gauge", "[STABLE] " + help)
    text.sample("resource_scrape_error", [], failure)
    // The older name.
    text.family("scrape_error", "gauge", "[ALPHA] (Deprecated since 1.29.0) " + help)
    text.sample("scrape_error", [], failure)
    return text.text
  }

  private static func labels(
    _ pod: UsageSample.Pod, _ container: UsageSample.Container? = nil
  ) -> [(name: String, value: String)] {
    (container.map { [(name: "container", value: $0.name)] } ?? [])
      + [(name: "namespace", value: pod.namespace), (name: "pod", value: pod.name)]
  }

  private static func sample(_ labels: [(name: String, value: String)], _ cpu: CPUUsage?) -> Sample? {
    guard let cpu, let value = cpu.usageCoreNanoseconds else { return nil }
    return (labels, Double(value) / 1e9, cpu.timestamp)
  }

  private static func sample(_ labels: [(name: String, value: String)], _ memory: MemoryUsage?) -> Sample? {
    guard let memory, let value = memory.workingSetBytes else { return nil }
    return (labels, Double(value), memory.timestamp)
  }
}

/// `/metrics/cadvisor`: of what cAdvisor says of containers, what dashboards most often show.
enum ContainerMetrics {
  static func text(_ usage: UsageSample) -> String {
    var text = MetricsText()
    let containers = usage.pods.flatMap { pod in pod.containers.map { (pod: pod, container: $0) } }
    func labels(_ pod: UsageSample.Pod, _ container: UsageSample.Container) -> [(name: String, value: String)]
    {
      [
        ("container", container.name), ("id", container.stats.id), ("namespace", pod.namespace),
        ("pod", pod.name),
      ]
    }
    func family(
      _ name: String, _ type: String, _ help: String,
      _ value: (ContainerStats) -> (value: UInt64?, timestamp: Int64?), scale: Double = 1
    ) {
      text.family(name, type, help)
      for (pod, container) in containers {
        let (number, timestamp) = value(container.stats)
        guard let number else { continue }
        text.sample(name, labels(pod, container), Double(number) / scale, timestamp: timestamp)
      }
    }
    family(
      "container_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed in seconds.",
      { ($0.cpu?.usageCoreNanoseconds, $0.cpu?.timestamp) }, scale: 1e9)
    family(
      "container_fs_usage_bytes", "gauge",
      "Number of bytes that are consumed by the container on this filesystem.",
      { ($0.writableLayer?.usedBytes, $0.writableLayer?.timestamp) })
    family(
      "container_memory_rss", "gauge", "Size of RSS in bytes.",
      { ($0.memory?.rssBytes, $0.memory?.timestamp) })
    family(
      "container_memory_usage_bytes", "gauge",
      "Current memory usage in bytes, including all memory regardless of when it was accessed",
      { ($0.memory?.usageBytes, $0.memory?.timestamp) })
    family(
      "container_memory_working_set_bytes", "gauge", "Current working set in bytes.",
      { ($0.memory?.workingSetBytes, $0.memory?.timestamp) })
    func network(_ name: String, _ help: String, _ value: (NetworkUsage) -> UInt64?) {
      text.family(name, "counter", help)
      for pod in usage.pods {
        for interface in pod.network {
          guard let number = value(interface) else { continue }
          let labels = [
            (name: "interface", value: interface.interface), (name: "namespace", value: pod.namespace),
            (name: "pod", value: pod.name),
          ]
          text.sample(name, labels, Double(number), timestamp: pod.cpu?.timestamp)
        }
      }
    }
    network("container_network_receive_bytes_total", "Cumulative count of bytes received") {
      $0.receivedBytes
    }
    network(
      "container_network_receive_errors_total", "Cumulative count of errors encountered while receiving"
    ) {
      $0.receiveErrors
    }
    network("container_network_transmit_bytes_total", "Cumulative count of bytes transmitted") {
      $0.sentBytes
    }
    network(
      "container_network_transmit_errors_total", "Cumulative count of errors encountered while transmitting"
    ) { $0.sendErrors }
    return text.text
  }
}
