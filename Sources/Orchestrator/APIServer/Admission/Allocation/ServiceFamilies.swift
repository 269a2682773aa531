import Objects

/// The address families of a Service, in a cluster whose services have addresses of one family or two.
enum ServiceFamilies {
  /// Fills in `ipFamilies` and `ipFamilyPolicy`.
  /// - Parameter cluster: the families that there are, the default first.
  static func fill(_ service: inout JSON, cluster: [String]) -> [FieldError] {
    guard let spec = service["spec"], spec.text("type") != "ExternalName", let first = cluster.first else {
      return []
    }
    let path = FieldPath("spec")
    var families = spec.list("ipFamilies").compactMap(\.string)
    let addresses = spec.list("clusterIPs").compactMap(\.string).filter { !$0.isEmpty }
    // What is no family, or there too often, validation refuses.
    guard families.allSatisfy({ $0 == "IPv4" || $0 == "IPv6" }), families.count <= 2, addresses.count <= 2
    else {
      return []
    }
    let isHeadless = ServiceNeeds.isHeadless(spec)
    if !isHeadless, families.count < addresses.count {
      families += addresses[families.count...].map(family(of:))
    }
    let other = first == "IPv4" ? "IPv6" : "IPv4"
    if isHeadless, spec["selector"]?.object?.isEmpty ?? true {
      // Whoever writes the endpoints may write any, whatever the cluster has.
      let policy = spec["ipFamilyPolicy"]?.string ?? "RequireDualStack"
      if families.isEmpty { families = [first] }
      if families.count == 1, policy != "SingleStack" {
        families.append(families[0] == first ? other : first)
      }
      set(&service, policy, families)
      return []
    }
    var policy = spec["ipFamilyPolicy"]?.string
    if policy == nil, families.count == 2 || addresses.count == 2 { policy = "RequireDualStack" }
    let chosen = policy ?? "SingleStack"
    if chosen == "RequireDualStack", cluster.count < 2 {
      return [
        .invalid(
          path["ipFamilyPolicy"], .string(chosen), "this cluster is not configured for dual-stack services")
      ]
    }
    for (index, family) in families.enumerated() where !cluster.contains(family) {
      if chosen == "PreferDualStack", index > 0 {
        families.removeSubrange(index...)
        break
      }
      return [.invalid(path["ipFamilies"][index], .string(family), "not configured on this cluster")]
    }
    if families.isEmpty { families = [first] }
    if families.count == 1, chosen != "SingleStack",
      let second = cluster.first(where: { $0 != families[0] })
    {
      families.append(second)
    }
    set(&service, chosen, families)
    return []
  }

  static func family(of address: String) -> String { address.contains(":") ? "IPv6" : "IPv4" }

  private static func set(_ service: inout JSON, _ policy: String, _ families: [String]) {
    service["spec", "ipFamilyPolicy"] = .string(policy)
    service["spec", "ipFamilies"] = .array(families.map { .string($0) })
  }
}
