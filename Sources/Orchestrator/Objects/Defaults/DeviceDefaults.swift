extension Defaults {
  static let devices: [String: Function] = [
    "ResourceClaim": { claim in claim.revise("spec", deviceClaimSpec) },
    "ResourceClaimTemplate": { template in
      template.revise("spec") { $0.revise("spec", deviceClaimSpec) }
    },
  ]

  private static func deviceClaimSpec(_ spec: inout JSON) {
    spec.revise("devices") { devices in
      devices.reviseEach("requests") { request in
        request.revise("exactly", deviceRequest)
        request.reviseEach("firstAvailable", deviceRequest)
      }
    }
  }

  private static func deviceRequest(_ request: inout JSON) {
    request.fillBlank("allocationMode", with: "ExactCount")
    if request["allocationMode"]?.string == "ExactCount" { request.fillBlank("count", with: 1) }
    request.reviseEach("tolerations") { $0.fillBlank("operator", with: "Equal") }
  }
}
