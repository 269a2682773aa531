import Client
import ClientSupport
import ContainerRuntime
import Objects
import Synchronization
import Testing

@testable import Kubelet

private let root = "/var/lib/kubelet/pods/u/volumes/kubernetes.io~"

@Suite struct VolumeRefreshTests {
  private func text(_ files: MemoryFiles, _ path: String) -> String? {
    (try? files.read(root + path)).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `files of running pods follow their objects`() async throws {
    let memory = MemoryFiles()
    let node = try Node(
      volumes: NodeVolumes(files: memory, mounter: FakeMounter(), stamp: stamps()),
      options: KubeletOptions(jitter: { 0.5 }))
    let fields: JSON = ["items": [["path": "labels", "fieldRef": ["fieldPath": "metadata.labels"]]]]
    let mounts: [JSON] = ["m", "o", "d"].map { ["name": .string($0), "mountPath": .string("/" + $0)] }
    node.put(
      pod(
        [["name": "c", "image": "i", "volumeMounts": .array(mounts)]],
        spec: [
          "volumes": [
            ["name": "m", "configMap": ["name": "m"]],
            ["name": "o", "secret": ["secretName": "o", "optional": true]],
            ["name": "d", "downwardAPI": fields],
          ]
        ], metadata: ["labels": ["x": "1"]]))
    let put: @Sendable (Resource, String, JSON) -> Void = { resource, name, data in
      node.server.put(resource, ["metadata": ["name": .string(name), "namespace": "n"], "data": data])
    }
    put(node.resources.configMaps, "m", ["k": "old"])
    try await node.run {
      #expect(await node.isRunning())
      #expect(text(memory, "configmap/m/..data/k") == "old")
      #expect(text(memory, "secret/o/..data/k") == nil)
      put(node.resources.configMaps, "m", ["k": "new"])
      put(node.resources.secrets, "o", ["k": "c2VjcmV0"])
      #expect(await node.passes { text(memory, "configmap/m/..data/k") == "new" })
      #expect(await node.passes { text(memory, "secret/o/..data/k") == "secret" })
      // What a pod says of itself is there at once.
      #expect(text(memory, "downward-api/d/..data/labels") == "x=\"1\"")
      var changed = try #require(node.pod)
      changed["metadata", "labels", "x"] = "2"
      node.put(changed)
      #expect(await eventually { text(memory, "downward-api/d/..data/labels") == "x=\"2\"" })
      // One that vanishes leaves what there was.
      node.server.remove(node.resources.configMaps, "n", "m")
      put(node.resources.secrets, "o", ["k": "c2Vj"])
      #expect(await node.passes { text(memory, "secret/o/..data/k") == "sec" })
      #expect(text(memory, "configmap/m/..data/k") == "new")
      #expect(await node.passes { node.reasons().contains("FailedMount") })
    }
  }
}
