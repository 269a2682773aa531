import Client
import Exchange
import Objects
import Testing

@testable import Controllers

private let now = Timestamp(seconds: 1_800_000_000)

private func withVolumes(_ api: InMemoryAPI, _ body: @Sendable () async throws -> Void) async throws {
  let client = APIClient(transport: api, userAgent: "test")
  let group = ControllerGroup(ControllerGroup.volumes, client: client, now: { now })
  try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { await group.run() }
    try await body()
    tasks.cancelAll()
    #expect(api.idleWrites == [])
  }
}

private func volume(_ name: String, _ size: String, policy: String = "Retain") -> JSON {
  [
    "apiVersion": "v1", "kind": "PersistentVolume", "metadata": ["name": .string(name)],
    "spec": [
      "capacity": ["storage": .string(size)], "accessModes": ["ReadWriteOnce"],
      "persistentVolumeReclaimPolicy": .string(policy), "hostPath": ["path": .string("/data/" + name)],
    ],
  ]
}

private func claim(_ name: String, _ size: String, storageClass: String? = "") -> JSON {
  var claim: JSON = [
    "apiVersion": "v1", "kind": "PersistentVolumeClaim",
    "metadata": ["name": .string(name), "namespace": "n"],
    "spec": [
      "accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": .string(size)]],
    ],
  ]
  if let storageClass { claim["spec", "storageClassName"] = .string(storageClass) }
  return claim
}

private func storageClass(_ name: String, mode: String, isDefault: Bool = false) -> JSON {
  var object: JSON = [
    "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": ["name": .string(name)],
    "provisioner": "example.com/disk", "volumeBindingMode": .string(mode), "allowVolumeExpansion": true,
  ]
  if isDefault { object["metadata", "annotations", VolumeAnnotation.isDefaultClass] = "true" }
  return object
}

private func claimPhase(_ api: InMemoryAPI, _ name: String) -> String {
  api.objects(.persistentVolumeClaims).first { $0.name == name }?.phase ?? ""
}

private func volumePhase(_ api: InMemoryAPI, _ name: String) -> String {
  api.objects(.persistentVolumes).first { $0.name == name }?.phase ?? ""
}

@Suite struct VolumeLoopTests {
  @Test
  func `two claims get a volume each, the smallest, and release it when they go`() async throws {
    let api = InMemoryAPI(now: now)
    try await withVolumes(api) {
      try api.apply(.persistentVolumes, volume("big", "20Gi"))
      try api.apply(.persistentVolumes, volume("small", "10Gi"))
      #expect(
        await api.wait { ["big", "small"].allSatisfy { volumePhase(api, $0) == "Available" } })
      try api.apply(.persistentVolumeClaims, claim("a", "5Gi"))
      #expect(await api.wait { claimPhase(api, "a") == "Bound" && volumePhase(api, "small") == "Bound" })
      try api.apply(.persistentVolumeClaims, claim("b", "5Gi"))
      #expect(await api.wait { claimPhase(api, "b") == "Bound" && volumePhase(api, "big") == "Bound" })
      let a = try #require(api.objects(.persistentVolumeClaims).first)
      #expect(a.volumeName == "small")
      #expect(a["status", "capacity", "storage"] == "10Gi")
      #expect(a.isBindCompleted)
      #expect(await api.wait { api.objects(.persistentVolumeClaims).allSatisfy { !$0.finalizers.isEmpty } })
      try api.remove(.persistentVolumeClaims, "a")
      #expect(await api.wait { volumePhase(api, "small") == "Released" })
    }
  }

  @Test
  func `a claim that a pod uses stays until the pod has ended`() async throws {
    let api = InMemoryAPI(now: now)
    try await withVolumes(api) {
      try api.apply(.persistentVolumes, volume("v", "10Gi"))
      try api.apply(.persistentVolumeClaims, claim("a", "5Gi"))
      try api.apply(
        .pods,
        [
          "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p", "namespace": "n"],
          "spec": [
            "nodeName": "node", "containers": [["name": "c", "image": "i"]],
            "volumes": [["name": "d", "persistentVolumeClaim": ["claimName": "a"]]],
          ],
        ])
      #expect(
        await api.wait {
          claimPhase(api, "a") == "Bound" && volumePhase(api, "v") == "Bound"
            && api.objects(.persistentVolumeClaims).first?.finalizers == [ClaimProtection.finalizer]
            && api.objects(.persistentVolumes).first?.finalizers == [VolumeProtection.finalizer]
        })
      try api.remove(.persistentVolumes, "v")
      try api.remove(.persistentVolumeClaims, "a")
      #expect(api.objects(.persistentVolumeClaims).first?.isBeingDeleted == true)
      var pod = try #require(api.objects(.pods).first)
      pod["status", "phase"] = "Succeeded"
      let client = APIClient(transport: api, userAgent: "test")
      _ = try await client.updateStatus(.pods, pod)
      #expect(
        await api.wait {
          api.objects(.persistentVolumeClaims).isEmpty && api.objects(.persistentVolumes).isEmpty
        })
    }
  }

  @Test
  func `a claim for a provisioner is marked when its pod has a node, and bound when the volume comes`()
    async throws
  {
    let api = InMemoryAPI(now: now)
    try await withVolumes(api) {
      try api.apply(.storageClasses, storageClass("late", mode: "WaitForFirstConsumer", isDefault: true))
      try api.apply(.persistentVolumeClaims, claim("a", "5Gi", storageClass: nil))
      #expect(
        await api.wait { api.objects(.persistentVolumeClaims).first?.storageClassName == "late" })
      let provisioner = { @Sendable in
        api.objects(.persistentVolumeClaims).first?.annotation(VolumeAnnotation.storageProvisioner)
      }
      #expect(provisioner() == nil)
      try api.change(.persistentVolumeClaims, "a") {
        $0["metadata", "annotations", VolumeAnnotation.selectedNode] = "node"
      }
      #expect(await api.wait { provisioner() == "example.com/disk" })
      let claim = try #require(api.objects(.persistentVolumeClaims).first)
      var made = volume("pvc-1", "5Gi", policy: "Delete")
      made["spec", "storageClassName"] = "late"
      made["spec", "claimRef"] = [
        "kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": "n", "name": "a",
        "uid": .string(claim.uid),
      ]
      made["metadata", "annotations", VolumeAnnotation.provisionedBy] = "example.com/disk"
      try api.apply(.persistentVolumes, made)
      #expect(await api.wait { claimPhase(api, "a") == "Bound" && volumePhase(api, "pvc-1") == "Bound" })
    }
  }

  @Test
  func `an ephemeral volume gets a claim that its pod owns`() async throws {
    let api = InMemoryAPI(now: now)
    try await withVolumes(api) {
      let template: JSON = [
        "metadata": ["labels": ["of": "p"]],
        "spec": [
          "accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]],
          "storageClassName": "",
        ],
      ]
      try api.apply(
        .pods,
        [
          "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p", "namespace": "n"],
          "spec": [
            "containers": [["name": "c", "image": "i"]],
            "volumes": [["name": "d", "ephemeral": ["volumeClaimTemplate": template]]],
          ],
        ])
      #expect(await api.wait { api.objects(.persistentVolumeClaims).map(\.name) == ["p-d"] })
      let pod = try #require(api.objects(.pods).first)
      let claim = try #require(api.objects(.persistentVolumeClaims).first)
      #expect(claim.isControlled(by: pod))
      #expect(claim.label("of") == "p")
    }
  }
}
