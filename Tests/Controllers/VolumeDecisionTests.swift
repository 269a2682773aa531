import Client
import Objects
import Testing

@testable import Controllers

private func volume(
  _ name: String, _ size: String, modes: JSON = ["ReadWriteOnce"], mode: String = "Filesystem",
  storageClass: String = "", phase: String = "Available", claimRef: JSON? = nil, labels: JSON = [:],
  annotations: JSON = [:], policy: String = "Retain"
) -> JSON {
  var volume: JSON = [
    "apiVersion": "v1", "kind": "PersistentVolume",
    "metadata": ["name": .string(name), "labels": labels, "annotations": annotations],
    "spec": [
      "capacity": ["storage": .string(size)], "accessModes": modes, "volumeMode": .string(mode),
      "storageClassName": .string(storageClass), "persistentVolumeReclaimPolicy": .string(policy),
    ], "status": ["phase": .string(phase)],
  ]
  if let claimRef { volume["spec", "claimRef"] = claimRef }
  return volume
}

private func claim(
  _ size: String = "5Gi", modes: JSON = ["ReadWriteOnce"], mode: String = "Filesystem",
  storageClass: String? = "", volumeName: String = "", selector: JSON? = nil, annotations: JSON = [:]
) -> JSON {
  var claim: JSON = [
    "apiVersion": "v1", "kind": "PersistentVolumeClaim",
    "metadata": ["name": "c", "namespace": "n", "uid": "u", "annotations": annotations],
    "spec": [
      "resources": ["requests": ["storage": .string(size)]], "accessModes": modes,
      "volumeMode": .string(mode),
    ], "status": ["phase": "Pending"],
  ]
  if let storageClass { claim["spec", "storageClassName"] = .string(storageClass) }
  if !volumeName.isEmpty { claim["spec", "volumeName"] = .string(volumeName) }
  if let selector { claim["spec", "selector"] = selector }
  return claim
}

private func storageClass(
  _ name: String, waits: Bool = false, provisioner: String = "example.com/disk", isDefault: Bool = false,
  created: String = "2026-01-01T00:00:00Z"
) -> JSON {
  var annotations: JSON = [:]
  if isDefault { annotations[VolumeAnnotation.isDefaultClass] = "true" }
  return [
    "metadata": [
      "name": .string(name), "annotations": annotations, "creationTimestamp": .string(created),
    ], "provisioner": .string(provisioner),
    "volumeBindingMode": waits ? "WaitForFirstConsumer" : "Immediate",
  ]
}

private let mine: JSON = ["namespace": "n", "name": "c", "uid": "u"]
private let mineByName: JSON = ["namespace": "n", "name": "c"]
private let others: JSON = ["namespace": "n", "name": "other", "uid": "o"]

@Suite struct VolumeDecisionTests {
  @Test
  func `the smallest volume that fits is chosen, and one that is reserved before it`() {
    let cases: [(claim: JSON, volumes: [JSON], onlyReserved: Bool, best: String?)] = [
      (claim(), [volume("a", "20Gi"), volume("b", "10Gi"), volume("c", "1Gi")], false, "b"),
      (claim(), [volume("z", "10Gi"), volume("y", "10Gi")], false, "y"),
      (claim(), [volume("a", "1Gi")], false, nil),
      (claim(), [volume("a", "10Gi", claimRef: others)], false, nil),
      (claim(), [volume("a", "6Gi"), volume("b", "100Gi", claimRef: mineByName)], false, "b"),
      (claim(), [volume("a", "6Gi"), volume("b", "100Gi", claimRef: mineByName)], true, "b"),
      (claim(), [volume("a", "6Gi")], true, nil),
      (claim(), [volume("a", "6Gi"), volume("b", "1Gi", claimRef: mine)], false, "a"),
      (claim(), [volume("a", "6Gi", phase: "Released")], false, nil),
      (claim(modes: ["ReadWriteMany"]), [volume("a", "6Gi")], false, nil),
      (
        claim(modes: ["ReadWriteMany"]), [volume("a", "6Gi", modes: ["ReadWriteOnce", "ReadWriteMany"])],
        false, "a"
      ),
      (claim(mode: "Block"), [volume("a", "6Gi"), volume("b", "7Gi", mode: "Block")], false, "b"),
      (claim(storageClass: "x"), [volume("a", "6Gi"), volume("b", "7Gi", storageClass: "x")], false, "b"),
      (claim(storageClass: nil), [volume("a", "6Gi"), volume("b", "5Gi", storageClass: "x")], false, "a"),
      (
        claim(selector: ["matchLabels": ["tier": "gold"]]),
        [volume("a", "6Gi"), volume("b", "7Gi", labels: ["tier": "gold"])], false, "b"
      ),
      (claim(selector: ["matchExpressions": [["operator": "?"]]]), [volume("a", "6Gi")], false, nil),
      (claim("5G"), [volume("a", "5000M")], false, "a"),
    ]
    for (place, each) in cases.enumerated() {
      let best = VolumeMatch.best(for: each.claim, among: each.volumes, onlyReserved: each.onlyReserved)
      #expect(best?.name == each.best, "case \(place)")
    }
  }

