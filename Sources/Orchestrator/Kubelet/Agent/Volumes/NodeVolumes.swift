public import ContainerRuntime
public import Objects

/// What the kubelet mounts itself.
public protocol Mounter: Sendable {
  /// Mounts memory at a folder; nothing happens if that is so already.
  /// - Parameter sizeBytes: nil has no limit but the machine's.
  func mountMemory(at path: String, sizeBytes: Int64?) async throws(NodeFileError)
  /// Takes away every mount at or below a path.
  func unmountAll(below path: String) async throws(NodeFileError)
}

/// Pods' files on a node: volumes, hosts files, logs' folders.
public struct NodeVolumes: PodVolumes {
  let files: any NodeFiles
  private let mounter: any Mounter
  /// A name that is never given twice.
  private let stamp: @Sendable () -> String

  /// Pods' files.
  public init(files: any NodeFiles, mounter: any Mounter, stamp: @escaping @Sendable () -> String) {
    self.files = files
    self.mounter = mounter
    self.stamp = stamp
  }

  private func make(
    _ body: () throws(NodeFileError) -> Void
  ) throws(ContainerConfigError) {
    do throws(NodeFileError) { try body() } catch { throw ContainerConfigError(error.message) }
  }

  /// The folders of the pod and of its logs.
  public func prepareSandbox(_ pod: JSON, settings: NodeSettings) async throws(ContainerConfigError) {
    try make { () throws(NodeFileError) in
      try files.makeDirectory(settings.podDirectory(pod), mode: 0o750)
      try files.makeDirectory(settings.podLogDirectory(pod), mode: 0o755)
    }
  }

  /// The container's volumes, its hosts file and the file of its termination message.
  public func mounts(
    _ spec: ContainerSpec, of pod: JSON, attempt: UInt32, environment: ContainerEnvironment,
    sources: PodSources, settings: NodeSettings
  ) async throws(ContainerConfigError) -> [Mount] {
    let folder = settings.podDirectory(pod)
    var mounts: [Mount] = []
    for wanted in spec.json["volumeMounts"]?.array ?? [] {
      let name = wanted["name"]?.string ?? ""
      guard let volume = pod["spec", "volumes"]?.array?.first(where: { $0["name"]?.string == name })
      else {
        throw ContainerConfigError("cannot find volume \"\(name)\" to mount into container \"\(spec.name)\"")
      }
      var path = try await setUp(volume, of: pod, sources, folder: folder)
      path = try inside(path, wanted, environment, isOwn: volume.isMadeOfObjects)
      var mount = mount(wanted, path)
      if volume.isReadOnlyVolume { mount.isReadOnly = true }
      mounts.append(mount)
    }
    if !mounts.contains(where: { $0.containerPath == "/etc/hosts" }) {
      let hosts = PodNames(pod: pod, settings: settings).hosts(addresses: sources.podAddresses)
      try make { () throws(NodeFileError) in
        try files.write("\(folder)/etc-hosts", Array(hosts.utf8), mode: 0o644)
      }
      mounts.append(Mount(containerPath: "/etc/hosts", hostPath: "\(folder)/etc-hosts"))
    }
    if let path = spec.json["terminationMessagePath"]?.string, !path.isEmpty {
      let own = "\(folder)/containers/\(spec.name)"
      try make { () throws(NodeFileError) in
        try files.makeDirectory(own, mode: 0o750)
        // Whoever the container runs as has to be able to write it.
        try files.write("\(own)/\(attempt)", [], mode: 0o666)
        // The one before is still told of; those before that are not.
        for name in try files.list(own) where UInt32(name).map({ $0 &+ 1 < attempt }) ?? false {
          try files.remove("\(own)/\(name)")
        }
      }
      mounts.append(Mount(containerPath: path, hostPath: "\(own)/\(attempt)"))
    }
    return mounts
  }

  private func mount(_ wanted: JSON, _ path: String) -> Mount {
    let propagation: Mount.Propagation =
      switch wanted["mountPropagation"]?.string {
      case "HostToContainer": .hostToContainer
      case "Bidirectional": .bidirectional
      default: .private
      }
    let target = wanted["mountPath"]?.string ?? ""
    return Mount(
      containerPath: target.hasPrefix("/") ? target : "/\(target)", hostPath: path,
      isReadOnly: wanted["readOnly"]?.boolean == true,
      isRecursivelyReadOnly: wanted["recursiveReadOnly"]?.string == "Enabled", propagation: propagation)
  }

  /// The part of a volume that a container asks for.
  private func inside(
    _ path: String, _ wanted: JSON, _ environment: ContainerEnvironment, isOwn: Bool
  ) throws(ContainerConfigError) -> String {
    var subPath = wanted["subPath"]?.string ?? ""
    if let expression = wanted["subPathExpr"]?.string, !expression.isEmpty {
      guard let expanded = environment.expandAll(expression) else {
        throw ContainerConfigError("missing value for \"\(expression)\"")
      }
      subPath = expanded
    }
    if subPath.isEmpty { return path }
    return isOwn
      ? try SubPath.resolve(subPath, inOwn: path, files) : try SubPath.resolve(subPath, in: path, files)
  }

