import Client
import Objects
import Testing

@testable import LocalVolumes

private func claim(
  node: String = "a", size: String = "1Gi", modes: JSON = ["ReadWriteOnce"], spec: JSON = [:],
  status: JSON = ["phase": "Pending"]
) -> JSON {
  var claim: JSON = [
    "metadata": [
      "name": "c", "namespace": "n", "uid": "u",
      "annotations": [
        VolumeAnnotation.selectedNode: .string(node),
        VolumeAnnotation.storageProvisioner: .string(LocalVolumeClass.provisioner),
      ],
    ], "spec": spec, "status": status,
  ]
  claim["spec", "accessModes"] = modes
  claim["spec", "resources", "requests", "storage"] = .string(size)
  return claim
}

private func volume(_ size: String, phase: String = "Bound", policy: String = "Delete") -> JSON {
  [
    "metadata": ["name": "pvc-u"],
    "spec": [
      "capacity": ["storage": .string(size)], "persistentVolumeReclaimPolicy": .string(policy),
      "claimRef": ["name": "c", "namespace": "n", "uid": "u"],
    ], "status": ["phase": .string(phase)],
  ]
}

@Suite struct LocalVolumeDecisionTests {
  @Test
  func `a node makes volumes for claims that are to be on it`() {
    let ours = LocalVolumeClass.object
    var folders = ours
    folders["parameters"] = ["capacity": "folder"]
    var others = ours
    others["provisioner"] = "example.com/disk"
    var deleted = claim()
    deleted["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
    let gibibyte: Int64 = 1 << 30
    let cases: [(claim: JSON, storageClass: JSON?, task: ClaimTask)] = [
      (claim(), ours, .provision(bytes: gibibyte, mayBeFolder: false)),
      (claim(), folders, .provision(bytes: gibibyte, mayBeFolder: true)),
      (claim(modes: ["ReadWriteOncePod"]), ours, .provision(bytes: gibibyte, mayBeFolder: false)),
      (claim(node: "b"), ours, .nothing), (claim(), others, .nothing), (claim(), nil, .nothing),
      (claim(spec: ["volumeName": "v"]), ours, .nothing), (deleted, ours, .nothing),
      (
        claim(modes: ["ReadWriteMany"]), ours,
        .refuse("access mode ReadWriteMany is not supported: the volume is on one node")
      ), (claim(spec: ["volumeMode": "Block"]), ours, .refuse("block volumes cannot be provisioned")),
      (
        claim(spec: ["selector": [:]]), ours, .refuse("claims with a selector cannot be provisioned")
      ),
      (
        claim(spec: ["dataSource": ["kind": "PersistentVolumeClaim", "name": "x"]]), ours,
        .refuse("claims with a data source cannot be provisioned")
      ),
    ]
    for (place, each) in cases.enumerated() {
      #expect(
        ClaimTask(claim: each.claim, storageClass: each.storageClass, node: "a") == each.task, "case \(place)"
      )
    }
  }

  @Test
  func `a node removes what is released and expands what is asked for`() {
    func bound(_ request: String, has: String) -> JSON {
      claim(
        size: request, spec: ["volumeName": "pvc-u"],
        status: ["phase": "Bound", "capacity": ["storage": .string(has)]])
    }
    var stranger = bound("2Gi", has: "1Gi")
    stranger["metadata", "uid"] = "other"
    let cases: [(volume: JSON, claim: JSON?, task: VolumeTask)] = [
      (volume("1Gi", phase: "Released"), nil, .remove),
      (volume("1Gi", phase: "Released", policy: "Retain"), nil, .keep),
      (volume("1Gi", phase: "Failed"), nil, .keep), (volume("1Gi", phase: "Pending"), claim(), .keep),
      (volume("1Gi"), bound("1Gi", has: "1Gi"), .keep),
      (volume("1Gi"), bound("2Gi", has: "1Gi"), .expand(bytes: 2 << 30)),
      (volume("2Gi"), bound("2Gi", has: "1Gi"), .tellClaim), (volume("1Gi"), stranger, .keep),
      (volume("1Gi"), nil, .keep),
    ]
    for (place, each) in cases.enumerated() {
      #expect(VolumeTask(volume: each.volume, claim: each.claim) == each.task, "case \(place)")
    }
  }

  @Test
  func `files have whole blocks and room for a file system`() {
    #expect(VolumeFiles.fileSize(1 << 30) == 1 << 30)
    #expect(VolumeFiles.fileSize((1 << 30) + 1) == (1 << 30) + 4096)
    #expect(VolumeFiles.fileSize(1) == 16 << 20)
    #expect(VolumeFiles.fileSize(-5) == 16 << 20)
    #expect(VolumeFiles.fileSize(.max) == .max)
  }

  @Test
  func `a volume is for its node and its claim alone`() {
    let volume = LocalVolumeObjects.volume(
      for: claim(), storageClass: LocalVolumeClass.object, node: "a", hostname: "a.example", path: "/d/data",
      kind: .image)
    #expect(volume["metadata", "name"] == "pvc-u")
    #expect(volume["spec", "local", "path"] == "/d/data")
    #expect(volume["spec", "capacity", "storage"] == "1Gi")
    #expect(volume["spec", "persistentVolumeReclaimPolicy"] == "Delete")
    #expect(volume["spec", "storageClassName"] == "local-path")
    #expect(volume["spec", "claimRef", "uid"] == "u")
    #expect(VolumeMatch.isMeant(volume, for: claim()))
    #expect(LocalVolumeObjects.isMine(volume, node: "a"))
    #expect(!LocalVolumeObjects.isMine(volume, node: "b"))
    #expect(LocalVolumeObjects.kind(volume) == .image)
    let term = volume["spec", "nodeAffinity", "required", "nodeSelectorTerms"]?.array?.first
    #expect(
      term
        == [
          "matchExpressions": [
            ["key": "kubernetes.io/hostname", "operator": "In", "values": ["a.example"]]
          ]
        ])
    let small = LocalVolumeObjects.volume(
      for: claim(size: "1Mi"), storageClass: LocalVolumeClass.object, node: "a", hostname: "a", path: "/d",
      kind: .image)
    #expect(small["spec", "capacity", "storage"] == "16Mi")
  }

  @Test
  func `the default class is valid`() {
    let errors = Validation.validate(
      create: LocalVolumeClass.object, group: "storage.k8s.io", version: "v1", kind: "StorageClass")
    #expect(errors.isEmpty)
  }
}