  @Test
  func `what a claim waits for is said`() {
    let classes = [
      storageClass("now"), storageClass("late", waits: true),
      storageClass("hand", provisioner: "kubernetes.io/no-provisioner"),
    ]
    func waits(_ reason: String, _ message: String, isWarning: Bool = false) -> ClaimDecision {
      .wait(VolumeNotice(isWarning: isWarning, reason: reason, message: message))
    }
    let node: JSON = [VolumeAnnotation.selectedNode: "n1"]
    let cases: [(claim: JSON, pods: [String], decision: ClaimDecision)] = [
      (
        claim(), [],
        waits(
          "FailedBinding", "no persistent volumes available for this claim and no storage class is set")
      ), (claim(storageClass: "now"), [], .provision(provisioner: "example.com/disk")),
      (
        claim(storageClass: "late"), [],
        waits("WaitForFirstConsumer", "waiting for first consumer to be created before binding")
      ),
      (
        claim(storageClass: "late"), ["p"],
        waits("WaitForPodScheduled", "waiting for pod p to be scheduled")
      ),
      (
        claim(storageClass: "late", annotations: node), ["p"], .provision(provisioner: "example.com/disk")
      ),
      (
        claim(storageClass: "none"), [],
        waits(
          "ProvisioningFailed", "storageclass.storage.k8s.io \"none\" not found", isWarning: true)
      ),
      (
        claim(storageClass: "hand"), [],
        waits(
          "ProvisioningFailed", "no volume plugin matched name: kubernetes.io/no-provisioner",
          isWarning: true)
      ), (claim(volumeName: "v"), [], .wait(nil)),
    ]
    for each in cases {
      let decision = ClaimDecision(
        claim: each.claim, volumes: [], classes: classes, waitingPods: each.pods
      ) { _ in nil }
      #expect(decision == each.decision)
    }
  }

  @Test
  func `a claim without a class gets the newest default class, and one with an empty class none`() {
    let classes = [
      storageClass("old", isDefault: true),
      storageClass("new", isDefault: true, created: "2026-02-01T00:00:00Z"), storageClass("other"),
    ]
    func decide(_ claim: JSON) -> ClaimDecision {
      ClaimDecision(claim: claim, volumes: [], classes: classes) { _ in nil }
    }
    #expect(decide(claim(storageClass: nil)) == .assignClass("new"))
    if case .wait = decide(claim(storageClass: "")) {} else { Issue.record("not waiting") }
    #expect(DefaultClass.name(among: [storageClass("other")]) == nil)
  }

