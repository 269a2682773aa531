public import Kubelet
import Objects

/// Checks what pods' network needs of the machine, and sets what may be set.
public struct NetworkPreflight: Sendable {
  /// What was found.
  public struct Report: Sendable, Hashable {
    /// What was changed, a line for each.
    public var changes: [String] = []
    /// What is missing and how to mend it, a line for each.
    public var problems: [String] = []
  }

  /// The plugins that `CNIConfiguration` names, and the one that every runtime runs first.
  static let plugins = ["bridge", "host-local", "loopback", "portmap"]

  private let podCIDRs: [AddressRange]
  private let bridge: String
  private let pluginFolder: String
  private let routesLocalnet: Bool
  private let root: String
  private let files: any NodeFiles
  private let commands: HostCommands

  /// Checks for a node.
  /// - Parameters:
  ///   - podCIDRs: the ranges of all pods.
  ///   - bridge: the bridge of this node's pods, whose own routes are no conflict.
  ///   - pluginFolder: where the runtime finds CNI plugins.
  ///   - routesLocalnet: whether packets to 127.0.0.1 may be sent on to pods. Only with rules that keep others from
  ///     sending such packets to this machine.
  ///   - root: what is before the paths of the kernel's settings.
  public init(
    podCIDRs: [AddressRange], bridge: String = "cni0", pluginFolder: String = "/usr/lib/cni",
    routesLocalnet: Bool = false, root: String = "", files: any NodeFiles = SystemFiles(),
    commands: @escaping HostCommands
  ) {
    self.podCIDRs = podCIDRs
    self.bridge = bridge
    self.pluginFolder = pluginFolder
    self.routesLocalnet = routesLocalnet
    self.root = root
    self.files = files
    self.commands = commands
  }

  /// Checks and sets.
  public func run() async -> Report {
    var report = Report()
    checkPlugins(&report)
    await checkSettings(&report)
    await checkRoutes(&report)
    return report
  }

  private func checkPlugins(_ report: inout Report) {
    let missing = Self.plugins.filter { (try? files.kind("\(pluginFolder)/\($0)")) ?? nil == nil }
    guard !missing.isEmpty else { return }
    report.problems.append(
      "CNI plugins are missing in \(pluginFolder) (\(missing.joined(separator: ", "))): pods get no network; "
        + "apt-get install containernetworking-plugins")
  }

  // MARK: Settings of the kernel

  private func checkSettings(_ report: inout Report) async {
    for setting in KernelSetting.needed(podCIDRs: podCIDRs, routesLocalnet: routesLocalnet) {
      var step = setting.step(current: text(setting))
      if step == .missing, let module = setting.module {
        let (status, _) = await commands(["modprobe", module], "")
        if status == 0 { report.changes.append("kernel module \(module) loaded") }
        step = setting.step(current: text(setting))
      }
      switch step {
      case .nothing: break
      case .missing: report.problems.append(setting.problem("this kernel does not have it"))
      case .set: set(setting, &report)
      }
    }
  }

  private func text(_ setting: KernelSetting) -> String? {
    (try? files.read(root + setting.path)).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) }
  }

  private func set(_ setting: KernelSetting, _ report: inout Report) {
    do throws(NodeFileError) {
      try KernelFile.write(root + setting.path, setting.value)
      guard setting.step(current: text(setting)) == .nothing else {
        return report.problems.append(setting.problem("the kernel did not take it"))
      }
      report.changes.append("\(setting.name) = \(setting.value)")
    } catch {
      report.problems.append(setting.problem(error.message))
    }
  }

  // MARK: Routes

  private func checkRoutes(_ report: inout Report) async {
    for family in [false, true] where podCIDRs.contains(where: { $0.isIPv6 == family }) {
      let (status, output) = await commands(["ip", family ? "-6" : "-4", "-j", "route", "show"], "")
      guard status == 0 else {
        let fix = status == 127 ? "; apt-get install iproute2" : ""
        report.problems.append("routes cannot be listed: \(output)\(fix)")
        continue
      }
      report.problems += Self.conflicts(output, podCIDRs: podCIDRs, bridge: bridge)
    }
  }

  /// What is said of routes that lead addresses of pods elsewhere.
  /// - Parameter routes: what `ip -j route show` lists.
  static func conflicts(_ routes: String, podCIDRs: [AddressRange], bridge: String) -> [String] {
    guard let list = (try? JSON.parse(Array(routes.utf8)))?.array else { return [] }
    return list.compactMap { route in
      guard let range = route["dst"]?.string.flatMap({ AddressRange($0) }), range.length > 0,
        route["dev"]?.string != bridge, route["protocol"]?.string != "\(RouteTable.protocolNumber)",
        // It refuses, as a node does with what nobody claims.
        route["type"]?.string != "unreachable",
        let pods = podCIDRs.first(where: { $0.overlaps(range) })
      else { return nil }
      let way = route["dev"]?.string.map { " by \($0)" } ?? ""
      return "the pods' addresses \(pods) are in use already: \(range) is reached\(way); "
        + "choose others with --cluster-cidr"
    }
  }
}
