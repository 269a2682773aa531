import Client
import Exchange
import LocalVolumes
import Logging
import Objects

/// What every cluster of ours has beside what the API server itself makes: the service of DNS, a storage class, and what
/// nodes that join have to know.
struct ClusterAddons: Sendable {
  /// What a joining node is told in a ConfigMap of `kube-system`.
  static let configurationName = "raftkv-cluster"
  private static let manager = "raftkv"

  let clusterCIDR: String
  let serviceCIDR: String
  let clusterDomain: String
  /// The address of the service of DNS.
  let clusterDNS: String
  let client: APIClient
  let logger: Logger

  /// Makes them what they should be; tries until it is done.
  func ensure() async {
    for object in objects {
      guard
        let kind = object["kind"]?.string, let version = object["apiVersion"]?.string,
        let resource = Self.resource(version, kind)
      else { continue }
      let name = object["metadata", "name"]?.string ?? ""
      while !Task.isCancelled {
        do throws(StatusError) {
          try await client.patch(
            resource, namespace: object["metadata", "namespace"]?.string ?? "", name: name, kind: .apply,
            fieldManager: Self.manager, force: true, object)
          break
        } catch {
          logger.debug("\(kind) \(name) cannot be made yet: \(error.message)")
          try? await Task.sleep(for: .milliseconds(300))
        }
      }
    }
  }

  private static func resource(_ version: String, _ kind: String) -> Resource? {
    let parts = version.split(separator: "/").map(String.init)
    return Resource.builtIn(group: parts.count > 1 ? parts[0] : "", version: parts.last ?? "", kind: kind)
  }

  private var objects: [JSON] {
    let dnsPorts: JSON = [
      ["name": "dns", "port": 53, "protocol": "UDP", "targetPort": .integer(Int64(NodeDNS.port))],
      ["name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": .integer(Int64(NodeDNS.port))],
    ]
    return [
      LocalVolumeClass.object,
      [
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": ["name": .string(Self.configurationName), "namespace": "kube-system"],
        "data": [
          "clusterCIDR": .string(clusterCIDR), "serviceCIDR": .string(serviceCIDR),
          "clusterDomain": .string(clusterDomain), "clusterDNS": .string(clusterDNS),
        ],
      ],
      [
        "apiVersion": "v1", "kind": "Service",
        "metadata": [
          "name": .string(NodeDNS.service), "namespace": "kube-system",
          "labels": ["k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS"],
        ],
        // Each node serves its own pods.
        "spec": [
          "clusterIP": .string(clusterDNS), "internalTrafficPolicy": "Local", "ports": dnsPorts,
        ],
      ],
    ]
  }
}

/// What a cluster tells the nodes that join; empty where it is not one of ours.
struct ClusterConfiguration: Sendable {
  var clusterCIDR = ""
  var serviceCIDR = ""
  var clusterDomain = "cluster.local"
  var clusterDNS = ""

  init(_ client: APIClient) async throws {
    guard let configMaps = Resource.builtIn(group: "", version: "v1", resource: "configmaps") else { return }
    do throws(StatusError) {
      let object = try await client.get(
        configMaps, namespace: "kube-system", name: ClusterAddons.configurationName)
      func value(_ key: String) -> String { object["data", key]?.string ?? "" }
      (clusterCIDR, serviceCIDR, clusterDNS) = (
        value("clusterCIDR"), value("serviceCIDR"), value("clusterDNS")
      )
      if !value("clusterDomain").isEmpty { clusterDomain = value("clusterDomain") }
    } catch {
      // Other API servers let a node read no other configuration than its pods'.
      guard error.isNotFound || error.code == 403 else { throw error }
    }
  }
}
