import Client
import Exchange
import Objects

/// What a protection does to an object's finalizers.
enum Protection: Sendable, Hashable {
  case nothing
  /// It can be deleted while it is in use unless it is marked.
  case mark
  /// It is being deleted and in use no more.
  case release

  /// Decides.
  init(_ object: JSON, finalizer: String, isUsed: Bool) {
    let isMarked = object.finalizers.contains(finalizer)
    if object.isBeingDeleted {
      self = isMarked && !isUsed ? .release : .nothing
    } else {
      self = isMarked ? .nothing : .mark
    }
  }

  /// The object with its finalizers as decided.
  func applied(to object: JSON, finalizer: String) -> JSON {
    var changed = object
    var finalizers = object.finalizers
    switch self {
    case .nothing: return object
    case .mark: finalizers.append(finalizer)
    case .release: finalizers.removeAll { $0 == finalizer }
    }
    changed["metadata", "finalizers"] =
      finalizers.isEmpty ? Optional<JSON>.none : .array(finalizers.map { .string($0) })
    return changed
  }
}

/// Keeps claims from being deleted while pods use them.
public struct ClaimProtection: Controller {
  /// The mark.
  public static let finalizer = "kubernetes.io/pvc-protection"
  /// The controller's name.
  public let name = "pvc-protection-controller"

  /// A controller, which has no settings.
  public init() {}

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let claims = context.informers.informer(for: .persistentVolumeClaims)
    let pods = PodClaims.informer(context)
    let queue = ControllerQueue(context, name: name)
    claims.addHandler { event in
      switch event {
      case .added(let claim), .updated(_, let claim): queue.add(claim.key)
      case .deleted: break
      }
    }
    pods.addHandler { event in
      switch event {
      case .added: break
      case .updated(let old, let new):
        guard !Self.uses(new), Self.uses(old) else { return }
        for key in PodClaims.keys(of: new) { queue.add(key) }
      case .deleted(let pod):
        for key in PodClaims.keys(of: pod) { queue.add(key) }
      }
    }
    await claims.waitForSync()
    await pods.waitForSync()
    await queue.run { (key) async throws(StatusError) in
      guard let claim = claims[key] else { return nil }
      var isUsed = pods.list(index: PodClaims.index, value: key.description).contains(where: Self.uses)
      if !isUsed, claim.isBeingDeleted, claim.finalizers.contains(Self.finalizer) {
        // What is known of pods may be behind, and a volume under a running pod must not go.
        let all = try await context.client.list(.pods, namespace: key.namespace).items
        isUsed = all.contains { Self.uses($0) && PodClaims.keys(of: $0).contains(key) }
      }
      let decision = Protection(claim, finalizer: Self.finalizer, isUsed: isUsed)
      guard decision != .nothing else { return nil }
      _ = try await context.update(
        .persistentVolumeClaims, decision.applied(to: claim, finalizer: Self.finalizer))
      return nil
    }
  }

  /// Whether a pod can have its claims mounted: it has a node and has not ended.
  static func uses(_ pod: JSON) -> Bool { !pod.nodeName.isEmpty && !pod.isTerminal }
}

/// Keeps volumes from being deleted while claims are bound to them.
public struct VolumeProtection: Controller {
  /// The mark.
  public static let finalizer = "kubernetes.io/pv-protection"
  /// The controller's name.
  public let name = "pv-protection-controller"

  /// A controller, which has no settings.
  public init() {}

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let volumes = context.informers.informer(for: .persistentVolumes)
    let queue = ControllerQueue(context, name: name)
    volumes.addHandler { event in
      switch event {
      case .added(let volume), .updated(_, let volume): queue.add(volume.key)
      case .deleted: break
      }
    }
    await volumes.waitForSync()
    await queue.run { (key) async throws(StatusError) in
      guard let volume = volumes[key] else { return nil }
      let decision = Protection(volume, finalizer: Self.finalizer, isUsed: volume.phase == "Bound")
      guard decision != .nothing else { return nil }
      _ = try await context.update(
        .persistentVolumes, decision.applied(to: volume, finalizer: Self.finalizer))
      return nil
    }
  }
}
