import Client
import ContainerRuntime
import Objects

@testable import Kubelet

/// 2026-01-01T00:00:00Z.
let origin = Timestamp(seconds: 1_767_225_600)

func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: origin.seconds + seconds) }

func nanoseconds(_ seconds: Int64) -> Int64 { at(seconds).seconds * 1_000_000_000 }

/// A pod `n/p` with uid `u`.
func pod(
  _ containers: [JSON] = [["name": "c", "image": "i"]], inits: [JSON] = [], ephemeral: [JSON] = [],
  policy: String = "Always", spec: JSONObject = [:], metadata: JSONObject = [:], status: JSONObject = [:]
) -> JSON {
  var pod: JSON = [
    "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p", "namespace": "n", "uid": "u"],
    "spec": [
      "containers": .array(containers), "restartPolicy": .string(policy), "terminationGracePeriodSeconds": 30,
      "nodeName": "node-a",
    ],
    "status": .object(status),
  ]
  if !inits.isEmpty { pod["spec", "initContainers"] = .array(inits) }
  if !ephemeral.isEmpty { pod["spec", "ephemeralContainers"] = .array(ephemeral) }
  for member in spec { pod["spec", member.key] = member.value }
  for member in metadata { pod["metadata", member.key] = member.value }
  return pod
}

func sandbox(
  _ id: String = "s", attempt: UInt32 = 0, ready: Bool = true, addresses: [String] = ["10.1.0.2"],
  network: NamespaceMode = .pod, created: Int64 = 0
) -> PodSandboxStatus {
  PodSandboxStatus(
    sandbox: PodSandbox(
      id: id, metadata: PodSandboxMetadata(name: "p", uid: "u", namespace: "n", attempt: attempt),
      state: ready ? .ready : .notReady, createdAt: nanoseconds(created)),
    addresses: addresses, namespaces: NamespaceOptions(network: network))
}

/// A container whose id is its name and attempt: `c.0`.
func container(
  _ name: String, _ state: ContainerState, attempt: UInt32 = 0, exit: Int32 = 0, sandbox: String = "s",
  created: Int64 = 1, finished: Int64 = 10, annotations: [String: String] = [:], reason: String = ""
) -> ObservedPod.Item {
  ObservedPod.Item(
    ContainerStatus(
      id: "\(name).\(attempt)", metadata: ContainerMetadata(name: name, attempt: attempt), state: state,
      createdAt: nanoseconds(created), startedAt: state == .created ? 0 : nanoseconds(created),
      finishedAt: state == .exited ? nanoseconds(finished) : 0, exitCode: exit,
      image: ImageReference("i"), imageReference: "sha256:1", imageID: "sha256:1", reason: reason,
      annotations: annotations),
    sandboxID: sandbox)
}
