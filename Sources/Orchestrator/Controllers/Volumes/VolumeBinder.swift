import Client
import Exchange
import Objects

/// Brings claims and volumes together, has volumes made for claims that find none, and keeps what both say of it.
public struct VolumeBinder: Controller {
  /// The controller's name.
  public let name = "persistentvolume-controller"

  /// A controller, which has no settings.
  public init() {}

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let claims = context.informers.informer(for: .persistentVolumeClaims)
    let volumes = context.informers.informer(for: .persistentVolumes)
    let classes = context.informers.informer(for: .storageClasses)
    let pods = PodClaims.informer(context)
    claims.addIndexer(BinderWork.unboundIndex) { $0.isBindCompleted ? [] : [""] }
    claims.addIndexer(BinderWork.volumeIndex) { $0.volumeName.isEmpty ? [] : [$0.volumeName] }
    let work = BinderWork(
      context: context, claims: claims, volumes: volumes, classes: classes, pods: pods,
      claimQueue: ControllerQueue(context, name: name), volumeQueue: ControllerQueue(context, name: name))
    work.listen()
    for informer in [claims, volumes, classes, pods] { await informer.waitForSync() }
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await work.claimQueue.run { (key) async throws(StatusError) in try await work.syncClaim(key) }
      }
      group.addTask {
        await work.volumeQueue.run { (key) async throws(StatusError) in try await work.syncVolume(key) }
      }
    }
  }
}

/// The binder at work.
struct BinderWork: Sendable {
  /// Claims that are not bound, all under one value.
  static let unboundIndex = "unbound"
  /// Claims by the volumes that they name.
  static let volumeIndex = "volume"

  let context: ControllerContext
  let claims: Informer
  let volumes: Informer
  let classes: Informer
  let pods: Informer
  let claimQueue: ControllerQueue
  let volumeQueue: ControllerQueue

  func listen() {
    claims.addHandler { event in
      switch event {
      case .updated(let old, let new) where old.resourceVersion == new.resourceVersion: return
      case .added(let claim), .updated(_, let claim), .deleted(let claim):
        claimQueue.add(claim.key)
        if !claim.volumeName.isEmpty { volumeQueue.add(ObjectKey(name: claim.volumeName)) }
        if case .added = event { volumesReserved(for: claim) }
        // A volume may name a claim that does not name it yet.
        if case .deleted = event { volumesReserved(for: claim) }
      }
    }
    volumes.addHandler { event in
      switch event {
      case .updated(let old, let new) where old.resourceVersion == new.resourceVersion: return
      case .added(let volume), .updated(_, let volume), .deleted(let volume):
        volumeQueue.add(ObjectKey(name: volume.name))
        for claim in claims.list(index: Self.volumeIndex, value: volume.name) { claimQueue.add(claim.key) }
        if let reference = volume.claimRef {
          claimQueue.add(
            ObjectKey(
              namespace: reference["namespace"]?.string ?? "", name: reference["name"]?.string ?? ""))
        } else {
          addUnbound()
        }
      }
    }
    classes.addHandler { event in
      if case .updated(let old, let new) = event, old.resourceVersion == new.resourceVersion { return }
      addUnbound()
    }
    pods.addHandler { event in
      // Only to tell who is waited for.
      guard case .added(let pod) = event, pod.nodeName.isEmpty else { return }
      for key in PodClaims.keys(of: pod) where claims[key].map({ !$0.isBindCompleted }) ?? false {
        claimQueue.addSoon(key)
      }
    }
  }

  private func addUnbound() {
    for claim in claims.list(index: Self.unboundIndex, value: "") { claimQueue.addSoon(claim.key) }
  }

  private func volumesReserved(for claim: JSON) {
    for volume in volumes.list() where VolumeMatch.isMeant(volume, for: claim) {
      volumeQueue.add(ObjectKey(name: volume.name))
    }
  }

  // MARK: Claims

