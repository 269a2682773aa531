import Client
import Exchange
import Objects

/// Makes the claims of generic ephemeral volumes. A claim is its pod's, and goes with it.
public struct EphemeralVolumes: Controller {
  /// The controller's name.
  public let name = "ephemeral-volume-controller"

  /// A controller, which has no settings.
  public init() {}

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let pods = context.informers.informer(for: .pods)
    let claims = context.informers.informer(for: .persistentVolumeClaims)
    let queue = ControllerQueue(context, name: name)
    pods.addHandler { event in
      switch event {
      case .added(let pod), .updated(_, let pod): if !Self.volumes(of: pod).isEmpty { queue.add(pod.key) }
      case .deleted: break
      }
    }
    claims.addHandler { event in
      // A claim that has been deleted is made again while its pod is there.
      if case .deleted(let claim) = event, let pod = claim.controllerKey(.pods) { queue.add(pod) }
    }
    await pods.waitForSync()
    await claims.waitForSync()
    await queue.run { (key) async throws(StatusError) in
      guard let pod = pods[key], pod.isActive else { return nil }
      for volume in Self.volumes(of: pod) {
        let claim = Self.claim(of: volume, pod)
        if let there = claims[claim.key] {
          guard !there.isControlled(by: pod) else { continue }
          let problem = "PVC \(quoted(there.key.description)) was not created for pod \(quoted(pod.name))"
          context.event(pod, .pods, isWarning: true, reason: "ProvisioningFailed", problem)
          continue
        }
        do throws(StatusError) {
          _ = try await context.create(.persistentVolumeClaims, claim)
        } catch {
          // Its event is coming, and this pod is looked at again when it matters.
          if error.isAlreadyExists || error.isOfTerminatingNamespace { continue }
          context.event(
            pod, .pods, isWarning: true, reason: "FailedToCreate",
            "ephemeral volume controller failed to create PVC: \(error.message)")
          throw error
        }
      }
      return nil
    }
  }

  /// The generic ephemeral volumes of a pod.
  static func volumes(of pod: JSON) -> [JSON] {
    (pod["spec", "volumes"]?.array ?? []).filter { volume in
      volume["ephemeral"].map { !$0.isNull } ?? false
    }
  }

  /// The claim of a volume of the pod.
  static func claim(of volume: JSON, _ pod: JSON) -> JSON {
    let template = volume["ephemeral", "volumeClaimTemplate"] ?? [:]
    var metadata: JSON = [
      "name": .string(VolumeMatch.ephemeralClaimName(pod: pod.name, volume: volume["name"]?.string ?? "")),
      "namespace": .string(pod.namespace), "ownerReferences": [OwnerReferences.controller(pod, .pods)],
    ]
    for field in ["labels", "annotations"] {
      if let value = template["metadata", field], !value.isNull { metadata[field] = value }
    }
    return [
      "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata,
      "spec": template["spec"] ?? [:],
    ]
  }
}
