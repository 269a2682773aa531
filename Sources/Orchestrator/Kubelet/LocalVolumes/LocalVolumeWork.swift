import Client
import Exchange
import Objects

/// The provisioner at work.
struct LocalVolumeWork: Sendable {
  let provisioner: LocalVolumeProvisioner
  let resources: LocalVolumeResources
  let claims: Informer
  let volumes: Informer
  let classes: Informer

  private var files: VolumeFiles { provisioner.files }
  private var client: APIClient { provisioner.client }
  private var node: String { provisioner.node }

  func sync(_ key: LocalVolumeProvisioner.Key) async throws(LocalVolumeFailure) {
    switch key {
    case .claim(let key): if let claim = claims[key] { try await sync(claim: claim) }
    case .volume(let name): if let volume = volumes.get("", name) { try await sync(volume: volume, name) }
    case .gone(let name):
      // Its data may be wanted again: only who deletes a volume by its policy removes that.
      guard volumes.get("", name) == nil else { return }
      try await perform { () async throws(VolumeFiles.Failure) in try await files.unmount(name, .image) }
    }
  }

  // MARK: Claims

  private func sync(claim: JSON) async throws(LocalVolumeFailure) {
    let storageClass = VolumeMatch.className(claim).flatMap { classes.get("", $0) }
    switch ClaimTask(claim: claim, storageClass: storageClass, node: node) {
    case .nothing: break
    case .refuse(let reason): fail(claim, reason)
    case .provision(let bytes, let mayBeFolder):
      guard let storageClass, volumes.get("", LocalVolumeObjects.name(for: claim)) == nil else { return }
      try await provision(claim, storageClass, bytes: bytes, mayBeFolder: mayBeFolder)
    }
  }

  private func provision(
    _ claim: JSON, _ storageClass: JSON, bytes: Int64, mayBeFolder: Bool
  ) async throws(LocalVolumeFailure) {
    let key = ObjectKey(claim)
    let name = LocalVolumeObjects.name(for: claim)
    tell(
      claim, "Provisioning",
      "External provisioner is provisioning volume for claim \"\(key.description)\"")
    var kind = VolumeFiles.Kind.image
    if let failure = await create(name, kind, bytes) {
      guard failure.lacksLoopDevices, mayBeFolder else {
        fail(claim, failure.message)
        throw LocalVolumeFailure(failure)
      }
      kind = .folder
      tell(
        claim, "CapacityNotEnforced",
        "node \(node) lacks loop devices, the volume is a plain folder without a limit: \(failure.message)",
        isWarning: true)
      try await perform { () async throws(VolumeFiles.Failure) in
        try await files.discardImage(name)
        try await files.create(name, .folder, bytes: bytes)
      }
    }
    try await call { () async throws(StatusError) in
      let machine = try await client.get(resources.nodes, name: node)
      let hostname = machine["metadata", "labels"]?["kubernetes.io/hostname"]?.string ?? node
      let volume = LocalVolumeObjects.volume(
        for: claim, storageClass: storageClass, node: node, hostname: hostname, path: files.dataPath(name),
        kind: kind)
      do throws(StatusError) {
        _ = try await client.create(resources.volumes, volume)
      } catch {
        if !error.isAlreadyExists { throw error }
      }
    }
    tell(claim, "ProvisioningSucceeded", "Successfully provisioned volume \(name)")
  }

  private func create(_ name: String, _ kind: VolumeFiles.Kind, _ bytes: Int64) async -> VolumeFiles.Failure?
  {
    do throws(VolumeFiles.Failure) {
      try await files.create(name, kind, bytes: bytes)
      return nil
    } catch {
      return error
    }
  }

  // MARK: Volumes

