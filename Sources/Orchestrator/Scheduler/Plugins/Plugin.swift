/// The parts of the scheduler that can turn a node down, in the order in which they are asked. The names are
/// Kubernetes'.
enum Plugin: UInt8, Sendable, CaseIterable {
  case nodeUnschedulable
  case nodeName
  case taintToleration
  case nodeAffinity
  case nodePorts
  case nodeResourcesFit
  case volumeBinding
  case podTopologySpread
  case interPodAffinity
  /// Turns down nodes for victims only.
  case defaultPreemption
}

/// Plugins as a set: those that turned nodes down for a pod.
struct PluginSet: OptionSet, Sendable, Hashable {
  let rawValue: UInt16

  init(rawValue: UInt16) { self.rawValue = rawValue }
  init(_ plugin: Plugin) { rawValue = 1 << UInt16(plugin.rawValue) }

  func contains(_ plugin: Plugin) -> Bool { contains(PluginSet(plugin)) }
}

/// Why a node was turned down for a pod.
struct Rejection: Sendable, Hashable {
  let plugin: Plugin
  /// One bit for each reason; what they mean is the plugin's affair.
  var reasons: UInt64
  /// Whether no removal of pods would help.
  var isUnresolvable: Bool

  init(_ plugin: Plugin, reason: UInt64 = 0, isUnresolvable: Bool) {
    self.plugin = plugin
    reasons = 1 << reason
    self.isUnresolvable = isUnresolvable
  }

  static let noVictims = Rejection(.defaultPreemption, reason: 0, isUnresolvable: true)
  static let preemptionDoesNotHelp = Rejection(.defaultPreemption, reason: 1, isUnresolvable: true)

  /// The reasons as kube-scheduler words them.
  func texts(for pod: PodInfo) -> [String] {
    switch plugin {
    case .nodeUnschedulable: ["node(s) were unschedulable"]
    case .nodeName: ["node(s) didn't match the requested node name"]
    case .taintToleration: ["node(s) had untolerated taint(s)"]
    case .nodeAffinity: ["node(s) didn't match Pod's node affinity/selector"]
    case .nodePorts: ["node(s) didn't have free ports for the requested pod ports"]
    case .nodeResourcesFit: NodeResourcesFit.texts(reasons, pod: pod)
    case .volumeBinding: [VolumeBinding.text(reasons)]
    case .podTopologySpread:
      reasons == 1 << PodTopologySpread.missingLabel
        ? ["node(s) didn't match pod topology spread constraints (missing required label)"]
        : ["node(s) didn't match pod topology spread constraints"]
    case .interPodAffinity:
      switch reasons {
      case 1 << InterPodAffinity.affinity: ["node(s) didn't match pod affinity rules"]
      case 1 << InterPodAffinity.antiAffinity: ["node(s) didn't match pod anti-affinity rules"]
      default: ["node(s) didn't satisfy existing pods anti-affinity rules"]
      }
    case .defaultPreemption:
      self == .noVictims
        ? ["No preemption victims found for incoming pod"]
        : ["Preemption is not helpful for scheduling"]
    }
  }
}
