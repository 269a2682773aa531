import Client
import Kubelet
import KubeletServer
import NodeHost
import Objects

/// The kubelet as its own port knows it.
struct KubeletAgent: NodeAgent {
  let kubelet: KubeletRunner
  let usage: NodeUsageReader
  let settings: NodeProcessSettings

  func pods() async -> [JSON] { kubelet.currentPods }

  func nodeUsage() async -> NodeUsage { usage.read(now: SystemTime().now) }

  func configuration() async -> JSON {
    [
      "kind": "KubeletConfiguration", "apiVersion": "kubelet.config.k8s.io/v1beta1",
      "port": .integer(Int64(settings.kubeletPort)), "clusterDomain": .string(settings.clusterDomain),
      "clusterDNS": .array(settings.clusterDNS.map { .string($0) }),
      "staticPodPath": .string(settings.manifests), "maxPods": .integer(Int64(NodeFacts.pods)),
    ]
  }

  func problem() async -> String? { kubelet.problem }
}
