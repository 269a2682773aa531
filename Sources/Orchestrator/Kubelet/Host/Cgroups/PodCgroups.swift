public import ContainerRuntime
public import Kubelet
public import Objects
import Synchronization

/// The control groups above those of containers: `kubepods`, one for each quality of service, one for each pod.
///
/// The runtime makes a container's group within its pod's. What this type does is to limit a pod as a whole, to weigh
/// the qualities against each other, and to remove what a pod leaves behind.
public final class PodCgroups: Sendable {
  /// Pods whose groups could not be removed yet.
  static let leftoversMax = 4096

  /// How the machine's groups are laid out; nil if it has none.
  public let layout: CgroupLayout?
  /// Why groups of pods are not made, and what that means; nil if they are.
  public let notice: String?
  private let driver: CgroupDriver
  private let files: any CgroupFiles
  private let pidsMax: Int64?
  private let leftovers = Mutex<Set<String>>([])

  /// Those of this machine.
  /// - Parameters:
  ///   - driver: with systemd the runtime has it make all groups, and there is nothing left to do here.
  ///   - pidsMax: so many processes a pod has at most; nil has no limit.
  public convenience init(driver: CgroupDriver, pidsMax: Int64? = nil) {
    let files = SystemCgroupFiles()
    let layout = CgroupLayout(mounts: HostFile.text("/proc/self/mountinfo")) { folder in
      files.text("\(folder)/cgroup.controllers") ?? ""
    }
    self.init(layout: layout, driver: driver, pidsMax: pidsMax, files: files)
  }

  init(layout: CgroupLayout?, driver: CgroupDriver, pidsMax: Int64?, files: any CgroupFiles) {
    self.layout = layout
    self.driver = driver
    self.pidsMax = pidsMax
    self.files = files
    notice = Self.tryOut(layout, driver, files)
  }

  /// Whether pods have groups of their own (`NodeSettings.hasPodCgroups`).
  public var isUsable: Bool { notice == nil }

  private static func tryOut(
    _ layout: CgroupLayout?, _ driver: CgroupDriver, _ files: any CgroupFiles
  ) -> String? {
    let meaning = "containers are not limited, and stay in the runtime's own group"
    guard let layout else { return "no control groups are mounted: \(meaning)" }
    if layout.folders["cpu"] == nil, layout.folders["memory"] == nil {
      return "the control groups of this machine have no controllers for cpu and memory: \(meaning)"
    }
    guard driver == .cgroupfs else { return nil }
    do throws(NodeFileError) {
      for folder in layout.limiting {
        // Not allowed in a group that has processes, such as the top of a container's own hierarchy.
        if layout.version == .v2 { try enableControllers(in: folder, layout, files) }
        try files.make("\(folder)/kubepods")
      }
      return nil
    } catch {
      return "control groups cannot be made (\(error.message)): \(meaning)"
    }
  }

  // MARK: Pods

  /// Where a pod's group is within each hierarchy, beginning below its top.
  static func path(uid: String, quality: QualityOfService) -> [String] {
    let between = quality.rawValue == "Guaranteed" ? [] : [quality.rawValue.lowercased()]
    return ["kubepods"] + between + ["pod\(uid)"]
  }

  private var isMaking: Bool { isUsable && driver == .cgroupfs }

  /// A uid is a folder's name: it must not lead anywhere else.
  private static func isName(_ uid: String) -> Bool {
    !uid.isEmpty && !uid.contains("/") && !uid.hasPrefix(".")
  }

  /// Makes a pod's group with its limits. Doing so again brings the limits up to date.
  public func prepare(_ pod: JSON) throws(NodeFileError) {
    let uid = pod["metadata", "uid"]?.string ?? ""
    guard isMaking, let layout, Self.isName(uid) else { return }
    let quality = QualityOfService(of: pod)
    let path = Self.path(uid: uid, quality: quality)
    // The runtime makes those of the other hierarchies, where a new group needs more than a folder.
    for folder in layout.limiting {
      var group = folder
      for part in path {
        if layout.version == .v2 { try Self.enableControllers(in: group, layout, files) }
        group += "/\(part)"
        try files.make(group)
      }
    }
    let limits = PodCgroupLimits(pod: pod)
    let place = path.joined(separator: "/")
    for (file, text) in Self.values(limits, pidsMax: pidsMax, layout) {
      try files.write(file(place), text)
    }
    try weighQualities(layout)
  }

  /// Lets groups within a group have the controllers, once for each.
  private static func enableControllers(
    in group: String, _ layout: CgroupLayout, _ files: any CgroupFiles
  ) throws(NodeFileError) {
    let file = "\(group)/cgroup.subtree_control"
    let there = Set((files.text(file) ?? "").split(whereSeparator: \.isWhitespace).map(String.init))
    for controller in CgroupLayout.controllers where layout.folders[controller] != nil {
      if !there.contains(controller) { try files.write(file, "+\(controller)") }
    }
  }

