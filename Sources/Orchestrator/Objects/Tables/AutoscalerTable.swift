/// Horizontal pod autoscalers, of `autoscaling/v2` and `v1`.
extension Tables {
  static let horizontalPodAutoscaler = TablePrinter([
    .name,
    .text("Reference", "The object that is scaled.") {
      "\($0.text("spec", "scaleTargetRef", "kind"))/\($0.text("spec", "scaleTargetRef", "name"))"
    },
    .text("Targets", "Present value and target of each metric.") { targets(of: $0) },
    .text("MinPods", "Fewest pods that it may set.") {
      $0.value("spec", "minReplicas")?.integer.map(String.init) ?? "<unset>"
    },
    .integer("MaxPods", "Most pods that it may set.", type: "string") { $0.integer("spec", "maxReplicas") },
    .integer("Replicas", "Pods that there are.", type: "string") { $0.integer("status", "currentReplicas") },
    .age,
  ])

  private static func targets(of autoscaler: ObjectReader) -> String {
    let metrics = autoscaler.items("spec", "metrics")
    guard metrics.isEmpty else {
      let statuses = autoscaler.items("status", "currentMetrics")
      let texts = metrics.enumerated().map { index, metric in
        target(of: metric, status: index < statuses.count ? statuses[index] : nil)
      }
      return ListText.start(of: texts, limit: 2, separator: ", ")
    }
    // Version 1 knows one metric.
    guard let target = autoscaler.value("spec", "targetCPUUtilizationPercentage")?.integer else {
      return "<none>"
    }
    let current = autoscaler.value("status", "currentCPUUtilizationPercentage")?.integer
    return "cpu: \(current.map { "\($0)%" } ?? "<unknown>")/\(target)%"
  }

  private static func target(of metric: ObjectReader, status: ObjectReader?) -> String {
    let sources = [
      "External": "external", "Object": "object", "Pods": "pods", "Resource": "resource",
      "ContainerResource": "containerResource",
    ]
    guard let source = sources[metric.text("type")] else { return "<unknown type>" }
    let isAverage = metric.has(source, "target", "averageValue")
    /// A quantity of the status; what Go writes for a missing one if there is a status without it.
    func current(_ value: String, missing: String = "<nil>") -> String {
      guard let status, status.has(source) else { return "<unknown>" }
      return status.quantity(source, "current", value, absent: missing)
    }
    func wanted(_ value: String) -> String { metric.quantity(source, "target", value, absent: "<nil>") }

    switch source {
    case "pods":
      return "\(current("averageValue"))/\(wanted("averageValue"))"
    case "external", "object":
      return isAverage
        ? "\(current("averageValue", missing: "<unknown>"))/\(wanted("averageValue")) (avg)"
        : "\(current("value"))/\(wanted("value"))"
    default:
      let name = metric.text(source, "name")
      guard !isAverage else { return "\(name): \(current("averageValue"))/\(wanted("averageValue"))" }
      let utilization = status?.value(source, "current", "averageUtilization")?.integer
      let target = metric.value(source, "target", "averageUtilization")?.integer
      return "\(name): \(utilization.map { "\($0)%" } ?? "<unknown>")/\(target.map { "\($0)%" } ?? "<auto>")"
    }
  }
}
