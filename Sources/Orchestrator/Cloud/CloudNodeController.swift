import Client
import Exchange
import Objects

/// Tells nodes what machines they are, and lets pods onto them then.
struct CloudNodeController: Sendable {
  static let name = "cloud-node-controller"
  /// Keeps pods off a node whose machine is not known yet.
  static let uninitialized = "node.cloudprovider.kubernetes.io/uninitialized"
  /// Machines can get other addresses.
  static let period = Duration.seconds(300)
  private static let workers = 4

  let context: CloudContext
  let instances: any CloudInstances
  let recorder: EventRecorder

  func run() async {
    let queue = CloudQueue(context, name: Self.name)
    context.nodes.addHandler { event in
      switch event {
      case .added(let node): queue.add(ObjectKey(node))
      case .updated(let old, let new):
        // Nodes report often; what matters here is whether the machine is known, and its addresses.
        if old.taints != new.taints || old["status", "addresses"] != new["status", "addresses"] {
          queue.add(ObjectKey(new))
        }
      case .deleted: break
      }
    }
    await context.nodes.waitForSync()
    await queue.run(workers: Self.workers) { (key) async throws(StatusError) in
      guard let node = context.nodes[key], !node.isBeingDeleted else { return nil }
      return try await sync(node)
    }
  }

  private func sync(_ node: JSON) async throws(StatusError) -> Duration? {
    let metadata: InstanceMetadata
    do throws(CloudError) {
      metadata = try await instances.metadata(node)
    } catch {
      guard let retryAfter = error.retryAfter else { throw error.status }
      return retryAfter
    }
    var node = node
    if let patch = Self.addressPatch(node, metadata) {
      node = try await context.client.patch(
        context.resources.nodes, name: node.name, kind: .strategic, subresource: "status", patch)
    }
    let changed = Self.initialized(node, metadata)
    guard changed != node else { return Self.period }
    _ = try await context.client.update(context.resources.nodes, changed)
    if changed.taints != node.taints {
      recorder.event(
        regarding: node, resource: context.resources.nodes, type: "Normal", reason: "Synced",
        message: "Node synced successfully")
    }
    return Self.period
  }

  /// The patch of a node's status if it has other addresses.
  static func addressPatch(_ node: JSON, _ metadata: InstanceMetadata) -> JSON? {
    let known = (node["status", "addresses"]?.array ?? []).map {
      InstanceMetadata.Address(type: $0["type"]?.string ?? "", address: $0["address"]?.string ?? "")
    }
    var wanted = metadata.addresses
    // A machine without a name of its own keeps that under which it registered.
    if !wanted.contains(where: { $0.type == "Hostname" }),
      let own = known.first(where: { $0.type == "Hostname" })
    {
      wanted.append(own)
    }
    guard Set(known) != Set(wanted) else { return nil }
    // The list is merged by type, of which there may be several: it is replaced as a whole.
    let list: [JSON] =
      [["$patch": "replace"]]
      + wanted.map { ["type": .string($0.type), "address": .string($0.address)] }
    return ["status": ["addresses": .array(list)]]
  }

  /// The node with what its machine is, and open to pods.
  static func initialized(_ node: JSON, _ metadata: InstanceMetadata) -> JSON {
    var changed = node
    // What a node has been known by does not change under it.
    if (node["spec", "providerID"]?.string ?? "").isEmpty, !metadata.providerID.isEmpty {
      changed["spec", "providerID"] = .string(metadata.providerID)
    }
    let labels = [
      (
        ["node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type"], metadata.instanceType
      ),
      (["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"], metadata.zone),
      (["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"], metadata.region),
    ]
    for (keys, value) in labels where !value.isEmpty {
      for key in keys where node.label(key) != value {
        changed["metadata", "labels", key] = .string(value)
      }
    }
    let taints = node.taints.filter { $0["key"]?.string != uninitialized }
    if taints.count != node.taints.count {
      changed["spec", "taints"] = taints.isEmpty ? Optional<JSON>.none : .array(taints)
    }
    return changed
  }
}