  @Test
  func `a volume that a claim names is taken if it fits, and the misfit is named`() {
    func decide(_ claim: JSON, _ volume: JSON) -> ClaimDecision {
      ClaimDecision(claim: claim, volumes: [], classes: []) { _ in volume }
    }
    let good = volume("v", "5Gi")
    #expect(decide(claim(volumeName: "v"), good) == .bind(volume: good))
    let mine = volume("v", "5Gi", claimRef: mineByName)
    #expect(decide(claim(volumeName: "v"), mine) == .bind(volume: mine))
    let misfits: [(claim: JSON, volume: JSON, problem: String)] = [
      (claim(volumeName: "v"), volume("v", "1Gi"), "requested PV is too small"),
      (claim(storageClass: "x", volumeName: "v"), good, "storageClassName does not match"),
      (claim(mode: "Block", volumeName: "v"), good, "incompatible volumeMode"),
      (claim(modes: ["ReadOnlyMany"], volumeName: "v"), good, "incompatible accessMode"),
    ]
    for each in misfits {
      #expect(
        decide(each.claim, each.volume)
          == .wait(
            VolumeNotice(
              isWarning: true, reason: "VolumeMismatch",
              message: "Cannot bind to requested volume \"v\": " + each.problem)))
    }
    #expect(
      decide(claim(volumeName: "v"), volume("v", "5Gi", claimRef: others))
        == .wait(
          VolumeNotice(
            isWarning: true, reason: "FailedBinding",
            message: "volume \"v\" already bound to a different claim.")))
  }

  @Test
  func `a bound claim is lost with its volume`() {
    let bound = claim(volumeName: "v", annotations: [VolumeAnnotation.bindCompleted: "yes"])
    func reason(_ claim: JSON, _ volume: JSON?) -> String {
      let decision = ClaimDecision(claim: claim, volumes: [], classes: []) { _ in volume }
      switch decision {
      case .lose(let notice): return notice.reason
      case .bind: return "bound"
      default: return "?"
      }
    }
    #expect(reason(bound, nil) == "ClaimLost")
    #expect(reason(claim(annotations: [VolumeAnnotation.bindCompleted: "yes"]), nil) == "ClaimLost")
    #expect(reason(bound, volume("v", "5Gi", claimRef: others)) == "ClaimMisbound")
    #expect(reason(bound, volume("v", "5Gi", claimRef: mine)) == "bound")
    #expect(reason(bound, volume("v", "5Gi")) == "bound")
  }

  @Test
  func `a volume's phase follows its claim`() {
    let here = claim(volumeName: "v")
    let elsewhere = claim(volumeName: "w")
    let made: JSON = [VolumeAnnotation.provisionedBy: "example.com/disk"]
    func bound(_ phase: String, annotations: JSON = [:], policy: String = "Retain") -> JSON {
      volume("v", "5Gi", phase: phase, claimRef: mine, annotations: annotations, policy: policy)
    }
    let cases: [(volume: JSON, claim: JSON?, decision: VolumeDecision)] = [
      (volume("v", "5Gi", phase: "Pending"), nil, .phase("Available", nil)),
      (volume("v", "5Gi"), nil, .nothing),
      (volume("v", "5Gi", phase: "Pending", claimRef: mineByName), nil, .phase("Available", nil)),
      (volume("v", "5Gi", claimRef: mineByName), here, .lookAtClaim),
      (bound("Pending"), here, .phase("Bound", nil)), (bound("Bound"), here, .nothing),
      (bound("Available"), claim(), .lookAtClaim), (bound("Bound"), elsewhere, .unbind),
      (bound("Bound"), nil, .phase("Released", nil)), (bound("Released"), nil, .nothing),
      (bound("Released", annotations: made, policy: "Delete"), nil, .nothing),
      (bound("Bound", annotations: made, policy: "Delete"), elsewhere, .phase("Released", nil)),
      (
        bound("Released", policy: "Delete"), nil,
        .phase(
          "Failed",
          VolumeNotice(
            isWarning: true, reason: "VolumeFailedDelete",
            message: "error getting deleter volume plugin for volume \"v\": "
              + "no deletable volume plugin matched"))
      ), (bound("Failed", policy: "Delete"), nil, .nothing),
    ]
    for (place, each) in cases.enumerated() {
      #expect(VolumeDecision(volume: each.volume, claim: each.claim) == each.decision, "case \(place)")
    }
  }

  @Test
  func `a volume that is set free keeps what a person reserved`() {
    let byUser = volume("v", "5Gi", claimRef: mine)
    #expect(VolumeWrites.unbound(byUser).claimRef == mineByName)
    let byUs = VolumeMatch.reserved(volume("v", "5Gi"), for: claim())
    #expect(byUs.claimRef?["uid"]?.string == "u")
    #expect(VolumeWrites.unbound(byUs).claimRef == nil)
    #expect(VolumeMatch.reserved(byUs, for: claim()) == byUs)
  }

  @Test
  func `protection marks what is there and releases what nobody uses`() {
    func object(deleted: Bool, marked: Bool) -> JSON {
      var object: JSON = ["metadata": ["name": "x"]]
      if deleted { object["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z" }
      if marked { object["metadata", "finalizers"] = ["f"] }
      return object
    }
    let table: [(deleted: Bool, marked: Bool, used: Bool, decision: Protection)] = [
      (false, false, false, .mark), (false, true, false, .nothing), (true, true, true, .nothing),
      (true, true, false, .release), (true, false, false, .nothing),
    ]
    for row in table {
      let object = object(deleted: row.deleted, marked: row.marked)
      #expect(Protection(object, finalizer: "f", isUsed: row.used) == row.decision)
    }
    #expect(Protection.mark.applied(to: ["metadata": [:]], finalizer: "f").finalizers == ["f"])
    let released = Protection.release.applied(to: object(deleted: true, marked: true), finalizer: "f")
    #expect(released["metadata", "finalizers"] == nil)
  }

  @Test
  func `expansion tells who will see to it`() {
    var bound = claim("10Gi", storageClass: "x", volumeName: "v")
    bound["status"] = ["phase": "Bound", "capacity": ["storage": "5Gi"]]
    let made = volume("v", "5Gi", annotations: [VolumeAnnotation.provisionedBy: "example.com/disk"])
    let allows: JSON = ["allowVolumeExpansion": true]
    func message(_ claim: JSON, _ volume: JSON?, _ storageClass: JSON?) -> String? {
      VolumeExpansion.notice(claim: claim, volume: volume, storageClass: storageClass)?.message
    }
    #expect(message(bound, made, allows) == "waiting for example.com/disk to expand the volume \"v\"")
    #expect(message(bound, made, [:]) == "the storage class \"x\" does not allow expansion")
    #expect(
      message(bound, volume("v", "5Gi"), allows)
        == "didn't find a plugin capable of expanding the volume \"v\"")
    #expect(message(claim(), made, allows) == nil)
    bound["status", "capacity", "storage"] = "10Gi"
    #expect(message(bound, made, allows) == nil)
  }
}
