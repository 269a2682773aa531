import Client
import Exchange
import Objects
import Scheduler

/// Does what the core has decided.
struct SchedulerWorker: Sendable {
  let client: APIClient
  let recorder: EventRecorder
  /// As they are known.
  let pods: Informer
  let resource: Resource
  let resources: SchedulerResources
  let volumes: PodVolumes
  let scheduler: String
  let time: any TimeSource
  let inputs: SchedulerInputs

  /// Does it; whoever calls has a place among `requests`.
  func perform(_ decision: SchedulerDecision, _ requests: RequestLimiter) async {
    switch decision {
    case .bind(let binding): await bind(binding, requests)
    case .unschedulable(let decision): await report(decision)
    }
  }

  private func bind(_ binding: SchedulerDecision.Binding, _ requests: RequestLimiter) async {
    let pod = binding.pod
    var metadata: JSON = ["name": .string(pod.name), "namespace": .string(pod.namespace)]
    if !pod.uid.isEmpty { metadata["uid"] = .string(pod.uid) }
    let object: JSON = [
      "apiVersion": "v1", "kind": "Binding", "metadata": metadata,
      "target": ["apiVersion": "v1", "kind": "Node", "name": .string(binding.node)],
    ]
    do throws(StatusError) {
      try await prepareVolumes(binding, requests)
      try await client.create(
        resource, namespace: pod.namespace, name: pod.name, subresource: "binding", object)
      inputs.note(SchedulerInputs.Outcome(binding: binding, problem: nil))
      tell(
        pod, type: "Normal", reason: "Scheduled",
        "Successfully assigned \(pod.namespace)/\(pod.name) to \(binding.node)")
    } catch {
      inputs.note(SchedulerInputs.Outcome(binding: binding, problem: error))
      // Of a pod that is gone there is nothing to tell.
      if !error.isNotFound {
        tell(pod, type: "Warning", reason: "FailedScheduling", "binding rejected: \(error.message)")
      }
    }
  }

  /// Has the pod's claims get volumes on the node, and waits for them.
  private func prepareVolumes(
    _ binding: SchedulerDecision.Binding, _ requests: RequestLimiter
  ) async throws(StatusError) {
    guard let pod = current(binding.pod),
      let node = volumes.nodes.get("", binding.node).flatMap({ NodeInfo($0) })
    else { return }
    let (writes, waiting) = volumes.writes(for: pod, on: node)
    for write in writes {
      try await client.update(write.isOfVolume ? resources.volumes : resources.claims, write.object)
    }
    guard !waiting.isEmpty else { return }
    // Volumes may take minutes to be made, and others are to have the place meanwhile.
    requests.leave()
    let problem = await waitForVolumes(waiting, binding)
    await requests.enter()
    if let problem { throw .unavailable("binding volumes: \(problem)") }
  }

  private func waitForVolumes(_ keys: [ObjectKey], _ binding: SchedulerDecision.Binding) async -> String? {
    let end = time.uptime + SchedulerLoop.Limits.volumeBinding
    while time.uptime < end {
      switch volumes.progress(keys, pod: binding.pod, node: binding.node) {
      case .bound: return nil
      case .failed(let problem): return problem
      case .waiting: break
      }
      do { try await time.sleep(for: SchedulerLoop.Limits.volumeLook) } catch { return "cancelled" }
    }
    return "timed out"
  }

  private func report(_ decision: SchedulerDecision.Unschedulable) async {
    guard let pod = current(decision.pod) else { return }
    tell(decision.pod, type: "Warning", reason: "FailedScheduling", decision.message)
    let patch = PodStatusPatch.unschedulable(
      pod, message: decision.message, nomination: decision.nomination, now: time.now)
    // The nomination is written before room is made for it.
    if let patch { await patchStatus(decision.pod, patch) }
    for other in decision.clearedNominations {
      if let patch = current(other).flatMap({ PodStatusPatch.clearedNomination($0) }) {
        await patchStatus(other, patch)
      }
    }
    for victim in decision.victims { await preempt(victim, for: decision.pod) }
  }

  /// Deletes a pod that must go for another.
  private func preempt(_ victim: PodReference, for pod: PodReference) async {
    guard let object = current(victim) else { return }
    await patchStatus(victim, PodStatusPatch.preempted(object, scheduler: scheduler, now: time.now))
    let options = APIClient.deleteOptions(uid: victim.uid.isEmpty ? nil : victim.uid)
    do throws(StatusError) {
      try await client.delete(resource, namespace: victim.namespace, name: victim.name, options: options)
      let node = object["spec", "nodeName"]?.string ?? ""
      tell(victim, type: "Normal", reason: "Preempted", "Preempted by pod \(pod.uid) on node \(node)")
    } catch {
      // The pod that waits is tried again, and finds the victim there or gone.
    }
  }

  /// The pod as it is known, if it is still the same one.
  private func current(_ pod: PodReference) -> JSON? {
    guard let object = pods.get(pod.namespace, pod.name), PodReference(of: object) == pod else { return nil }
    return object
  }

  /// What the status says is for users: a patch that fails is made anew with the next attempt.
  private func patchStatus(_ pod: PodReference, _ patch: JSON) async {
    _ = try? await client.patch(
      resource, namespace: pod.namespace, name: pod.name, kind: .strategic, subresource: "status", patch)
  }

  private func tell(_ pod: PodReference, type: String, reason: String, _ message: String) {
    let object =
      current(pod)
      ?? [
        "metadata": [
          "namespace": .string(pod.namespace), "name": .string(pod.name), "uid": .string(pod.uid),
        ]
      ]
    recorder.event(regarding: object, resource: resource, type: type, reason: reason, message: message)
  }
}