  /// Makes a volume, and says what a user is told if that fails.
  private func setUp(
    _ volume: JSON, of pod: JSON, _ sources: PodSources, folder: String
  ) async throws(ContainerConfigError) -> String {
    do throws(ContainerConfigError) {
      return try await prepare(volume, of: pod, sources, folder: folder)
    } catch {
      throw Self.failure(volume, error)
    }
  }

  private static func failure(_ volume: JSON, _ error: ContainerConfigError) -> ContainerConfigError {
    let name = volume["name"]?.string ?? ""
    return ContainerConfigError(
      "MountVolume.SetUp failed for volume \"\(name)\" : \(error.message)", isMountFailure: true)
  }

  /// Makes a volume, or brings it up to date, and says where it is.
  private func prepare(
    _ volume: JSON, of pod: JSON, _ sources: PodSources, folder: String
  ) async throws(ContainerConfigError) -> String {
    let name = volume["name"]?.string ?? ""
    if let host = volume["hostPath"] {
      let path = host["path"]?.string ?? ""
      try HostPath.prepare(path, type: host["type"]?.string ?? "", files)
      return path
    }
    if let empty = volume["emptyDir"] {
      let path = "\(folder)/volumes/kubernetes.io~empty-dir/\(name)"
      let isNew = (try? files.kind(path)) == nil
      try make { () throws(NodeFileError) in try files.makeDirectory(path, mode: 0o777) }
      if empty["medium"]?.string == "Memory" {
        let size = empty["sizeLimit"].flatMap { Quantity($0) }?.value
        do throws(NodeFileError) {
          try await mounter.mountMemory(at: path, sizeBytes: size)
        } catch {
          throw ContainerConfigError(error.message)
        }
      }
      if isNew, let ownership = VolumeOwnership(pod) {
        try make { () throws(NodeFileError) in try ownership.take(path, files) }
      }
      return path
    }
    if pod.claimName(volume) != nil { return try claimed(volume, of: pod, sources, folder: folder) }
    let path = Self.folder(of: volume, in: folder)
    try write(volume, of: pod, sources, at: path)
    return path
  }

  /// Writes a volume that is made of objects, if it is another one by now.
  private func write(
    _ volume: JSON, of pod: JSON, _ sources: PodSources, at path: String
  ) throws(ContainerConfigError) {
    guard let payload = try VolumeFiles.files(of: volume, in: pod, sources) else {
      let name = volume["name"]?.string ?? ""
      throw ContainerConfigError("volume \"\(name)\" is of a kind that this kubelet does not have")
    }
    try make { () throws(NodeFileError) in
      let writer = AtomicWriter(files, root: path, ownership: VolumeOwnership(pod, isReadOnly: true))
      try writer.write(payload, stamp: stamp())
    }
  }

  private static func folder(of volume: JSON, in folder: String) -> String {
    "\(folder)/volumes/kubernetes.io~\(plugin(volume))/\(volume["name"]?.string ?? "")"
  }

  /// Writes again what has changed, where it has been written before.
  public func refresh(_ pod: JSON, sources: PodSources, settings: NodeSettings) async -> [String] {
    let root = settings.podDirectory(pod)
    return (pod["spec", "volumes"]?.array ?? []).filter(\.isMadeOfObjects).compactMap { volume in
      do throws(ContainerConfigError) {
        let path = Self.folder(of: volume, in: root)
        guard (try? files.kind(path)) == .directory else { return nil }
        try write(volume, of: pod, sources, at: path)
        return nil
      } catch {
        return Self.failure(volume, error).message
      }
    }
  }

  private static func plugin(_ volume: JSON) -> String {
    if volume["configMap"] != nil { return "configmap" }
    if volume["secret"] != nil { return "secret" }
    return volume["downwardAPI"] != nil ? "downward-api" : "projected"
  }

  /// Takes mounts away, then removes the pod's folder.
  public func tearDown(podUID: String, settings: NodeSettings) async throws(ContainerConfigError) {
    // A uid comes from labels in the runtime: it must not lead anywhere else.
    guard !podUID.isEmpty, !podUID.contains("/"), !podUID.hasPrefix(".") else { return }
    let folder = "\(settings.rootDirectory)/pods/\(podUID)"
    do throws(NodeFileError) {
      // First, or what is mounted would be removed with it.
      try await mounter.unmountAll(below: folder)
      try files.remove(folder)
      guard try files.kind(settings.logDirectory) == .directory else { return }
      for name in try files.list(settings.logDirectory) where name.hasSuffix("_\(podUID)") {
        try files.remove("\(settings.logDirectory)/\(name)")
      }
    } catch {
      throw ContainerConfigError(error.message)
    }
  }
}