  func syncClaim(_ key: ObjectKey) async throws(StatusError) -> Duration? {
    guard let claim = claims[key] else { return nil }
    let waiting = pods.list(index: PodClaims.index, value: key.description)
      .filter { $0.nodeName.isEmpty && !$0.isTerminal }.map(\.name)
    let decision = ClaimDecision(
      claim: claim, volumes: claim.isBindCompleted ? [] : volumes.list(), classes: classes.list(),
      waitingPods: waiting
    ) { volumes.get("", $0) }
    switch decision {
    case .bind(let volume): try await bind(claim, volume)
    case .wait(let notice):
      if let notice { tell(claim, notice) }
      _ = try await write(VolumeWrites.phase("Pending", of: claim), over: claim)
    case .assignClass(let name):
      var changed = claim
      changed["spec", "storageClassName"] = .string(name)
      _ = try await context.update(.persistentVolumeClaims, changed)
    case .provision(let provisioner):
      var current = claim
      let changed = VolumeWrites.provisioned(claim, by: provisioner)
      if changed != claim { current = try await context.update(.persistentVolumeClaims, changed) }
      tell(
        claim,
        VolumeNotice(
          reason: "ExternalProvisioning",
          message: "Waiting for a volume to be created either by the external provisioner "
            + "'\(provisioner)' or manually by the system administrator. If volume creation is delayed, "
            + "please verify that the provisioner is running and correctly registered."))
      _ = try await write(VolumeWrites.phase("Pending", of: current), over: current)
    case .lose(let notice):
      if claim.phase != "Lost" { tell(claim, notice) }
      _ = try await write(VolumeWrites.phase("Lost", of: claim), over: claim)
    }
    return nil
  }

  /// In an order in which a stop anywhere is taken up again: the volume's word first, so that no two claims get it.
  private func bind(_ claim: JSON, _ volume: JSON) async throws(StatusError) {
    var volume = volume
    let changedVolume = VolumeMatch.reserved(volume, for: claim)
    if changedVolume != volume { volume = try await context.update(.persistentVolumes, changedVolume) }
    var claim = claim
    let changedClaim = VolumeWrites.claim(claim, boundTo: volume)
    if changedClaim != claim { claim = try await context.update(.persistentVolumeClaims, changedClaim) }
    _ = try await write(VolumeWrites.phase("Bound", of: claim, volume: volume), over: claim)
  }

  private func write(_ changed: JSON, over claim: JSON) async throws(StatusError) -> JSON {
    guard changed["status"] != claim["status"] else { return claim }
    return try await context.updateStatus(.persistentVolumeClaims, changed)
  }

  private func tell(_ claim: JSON, _ notice: VolumeNotice) {
    context.event(
      claim, .persistentVolumeClaims, isWarning: notice.isWarning, reason: notice.reason, notice.message)
  }

  // MARK: Volumes

  func syncVolume(_ key: ObjectKey) async throws(StatusError) -> Duration? {
    guard let volume = volumes[key] else { return nil }
    let claim = try await claim(of: volume)
    switch VolumeDecision(volume: volume, claim: claim) {
    case .nothing: break
    case .lookAtClaim:
      if let claim { claimQueue.add(claim.key) }
    case .unbind:
      let changed = VolumeWrites.unbound(volume)
      if changed != volume { _ = try await context.update(.persistentVolumes, changed) }
    case .phase(let phase, let notice):
      var changed = volume
      changed["status", "phase"] = .string(phase)
      changed["status", "message"] = notice.map { .string($0.message) }
      _ = try await context.updateStatus(.persistentVolumes, changed)
      if let notice {
        context.event(
          volume, .persistentVolumes, isWarning: notice.isWarning, reason: notice.reason, notice.message)
      }
    }
    return nil
  }

  /// The claim that a volume names. One that is not known is asked for: a volume that is released because the binder
  /// is behind would lose its data.
  private func claim(of volume: JSON) async throws(StatusError) -> JSON? {
    guard let reference = volume.claimRef, let namespace = reference["namespace"]?.string,
      let name = reference["name"]?.string
    else { return nil }
    let uid = reference["uid"]?.string ?? ""
    if let known = claims.get(namespace, name), uid.isEmpty || known.uid == uid { return known }
    if uid.isEmpty || volume.phase == "Released" || volume.phase == "Failed" { return nil }
    do throws(StatusError) {
      return try await context.client.get(.persistentVolumeClaims, namespace: namespace, name: name)
    } catch {
      if error.isNotFound { return nil }
      throw error
    }
  }
}
