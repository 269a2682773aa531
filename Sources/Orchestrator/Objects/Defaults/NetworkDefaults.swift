extension Defaults {
  static let networking: [String: Function] = [
    "IngressClass": { ingressClass(&$0) },
    "NetworkPolicy": { networkPolicy(&$0) },
  ]

  private static func ingressClass(_ ingressClass: inout JSON) {
    ingressClass.revise("spec") { spec in
      spec.revise("parameters") { $0.fill("scope", with: "Cluster") }
    }
  }

  private static func networkPolicy(_ policy: inout JSON) {
    policy.reviseStructure("spec") { spec in
      for direction in ["ingress", "egress"] {
        spec.reviseEach(direction) { rule in
          rule.reviseEach("ports") { $0.fill("protocol", with: "TCP") }
        }
      }
      // Every policy governs incoming traffic unless it says otherwise; outgoing traffic only if it has rules for it.
      let types: JSON = spec.isBlank("egress") ? ["Ingress"] : ["Ingress", "Egress"]
      spec.fillBlank("policyTypes", with: types)
    }
  }

  static func endpointSlice(_ slice: inout JSON) {
    slice.reviseEach("ports") { port in
      port.fill("name", with: "")
      port.fill("protocol", with: "TCP")
    }
  }
}
