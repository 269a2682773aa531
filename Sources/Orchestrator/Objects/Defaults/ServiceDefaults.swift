extension Defaults {
  /// A Service. Addresses, address families and node ports are allocated, not defaulted.
  static func service(_ service: inout JSON) {
    var isLoadBalancer = false
    service.reviseStructure("spec") { spec in
      sessionAffinity(&spec)
      spec.fillBlank("type", with: "ClusterIP")
      spec.reviseEach("ports", servicePort)

      let type = spec["type"]?.string
      isLoadBalancer = type == "LoadBalancer"
      if isReachableFromOutside(spec) { spec.fillBlank("externalTrafficPolicy", with: "Cluster") }
      if isLoadBalancer || type == "NodePort" || type == "ClusterIP" {
        spec.fill("internalTrafficPolicy", with: "Cluster")
      }
      if isLoadBalancer { spec.fill("allocateLoadBalancerNodePorts", with: true) }
    }
    guard isLoadBalancer else { return }
    service.revise("status") { status in
      status.revise("loadBalancer") { balancer in
        balancer.reviseEach("ingress") { ingress in
          if !ingress.isBlank("ip") { ingress.fill("ipMode", with: "VIP") }
        }
      }
    }
  }

  /// Whether a Service takes traffic from outside the cluster, so that it matters how that is routed.
  static func isReachableFromOutside(_ spec: JSON) -> Bool {
    switch spec["type"]?.string {
    case "LoadBalancer", "NodePort": true
    case "ClusterIP": !spec.isBlank("externalIPs")
    default: false
    }
  }

  private static func sessionAffinity(_ spec: inout JSON) {
    spec.fillBlank("sessionAffinity", with: "None")
    switch spec["sessionAffinity"]?.string {
    case "None": spec["sessionAffinityConfig"] = nil
    case "ClientIP":
      if spec["sessionAffinityConfig", "clientIP", "timeoutSeconds"]?.isNull ?? true {
        spec["sessionAffinityConfig"] = ["clientIP": ["timeoutSeconds": 10800]]
      }
    default: break
    }
  }

  private static func servicePort(_ port: inout JSON) {
    port.fillBlank("protocol", with: "TCP")
    if let number = port["port"] { port.fillBlank("targetPort", with: number) }
  }
}
