import Client
import Objects

/// A node's objects, as its kubelet would write them.
struct SimulatedNode: Sendable, Hashable {
  let number: Int
  let name: String
  /// Its own.
  let address: String
  private let options: SimulationOptions

  init(number: Int, options: SimulationOptions) {
    self.number = number
    self.options = options
    name = options.namePrefix + String(number)
    address = "10.240.\(number / 250).\(number % 250 + 1)"
  }

  /// The number of the node of this name; nil if it is none of the simulated ones.
  static func number(of name: String, options: SimulationOptions) -> Int? {
    guard name.hasPrefix(options.namePrefix) else { return nil }
    let digits = name.dropFirst(options.namePrefix.count)
    guard let number = Int(digits), number >= 0, number < options.nodes, String(number) == digits else {
      return nil
    }
    return number
  }

  /// The Node.
  func object(now: Timestamp) -> JSON {
    var labels: JSON = [
      "kubernetes.io/hostname": .string(name), "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
      "beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "amd64", "type": "simulated",
    ]
    if options.zones > 0 {
      labels["topology.kubernetes.io/region"] = "simulated"
      labels["topology.kubernetes.io/zone"] = .string("zone-\(number % options.zones)")
    }
    return [
      "apiVersion": "v1", "kind": "Node", "metadata": ["name": .string(name), "labels": labels],
      "spec": ["providerID": .string("simulated://\(name)")], "status": status(now: now, since: nil),
    ]
  }

  /// The Node's status.
  ///
  /// - Parameter since: the conditions so far, whose times are kept where nothing changes.
  func status(now: Timestamp, since old: JSON?) -> JSON {
    let resources: JSON = [
      "cpu": .string(options.cpu), "memory": .string(options.memory), "pods": .string(String(options.pods)),
      "ephemeral-storage": "100Gi",
    ]
    return [
      "capacity": resources, "allocatable": resources,
      "addresses": [
        ["type": "InternalIP", "address": .string(address)], ["type": "Hostname", "address": .string(name)],
      ],
      "conditions": .array(
        NodeRecords.conditions(NodeRecords.noPressure + [NodeRecords.ready], since: old, now: now)),
      "daemonEndpoints": ["kubeletEndpoint": ["Port": 10250]],
      "nodeInfo": [
        "architecture": "amd64", "operatingSystem": "linux", "osImage": "simulated",
        "kernelVersion": "simulated", "kubeletVersion": "v1.36.0", "kubeProxyVersion": "v1.36.0",
        "containerRuntimeVersion": "simulated://1.0.0", "machineID": .string(name),
        "systemUUID": .string(name), "bootID": .string(name),
      ],
    ]
  }

  /// Whether a Node says that it is ready.
  static func isReady(_ node: JSON) -> Bool {
    (node["status", "conditions"]?.array ?? []).contains {
      $0["type"]?.string == "Ready" && $0["status"]?.string == "True"
    }
  }

  /// The Lease, new or renewed.
  ///
  /// - Parameter owner: the Node's uid; its lease goes with it.
  func lease(_ known: JSON?, owner: String, now: Timestamp) -> JSON {
    NodeRecords.lease(known, node: name, owner: owner, now: now)
  }
}
