import Client
import ContainerRuntime
import Exchange
import Objects

/// Registers the node, renews its Lease and keeps its status current.
struct NodeReporter: Sendable {
  private let kubelet: KubeletRunner
  private var client: APIClient { kubelet.client }
  private var settings: NodeSettings { kubelet.settings }
  private var resources: KubeletResources { kubelet.resources }

  init(_ kubelet: KubeletRunner) { self.kubelet = kubelet }

  /// What was written last.
  private struct Report {
    var uid: String?
    var lease: JSON?
    var conditions: [NodeRecords.Condition] = []
    var statusAt: Duration?
    var leaseAt: Duration?

    /// When to look again: soon, while something is amiss.
    var pause: Duration {
      conditions.contains(NodeRecords.ready) ? KubeletLimits.leasePeriod : KubeletLimits.unreadyPeriod
    }
  }

  func run() async {
    var report = Report()
    while !Task.isCancelled {
      var pause = KubeletLimits.unreadyPeriod
      do throws(StatusError) {
        try await look(&report)
        pause = report.pause
      } catch {
        // Read or made anew next time.
        report.lease = nil
        report.leaseAt = nil
        if error.isNotFound { report.uid = nil }
      }
      do { try await kubelet.time.sleep(for: pause) } catch { return }
    }
  }

  private func look(_ report: inout Report) async throws(StatusError) {
    let conditions = await self.conditions()
    let uptime = kubelet.time.uptime
    let isDue = report.statusAt.map { uptime - $0 >= KubeletLimits.statusPeriod } ?? true
    let uid: String
    if let known = report.uid {
      uid = known
    } else {
      let node = try await register()
      uid = node["metadata", "uid"]?.string ?? ""
      report.uid = uid
    }
    if isDue || conditions != report.conditions {
      try await writeStatus(conditions)
      report.statusAt = uptime
      report.conditions = conditions
    }
    let isRenewalDue = report.leaseAt.map { uptime - $0 >= KubeletLimits.leasePeriod } ?? true
    if isRenewalDue {
      report.lease = try await renew(report.lease, uid: uid)
      report.leaseAt = uptime
    }
  }

  private func register() async throws(StatusError) -> JSON {
    let name = settings.nodeName
    var labels: JSON = [
      "kubernetes.io/hostname": .string(name), "kubernetes.io/os": "linux",
      "kubernetes.io/arch": .string(Self.architecture), "beta.kubernetes.io/os": "linux",
      "beta.kubernetes.io/arch": .string(Self.architecture),
    ]
    for (label, value) in settings.labels { labels[label] = .string(value) }
    let node: JSON = [
      "apiVersion": "v1", "kind": "Node", "metadata": ["name": .string(name), "labels": labels],
      "spec": settings.taints.isEmpty ? .object([:]) : ["taints": .array(settings.taints)],
    ]
    do throws(StatusError) {
      return try await client.create(resources.nodes, node)
    } catch {
      // From an earlier run.
      guard error.isAlreadyExists else { throw error }
      return try await client.get(resources.nodes, name: name)
    }
  }

  private func writeStatus(_ conditions: [NodeRecords.Condition]) async throws(StatusError) {
    let node = try await client.get(resources.nodes, name: settings.nodeName)
    let version = try? await kubelet.runtime.version()
    let addresses: [JSON] =
      settings.addresses.map { ["type": "InternalIP", "address": .string($0)] }
      + [["type": "Hostname", "address": .string(settings.nodeName)]]
    var info = settings.information
    info["architecture"] = .string(Self.architecture)
    info["operatingSystem"] = "linux"
    info["kubeletVersion"] = .string(Self.kubeletVersion)
    info["kubeProxyVersion"] = ""
    info["containerRuntimeVersion"] = .string(version.map { "\($0.name)://\($0.version)" } ?? "")
    for field in ["osImage", "kernelVersion", "machineID", "systemUUID", "bootID"] where info[field] == nil {
      info[field] = ""
    }
    var status: JSON = [
      "capacity": settings.capacity, "allocatable": settings.allocatable, "addresses": .array(addresses),
      "conditions": .array(
        NodeRecords.conditions(conditions, since: node["status"], now: kubelet.time.now)),
      "nodeInfo": info,
    ]
    if settings.kubeletPort > 0 {
      status["daemonEndpoints"] = ["kubeletEndpoint": ["Port": .integer(Int64(settings.kubeletPort))]]
    }
    try await client.patch(
      resources.nodes, name: settings.nodeName, kind: .strategic, subresource: "status",
      ["status": status])
  }

  private func renew(_ known: JSON?, uid: String) async throws(StatusError) -> JSON {
    let (name, now) = (settings.nodeName, kubelet.time.now)
    if let known {
      return try await client.update(
        resources.leases, NodeRecords.lease(known, node: name, owner: uid, now: now))
    }
    do throws(StatusError) {
      return try await client.create(
        resources.leases, NodeRecords.lease(nil, node: name, owner: uid, now: now))
    } catch {
      guard error.isAlreadyExists else { throw error }
      let there = try await client.get(
        resources.leases, namespace: NodeRecords.leaseNamespace, name: name)
      return try await client.update(
        resources.leases, NodeRecords.lease(there, node: name, owner: uid, now: now))
    }
  }

  /// Ready if the runtime and its network are.
  private func conditions() async -> [NodeRecords.Condition] {
    var faults: [String] = []
    do throws(RuntimeError) {
      let status = try await kubelet.runtime.status(verbose: false)
      if !status.isRuntimeReady { faults.append("container runtime is not ready") }
      if !status.isNetworkReady {
        let text = status.condition("NetworkReady").map { " reason:\($0.reason) message:\($0.message)" }
        faults.append("container runtime network not ready: NetworkReady=false\(text ?? "")")
      }
    } catch {
      faults.append("container runtime is down: \(error.message)")
    }
    let ready =
      faults.isEmpty
      ? NodeRecords.ready
      : NodeRecords.Condition("Ready", "False", "KubeletNotReady", faults.joined(separator: ", "))
    return NodeRecords.noPressure + [ready]
  }

  /// The version of Kubernetes whose kubelet this one does the work of.
  private static let kubeletVersion = "v1.36.0"

  private static var architecture: String {
    #if arch(arm64)
      "arm64"
    #else
      "amd64"
    #endif
  }
}