  private func sync(volume: JSON, _ name: String) async throws(LocalVolumeFailure) {
    let kind = LocalVolumeObjects.kind(volume)
    let reference = volume["spec", "claimRef"]
    let claim = claims.get(
      reference?["namespace"]?.string ?? "", reference?["name"]?.string ?? "")
    switch VolumeTask(volume: volume, claim: claim) {
    case .keep:
      try await perform { () async throws(VolumeFiles.Failure) in try await files.mount(name, kind) }
    case .remove: try await remove(volume, name, kind)
    case .tellClaim: if let claim { try await finish(claim, volume) }
    case .expand(let bytes): if let claim { try await expand(volume, name, kind, claim, bytes) }
    }
  }

  private func remove(
    _ volume: JSON, _ name: String, _ kind: VolumeFiles.Kind
  ) async throws(LocalVolumeFailure) {
    do throws(LocalVolumeFailure) {
      try await perform { () async throws(VolumeFiles.Failure) in try await files.remove(name, kind) }
    } catch {
      provisioner.recorder.event(
        regarding: volume, resource: resources.volumes, type: "Warning", reason: "VolumeFailedDelete",
        message: error.message)
      throw error
    }
    if volume.isBeingDeleted { return }
    try await call { () async throws(StatusError) in
      do throws(StatusError) {
        let options = APIClient.deleteOptions(uid: volume["metadata", "uid"]?.string)
        _ = try await client.delete(resources.volumes, name: name, options: options)
      } catch {
        if !error.isNotFound { throw error }
      }
    }
  }

  private func expand(
    _ volume: JSON, _ name: String, _ kind: VolumeFiles.Kind, _ claim: JSON, _ bytes: Int64
  ) async throws(LocalVolumeFailure) {
    var claim = claim
    if let resizing = LocalVolumeObjects.resizing(claim, now: provisioner.time.now) {
      tell(claim, "Resizing", "External resizer is resizing volume \(name)")
      claim = try await call { () async throws(StatusError) in
        try await client.updateStatus(resources.claims, resizing)
      }
    }
    do throws(LocalVolumeFailure) {
      try await perform { () async throws(VolumeFiles.Failure) in
        try await files.expand(name, kind, bytes: bytes)
      }
    } catch {
      tell(claim, "VolumeResizeFailed", "resize volume \"\(name)\" failed: \(error.message)", isWarning: true)
      throw error
    }
    var changed = volume
    changed["spec", "capacity", "storage"] = claim["spec", "resources", "requests", "storage"]
    let grown = changed
    let written = try await call { () async throws(StatusError) in
      try await client.update(resources.volumes, grown)
    }
    try await finish(claim, written)
  }

  /// The claim hears of its room last, when it is there.
  private func finish(_ claim: JSON, _ volume: JSON) async throws(LocalVolumeFailure) {
    let grown = LocalVolumeObjects.grown(claim, volume: volume)
    _ = try await call { () async throws(StatusError) in
      try await client.updateStatus(resources.claims, grown)
    }
    tell(claim, "FileSystemResizeSuccessful", "MountVolume.NodeExpandVolume succeeded for volume")
  }

  // MARK: Telling

  private func fail(_ claim: JSON, _ problem: String) {
    let name = VolumeMatch.className(claim) ?? ""
    tell(
      claim, "ProvisioningFailed",
      "failed to provision volume with StorageClass \"\(name)\": \(problem)", isWarning: true)
  }

  private func tell(_ claim: JSON, _ reason: String, _ message: String, isWarning: Bool = false) {
    provisioner.recorder.event(
      regarding: claim, resource: resources.claims, type: isWarning ? "Warning" : "Normal", reason: reason,
      message: message)
  }

  private func perform(
    _ body: () async throws(VolumeFiles.Failure) -> Void
  ) async throws(LocalVolumeFailure) {
    do throws(VolumeFiles.Failure) { try await body() } catch { throw LocalVolumeFailure(error) }
  }

  @discardableResult
  private func call<Answer>(
    _ body: () async throws(StatusError) -> Answer
  ) async throws(LocalVolumeFailure) -> Answer {
    do throws(StatusError) { return try await body() } catch { throw LocalVolumeFailure(error) }
  }
}
