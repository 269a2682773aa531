import Client
import Exchange
import Objects
import Synchronization

extension SimulatedNodes {
  // MARK: Nodes

  /// Registers a node, or renews its lease and, when it is time, its status.
  func lookAtNode(_ number: Int) async {
    let node = SimulatedNode(number: number, options: options)
    let (known, isGone) = state.withLock { ($0.reports[number], $0.goneNodes.contains(number)) }
    guard !isGone else { return }
    do throws(StatusError) {
      var pause = options.leasePeriod
      if let report = known {
        if time.uptime - report.statusAt >= options.statusPeriod { try await writeStatus(node) }
        try await renewLease(node, report)
      } else {
        try await register(node)
        // Spread over the period, so that leases are not all renewed at once.
        pause = pause * (Double(number % 100 + 1) / 100)
      }
      nodeNumbers.forget(number)
      nodeNumbers.addAfter(number, pause)
    } catch {
      nodeNumbers.addRateLimited(number)
    }
  }

  private func register(_ node: SimulatedNode) async throws(StatusError) {
    let now = time.now
    let object: JSON
    do throws(StatusError) {
      object = try await client.create(resources.nodes, node.object(now: now))
    } catch {
      // From an earlier run.
      guard error.isAlreadyExists else { throw error }
      object = try await client.get(resources.nodes, name: node.name)
      try await writeStatus(node)
    }
    let report = NodeReport(uid: object["metadata", "uid"]?.string ?? "", lease: nil, statusAt: time.uptime)
    state.withLock { $0.reports[node.number] = report }
    try await renewLease(node, report)
  }

  private func writeStatus(_ node: SimulatedNode) async throws(StatusError) {
    let object = try await client.get(resources.nodes, name: node.name)
    let status = node.status(now: time.now, since: object["status"])
    try await client.patch(
      resources.nodes, name: node.name, kind: .strategic, subresource: "status", ["status": status])
    let now = time.uptime
    state.withLock { $0.reports[node.number]?.statusAt = now }
  }

  private func renewLease(_ node: SimulatedNode, _ report: NodeReport) async throws(StatusError) {
    let lease: JSON
    if let known = report.lease {
      do throws(StatusError) {
        lease = try await client.update(
          resources.leases, node.lease(known, owner: report.uid, now: time.now))
      } catch {
        // It has changed or is gone: next time it is read or made.
        state.withLock { $0.reports[node.number]?.lease = nil }
        throw error
      }
    } else {
      do throws(StatusError) {
        lease = try await client.create(resources.leases, node.lease(nil, owner: report.uid, now: time.now))
      } catch {
        guard error.isAlreadyExists else { throw error }
        let there = try await client.get(resources.leases, namespace: "kube-node-lease", name: node.name)
        lease = try await client.update(
          resources.leases, node.lease(there, owner: report.uid, now: time.now))
      }
    }
    state.withLock { $0.reports[node.number]?.lease = lease }
  }

  // MARK: Pods

  /// Does what is to be done next about a pod.
  func lookAtPod(_ key: ObjectKey) async {
    guard let pod = pods[key],
      let number = SimulatedNode.number(of: pod["spec", "nodeName"]?.string ?? "", options: options)
    else { return }
    let now = time.now
    let seen = state.withLock { $0.firstSeen[pod["metadata", "uid"]?.string ?? ""] } ?? time.uptime
    let decision = PodDecision(pod, boundFor: time.uptime - seen, now: now, options: options)
    do throws(StatusError) {
      switch decision {
      case .nothing: break
      case .wait(let duration): podKeys.addAfter(key, duration)
      case .start: try await start(pod, key, on: SimulatedNode(number: number, options: options), now: now)
      case .end(let code, let restarts):
        let patch =
          restarts
          ? PodStatus.restarted(pod, exitCode: code, now: now)
          : PodStatus.ended(pod, exitCode: code, now: now)
        try await write(patch, key)
      case .updateReadiness: try await write(PodStatus.readiness(pod, now: now), key)
      case .delete:
        let options = APIClient.deleteOptions(
          gracePeriodSeconds: 0, uid: pod["metadata", "uid"]?.string)
        try await client.delete(
          resources.pods, namespace: key.namespace, name: key.name, options: options)
      }
      podKeys.forget(key)
    } catch {
      // It is gone, or another has its name: the watch tells.
      if !error.isNotFound, !error.isConflict { podKeys.addRateLimited(key) }
    }
  }

  private func start(
    _ pod: JSON, _ key: ObjectKey, on node: SimulatedNode, now: Timestamp
  ) async throws(StatusError) {
    if pod["spec", "hostNetwork"]?.boolean == true {
      let place = PodStatus.Place(host: node.address, pod: node.address)
      return try await write(PodStatus.running(pod, at: place, now: now), key)
    }
    let uid = pod["metadata", "uid"]?.string ?? ""
    // It was started, and the watch has not told yet.
    guard state.withLock({ $0.addressOf[uid] == nil }) else { return }
    guard let address = state.withLock({ $0.takeAddress(for: uid) }) else {
      throw .unavailable("all addresses for pods are taken")
    }
    let place = PodStatus.Place(host: node.address, pod: address)
    do throws(StatusError) {
      try await write(PodStatus.running(pod, at: place, now: now), key)
    } catch {
      state.withLock { $0.giveBackAddress(of: uid) }
      throw error
    }
  }

  private func write(_ patch: JSON, _ key: ObjectKey) async throws(StatusError) {
    try await client.patch(
      resources.pods, namespace: key.namespace, name: key.name, kind: .strategic, subresource: "status",
      patch)
  }
}
