extension Defaults {
  /// An autoscaler of version 2.
  static func metricsAutoscaler(_ autoscaler: inout JSON) {
    autoscaler.reviseStructure("spec") { spec in
      spec.fill("minReplicas", with: 1)
      spec.fillBlank(
        "metrics",
        with: [
          [
            "type": "Resource",
            "resource": ["name": "cpu", "target": ["type": "Utilization", "averageUtilization": 80]],
          ]
        ])
      spec.revise("behavior") { behavior in
        behavior.reviseStructure("scaleUp") { rules in
          rules.fill("stabilizationWindowSeconds", with: 0)
          rules.fill("selectPolicy", with: "Max")
          rules.fill(
            "policies",
            with: [
              ["type": "Pods", "value": 4, "periodSeconds": 15],
              ["type": "Percent", "value": 100, "periodSeconds": 15],
            ])
        }
        behavior.reviseStructure("scaleDown") { rules in
          rules.fill("selectPolicy", with: "Max")
          rules.fill("policies", with: [["type": "Percent", "value": 100, "periodSeconds": 15]])
        }
      }
    }
  }

  /// An autoscaler of version 1, which knows CPU only; metrics of version 2 travel in an annotation.
  static func cpuAutoscaler(_ autoscaler: inout JSON) {
    let metrics =
      autoscaler["metadata", "annotations", "autoscaling.alpha.kubernetes.io/metrics"]?.string ?? ""
    autoscaler.reviseStructure("spec") { spec in
      spec.fill("minReplicas", with: 1)
      if metrics.isEmpty || metrics == "[]" || metrics == "null" {
        spec.fill("targetCPUUtilizationPercentage", with: 80)
      }
    }
  }
}
