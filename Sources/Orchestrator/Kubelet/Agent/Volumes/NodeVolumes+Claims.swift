import Objects

extension NodeVolumes {
  /// The folder of a persistent volume that a claim of the pod is bound to.
  func claimed(
    _ volume: JSON, of pod: JSON, _ sources: PodSources, folder: String
  ) throws(ContainerConfigError) -> String {
    let claim = pod.claimName(volume) ?? ""
    guard let found = sources.claims[claim] else {
      throw ContainerConfigError("persistentvolumeclaim \"\(claim)\" not found")
    }
    let persistent = try found.get()
    let path: String
    if let host = persistent["spec", "hostPath"] {
      // Its owner is whoever made it.
      path = host["path"]?.string ?? ""
      try HostPath.prepare(path, type: host["type"]?.string ?? "", files)
      return path
    }
    guard let local = persistent["spec", "local", "path"]?.string else {
      let name = persistent.podName
      throw ContainerConfigError("persistentvolume \"\(name)\" is of a kind that this kubelet does not have")
    }
    path = local
    do throws(NodeFileError) {
      guard try files.kind(path) != nil else { throw NodeFileError("path \"\(path)\" does not exist") }
      try own(path, volume, of: pod, folder: folder)
    } catch {
      throw ContainerConfigError(error.message)
    }
    return path
  }

  /// Gives a persistent volume to the pod's group: once for a pod, as there may be much in it.
  private func own(
    _ path: String, _ volume: JSON, of pod: JSON, folder: String
  ) throws(NodeFileError) {
    let mark = "\(folder)/volumes/kubernetes.io~local-volume/\(volume["name"]?.string ?? "")"
    guard try files.kind(mark) == nil else { return }
    if let ownership = VolumeOwnership(pod, isReadOnly: volume.isReadOnlyVolume) {
      let policy = pod["spec", "securityContext", "fsGroupChangePolicy"]?.string
      let isRight = policy == "OnRootMismatch" ? try ownership.matches(path, files) : false
      if !isRight { try ownership.takeAll(path, files) }
    }
    try files.makeDirectory(mark, mode: 0o750)
  }
}

extension JSON {
  /// The claim behind a volume of this pod: one that it names, or one that was made for it.
  func claimName(_ volume: JSON) -> String? {
    if let name = volume["persistentVolumeClaim", "claimName"]?.string { return name }
    guard volume["ephemeral"] != nil, let name = volume["name"]?.string else { return nil }
    return "\(podName)-\(name)"
  }

  /// Whether nobody may write to a volume, whatever a container says.
  var isReadOnlyVolume: Bool {
    isMadeOfObjects || self["persistentVolumeClaim", "readOnly"]?.boolean == true
  }
}