  /// The files of a group, given where it is within its hierarchy, and what is written into them.
  static func values(
    _ limits: PodCgroupLimits, pidsMax: Int64?, _ layout: CgroupLayout
  ) -> [(file: (_ place: String) -> String, text: String)] {
    var values: [(file: (_ place: String) -> String, text: String)] = []
    func add(_ controller: String, _ v1: (String, String)?, _ v2: (String, String)?) {
      guard let folder = layout.folders[controller], let (name, text) = layout.version == .v1 ? v1 : v2
      else { return }
      values.append(({ "\(folder)/\($0)/\(name)" }, text))
    }
    let period = PodCgroupLimits.period
    add(
      "cpu", ("cpu.shares", "\(limits.cpuShares)"),
      ("cpu.weight", "\(PodCgroupLimits.weight(shares: limits.cpuShares))"))
    add("cpu", ("cpu.cfs_period_us", "\(period)"), nil)
    add(
      "cpu", ("cpu.cfs_quota_us", limits.cpuQuota.map { "\($0)" } ?? "-1"),
      ("cpu.max", "\(limits.cpuQuota.map { "\($0)" } ?? "max") \(period)"))
    add(
      "memory", ("memory.limit_in_bytes", limits.memoryBytes.map { "\($0)" } ?? "-1"),
      ("memory.max", limits.memoryBytes.map { "\($0)" } ?? "max"))
    if let pidsMax { add("pids", ("pids.max", "\(pidsMax)"), ("pids.max", "\(pidsMax)")) }
    return values
  }

  /// Pods that ask for nothing get what is left; those that ask for something, together, what they ask for.
  private func weighQualities(_ layout: CgroupLayout) throws(NodeFileError) {
    guard let folder = layout.folders["cpu"] else { return }
    let isOld = layout.version == .v1
    let name = isOld ? "cpu.shares" : "cpu.weight"
    func set(_ quality: String, _ shares: Int64) throws(NodeFileError) {
      let group = "\(folder)/kubepods/\(quality)"
      guard files.text("\(group)/\(name)") != nil else { return }
      try files.write(
        "\(group)/\(name)", "\(isOld ? min(262_144, max(2, shares)) : PodCgroupLimits.weight(shares: shares))"
      )
    }
    try set("besteffort", 2)
    let burstable = "\(folder)/kubepods/burstable"
    let shares = files.groups(burstable).filter { $0.hasPrefix("pod") }.reduce(Int64(0)) { sum, pod in
      let text = files.text("\(burstable)/\(pod)/\(name)")?.prefix { $0 != "\n" } ?? ""
      let number = Int64(text) ?? 0
      return min(
        262_144, sum + (isOld ? min(262_144, max(0, number)) : PodCgroupLimits.shares(weight: number)))
    }
    try set("burstable", shares)
  }

  /// Removes what a pod that has gone has left, and what earlier ones had.
  /// - Returns: what could not be removed; that is tried again with the next pod.
  @discardableResult
  public func remove(podUID: String) -> [String] {
    guard isMaking, let layout, Self.isName(podUID) else { return [] }
    let uids = leftovers.withLock { $0 }.union([podUID])
    var failures: [String] = []
    var left: Set<String> = []
    for uid in uids.sorted() {
      for folder in layout.hierarchies {
        for between in ["", "/burstable", "/besteffort"] {
          do throws(NodeFileError) {
            try removeAll("\(folder)/kubepods\(between)/pod\(uid)")
          } catch {
            failures.append(error.message)
            left.insert(uid)
          }
        }
      }
    }
    let kept = left.sorted().prefix(Self.leftoversMax)
    leftovers.withLock { $0 = Set(kept) }
    // What asks for less now weighs less; if that fails it does so with the next pod.
    do throws(NodeFileError) { try weighQualities(layout) } catch { failures.append(error.message) }
    return failures
  }

  private func removeAll(_ group: String) throws(NodeFileError) {
    for name in files.groups(group) { try removeAll("\(group)/\(name)") }
    try files.remove(group)
  }
}

/// Pods' files, and their control groups with them.
public struct CgroupVolumes: PodVolumes {
  private let volumes: any PodVolumes
  private let cgroups: PodCgroups
  private let log: @Sendable (String) -> Void

  /// Makes a pod's group before its sandbox, and removes it after its files.
  /// - Parameter log: gets a line for each group that cannot be removed.
  public init(_ volumes: any PodVolumes, cgroups: PodCgroups, log: @escaping @Sendable (String) -> Void) {
    self.volumes = volumes
    self.cgroups = cgroups
    self.log = log
  }

  /// Makes the pod's files, then its group.
  public func prepareSandbox(_ pod: JSON, settings: NodeSettings) async throws(ContainerConfigError) {
    try await volumes.prepareSandbox(pod, settings: settings)
    do throws(NodeFileError) {
      try cgroups.prepare(pod)
    } catch {
      throw ContainerConfigError("failed to create the pod's control group: \(error.message)")
    }
  }

  /// Makes a container's volumes.
  public func mounts(
    _ spec: ContainerSpec, of pod: JSON, attempt: UInt32, environment: ContainerEnvironment,
    sources: PodSources, settings: NodeSettings
  ) async throws(ContainerConfigError) -> [Mount] {
    try await volumes.mounts(
      spec, of: pod, attempt: attempt, environment: environment, sources: sources, settings: settings)
  }

  /// Brings a running pod's volumes up to date.
  public func refresh(_ pod: JSON, sources: PodSources, settings: NodeSettings) async -> [String] {
    await volumes.refresh(pod, sources: sources, settings: settings)
  }

  /// Removes the pod's files, then its group.
  public func tearDown(podUID: String, settings: NodeSettings) async throws(ContainerConfigError) {
    try await volumes.tearDown(podUID: podUID, settings: settings)
    for failure in cgroups.remove(podUID: podUID) { log(failure) }
  }
}
