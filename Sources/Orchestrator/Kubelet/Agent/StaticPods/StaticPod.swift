import Checksum
import Objects

/// Makes pods of manifests, and of those the mirror pods that the API server shows. Pure.
struct StaticPod: Sendable {
  static let hash = "kubernetes.io/config.hash"
  static let source = "kubernetes.io/config.source"
  static let seen = "kubernetes.io/config.seen"
  static let mirror = "kubernetes.io/config.mirror"

  /// Why a manifest makes no pod.
  struct Failure: Error, Sendable, Hashable {
    var message: String
  }

  let nodeName: String
  let shape: Schema.Shape

  /// The pod of a manifest, as this node runs it.
  func pod(_ manifest: JSON, file: String, now: Timestamp) throws(Failure) -> JSON {
    guard manifest["kind"]?.string == "Pod", manifest["apiVersion"]?.string == "v1" else {
      throw Failure(message: "it is no Pod of v1")
    }
    var pod: JSON
    do throws(DecodeError) {
      let decoded = try ObjectDecoder().decode(manifest, as: shape)
      guard decoded.problems.isEmpty else {
        throw DecodeError(decoded.problems.joined(separator: ", "))
      }
      pod = decoded.value
    } catch {
      throw Failure(message: error.description)
    }
    Defaults.apply(to: &pod, group: "", version: "v1", kind: "Pod")
    let uid = pod.podUID.isEmpty ? uid(manifest, file) : pod.podUID
    pod["metadata", "uid"] = .string(uid)
    pod["metadata", "name"] = .string("\(pod.podName)-\(nodeName.lowercased())")
    if pod.podNamespace.isEmpty { pod["metadata", "namespace"] = "default" }
    pod["metadata", "creationTimestamp"] = nil
    for (name, value) in [(Self.hash, uid), (Self.source, "file"), (Self.seen, now.text)] {
      pod["metadata", "annotations", name] = .string(value)
    }
    pod["spec", "nodeName"] = .string(nodeName)
    pod["spec", "tolerations"] = .array(
      (pod["spec", "tolerations"]?.array ?? []) + [["operator": "Exists", "effect": "NoExecute"]])
    pod["status"] = ["phase": "Pending"]
    if let what = Self.reference(of: pod) {
      throw Failure(message: "static pods may not reference \(what)")
    }
    let errors = Validation.validate(create: pod, group: "", version: "v1", kind: "Pod")
    guard errors.isEmpty else {
      throw Failure(message: errors.map(\.description).joined(separator: ", "))
    }
    return pod
  }

  /// Another manifest, file or node is another pod.
  private func uid(_ manifest: JSON, _ file: String) -> String {
    var hash = SHA256()
    hash.add(manifest.serialized() + [0] + Array(nodeName.utf8) + [0] + Array(file.utf8))
    return hash.digest.prefix(16).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count < 2 ? "0" + digits : digits
    }.joined()
  }

  /// What of the API server a pod needs; nil if it does without.
  private static func reference(of pod: JSON) -> String? {
    let names = PodReferences(pod)
    if !names.configMaps.isEmpty { return "configmaps" }
    let pull = pod["spec", "imagePullSecrets"]?.array ?? []
    if !names.secrets.isEmpty || !pull.isEmpty { return "secrets" }
    let account = pod["spec", "serviceAccountName"]?.string ?? ""
    if !account.isEmpty || !names.tokens.isEmpty { return "service accounts" }
    let hasClaim = (pod["spec", "volumes"]?.array ?? []).contains { $0["persistentVolumeClaim"] != nil }
    return hasClaim ? "persistentvolumeclaims" : nil
  }

  // MARK: Mirrors

  /// What the API server is to show of a static pod.
  static func mirror(of pod: JSON, node: JSON) -> JSON {
    var mirror = pod
    mirror["metadata", "annotations", Self.mirror] = pod["metadata", "annotations", hash]
    mirror["metadata", "uid"] = nil
    mirror["metadata", "ownerReferences"] = [
      [
        "apiVersion": "v1", "kind": "Node", "name": node["metadata", "name"] ?? "",
        "uid": node["metadata", "uid"] ?? "", "controller": true,
      ]
    ]
    return mirror
  }

  /// Whether a mirror shows this pod, and not one that was there before.
  static func shows(_ mirror: JSON, _ pod: JSON) -> Bool {
    !mirror.isBeingDeleted
      && mirror["metadata", "annotations", Self.mirror] == pod["metadata", "annotations", hash]
  }
}

extension JSON {
  /// Whether a pod is not to be run, but shows one that a node has from a file.
  var isMirror: Bool { self["metadata", "annotations", StaticPod.mirror] != nil }
}
