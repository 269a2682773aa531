/// A setting of the kernel that pods' packets need, and what is to be done about it. Pure.
struct KernelSetting: Sendable, Hashable {
  /// As `sysctl` names it.
  var name: String
  /// What it has to be.
  var value: String
  /// What fails without it.
  var reason: String
  /// What makes the kernel have it; nil if every kernel does.
  var module: String?

  /// Where it is read and written.
  var path: String { "/proc/sys/" + name.split(separator: ".").joined(separator: "/") }

  /// What pods of these ranges need.
  /// - Parameter routesLocalnet: whether packets to 127.0.0.1 may be sent on to pods.
  static func needed(podCIDRs: [AddressRange], routesLocalnet: Bool) -> [KernelSetting] {
    var settings: [KernelSetting] = []
    if podCIDRs.contains(where: { !$0.isIPv6 }) {
      settings.append(
        KernelSetting(name: "net.ipv4.ip_forward", value: "1", reason: "pods reach nothing but their node"))
      settings.append(
        KernelSetting(
          name: "net.bridge.bridge-nf-call-iptables", value: "1",
          reason: "pods do not reach services whose pods are on the same node", module: "br_netfilter"))
      if routesLocalnet {
        settings.append(
          KernelSetting(
            name: "net.ipv4.conf.all.route_localnet", value: "1",
            reason: "node ports do not answer at 127.0.0.1"))
      }
    }
    if podCIDRs.contains(where: \.isIPv6) {
      settings.append(
        KernelSetting(
          name: "net.ipv6.conf.all.forwarding", value: "1", reason: "pods reach nothing but their node",
          module: "ipv6"))
      settings.append(
        KernelSetting(
          name: "net.bridge.bridge-nf-call-ip6tables", value: "1",
          reason: "pods do not reach services whose pods are on the same node", module: "br_netfilter"))
    }
    return settings
  }

  /// What is to be done.
  enum Step: Sendable, Hashable {
    case nothing
    case set
    /// The kernel does not know it.
    case missing
  }

  /// - Parameter current: what the file says; nil if there is none.
  func step(current: String?) -> Step {
    guard let current else { return .missing }
    let text = current.prefix { $0 != "\n" }
    // Some settings have stronger values than the one that is needed.
    if let number = Int(text), let wanted = Int(value), number >= wanted { return .nothing }
    return text == value ? .nothing : .set
  }

  /// What people are told when it cannot be set.
  func problem(_ text: String) -> String {
    let fix = module.map { "modprobe \($0) && sysctl -w \(name)=\(value)" } ?? "sysctl -w \(name)=\(value)"
    return "\(name) cannot be set to \(value) (\(text)): \(reason); as root: \(fix)"
  }
}
