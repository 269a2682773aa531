/// Pods and pod templates. What only a running pod needs is filled in for pods alone, so that the templates of old
/// workloads do not change when a default is added.
extension Defaults {
  static func pod(_ pod: inout JSON) {
    pod.reviseStructure("spec") { spec in
      fillRequestsFromLimits(&spec)
      fillPodResources(&spec)
      spec.fill("enableServiceLinks", with: true)
      if spec["hostNetwork"]?.boolean == true {
        for list in ["containers", "initContainers"] { spec.reviseEach(list, fillHostPorts) }
      }
      podSpec(&spec)
    }
    pod.revise("status", podStatus)
  }

  /// The member `template` of a workload.
  static func podTemplate(of owner: inout JSON) {
    owner.reviseStructure("template") { template in
      template.reviseStructure("spec", podSpec)
    }
  }

  static func podTemplateKind(_ object: inout JSON) { podTemplate(of: &object) }

  static func podSpec(_ spec: inout JSON) {
    unifyServiceAccount(&spec)
    spec.fillBlank("dnsPolicy", with: "ClusterFirst")
    spec.fillBlank("restartPolicy", with: "Always")
    spec.fill("securityContext", with: [:])
    spec.fill("terminationGracePeriodSeconds", with: 30)
    spec.fillBlank("schedulerName", with: "default-scheduler")
    spec.reviseEach("volumes", volume)
    for list in ["initContainers", "containers", "ephemeralContainers"] { spec.reviseEach(list, container) }
    spec.roundResources(at: "overhead")
    spec.revise("resources") { $0.roundLimitsAndRequests() }
  }

  /// The service account has an old name, `serviceAccount`, that counts where the new one is not set; both are shown.
  static func unifyServiceAccount(_ spec: inout JSON) {
    if spec.isBlank("serviceAccountName") {
      guard !spec.isBlank("serviceAccount") else { return }
      spec["serviceAccountName"] = spec["serviceAccount"]
    } else {
      spec["serviceAccount"] = spec["serviceAccountName"]
    }
  }

  private static func fillHostPorts(_ container: inout JSON) {
    container.reviseEach("ports") { port in
      if let number = port["containerPort"] { port.fillBlank("hostPort", with: number) }
    }
  }

  /// Old clients write `podIP` alone; it is the first of `podIPs`, and wins where the two differ.
  private static func podStatus(_ status: inout JSON) {
    if let address = status["podIP"]?.string, !address.isEmpty {
      if status["podIPs"]?.array?.first?["ip"]?.string != address {
        status["podIPs"] = [["ip": .string(address)]]
      }
    } else if let first = status["podIPs"]?.array?.first?["ip"]?.string {
      status["podIP"] = .string(first)
    }
    status.roundResources(at: "allocatedResources")
    status.revise("resources") { $0.roundLimitsAndRequests() }
    for list in ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"] {
      status.reviseEach(list) { container in
        container.roundResources(at: "allocatedResources")
        container.revise("resources") { $0.roundLimitsAndRequests() }
      }
    }
  }
}
