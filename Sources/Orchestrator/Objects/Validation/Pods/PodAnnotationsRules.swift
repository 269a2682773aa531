// The rules for annotations that mean something for pods.
extension Checker {
  mutating func podAnnotations(_ annotations: JSONObject, _ spec: JSON, _ path: FieldPath) {
    if let mirror = annotations[mirrorPodAnnotation]?.string, spec.text(at: "nodeName").isEmpty {
      invalid(
        path.key(mirrorPodAnnotation), mirror, "must set spec.nodeName if mirror pod annotation is set")
    }
    let costKey = "controller.kubernetes.io/pod-deletion-cost"
    if let cost = annotations[costKey]?.string {
      // No sign and no leading zero: two writings of one cost would sort differently.
      let isCanonical = Int32(cost).map { String($0) == cost } ?? false
      if !isCanonical { invalid(path.key(costKey), cost, "must be a 32bit integer") }
    }
    if let profile = annotations[podSeccompAnnotation]?.string {
      annotatedSeccompProfile(profile, path[podSeccompAnnotation])
    }
    for annotation in annotations where annotation.key.hasPrefix(containerSeccompAnnotation) {
      annotatedSeccompProfile(annotation.value.string ?? "", path[annotation.key])
    }
    let containers = Self.allContainers(spec, path).map { $0.container.text(at: "name") }
    for annotation in annotations where annotation.key.hasPrefix(appArmorAnnotation) {
      let path = path.key(annotation.key)
      let name = String(annotation.key.dropFirst(appArmorAnnotation.count))
      if !containers.contains(name) { invalid(path, name, "container not found") }
      let profile = annotation.value.string ?? ""
      if !["", "runtime/default", "unconfined"].contains(profile), !profile.hasPrefix("localhost/") {
        invalid(path, profile, "invalid AppArmor profile name: \(MessageText.quoted(profile))")
      }
    }
  }

  private mutating func annotatedSeccompProfile(_ profile: String, _ path: FieldPath) {
    if ["runtime/default", "docker/default", "unconfined"].contains(profile) { return }
    guard profile.hasPrefix("localhost/") else {
      return invalid(path, profile, "must be a valid seccomp profile")
    }
    localPath(String(profile.dropFirst("localhost/".count)), path)
  }

  mutating func podAnnotationsUpdate(_ new: JSON, _ old: JSON) {
    let path = FieldPath("metadata", "annotations")
    let newAnnotations = (new["metadata"] ?? .null).entries(at: "annotations")
    let oldAnnotations = (old["metadata"] ?? .null).entries(at: "annotations")
    for annotation in oldAnnotations where newAnnotations[annotation.key] != annotation.value {
      if annotation.key.hasPrefix(appArmorAnnotation) {
        forbidden(path.key(annotation.key), "may not remove or update AppArmor annotations")
      }
      if annotation.key == mirrorPodAnnotation {
        forbidden(path.key(annotation.key), "may not remove or update mirror pod annotation")
      }
    }
    for annotation in newAnnotations where oldAnnotations[annotation.key] == nil {
      if annotation.key.hasPrefix(appArmorAnnotation) {
        forbidden(path.key(annotation.key), "may not add AppArmor annotations")
      }
      if annotation.key == mirrorPodAnnotation {
        forbidden(path.key(annotation.key), "may not add mirror pod annotation")
      }
    }
    podAnnotations(newAnnotations, new["spec"] ?? .null, path)
  }

  /// Profiles in annotations and in fields must say the same.
  mutating func profileAnnotationsMatch(_ metadata: JSON, _ spec: JSON, _ path: FieldPath) {
    let annotations = metadata.entries(at: "annotations")
    guard !annotations.isEmpty else { return }
    let ofPod = spec["securityContext"] ?? .null
    if let profile = ofPod.member(at: "seccompProfile") {
      profileMatches(
        annotations[podSeccompAnnotation]?.string, profile, path["securityContext"]["seccompProfile"],
        "seccomp")
    }
    for (container, path) in Self.allContainers(spec, path) {
      guard let profile = (container["securityContext"] ?? .null).member(at: "seccompProfile") else {
        continue
      }
      profileMatches(
        annotations[containerSeccompAnnotation + container.text(at: "name")]?.string, profile,
        path["securityContext"]["seccompProfile"], "seccomp")
    }
    if (spec["os"] ?? .null).text(at: "name") == "windows" { return }
    for (container, path) in Self.allContainers(spec, path) {
      let own = (container["securityContext"] ?? .null).member(at: "appArmorProfile")
      guard let profile = own ?? ofPod.member(at: "appArmorProfile") else { continue }
      profileMatches(
        annotations[appArmorAnnotation + container.text(at: "name")]?.string, profile,
        path["securityContext"]["appArmorProfile"], "apparmor")
    }
  }

  private mutating func profileMatches(
    _ annotation: String?, _ profile: JSON, _ path: FieldPath, _ system: String
  ) {
    guard let annotation else { return }
    let isMatch: Bool
    switch profile.text(at: "type") {
    case "Unconfined": isMatch = annotation == "unconfined"
    case "RuntimeDefault":
      isMatch = annotation == "runtime/default" || system == "seccomp" && annotation == "docker/default"
    case "Localhost":
      isMatch = annotation.hasPrefix("localhost/")
      if isMatch,
        profile.optionalText(at: "localhostProfile") != String(annotation.dropFirst("localhost/".count))
      {
        forbidden(path["localhostProfile"], "\(system) profile in annotation and field must match")
      }
    default: return
    }
    if !isMatch { forbidden(path["type"], "\(system) type in annotation and field must match") }
  }
}

let mirrorPodAnnotation = "kubernetes.io/config.mirror"
private let podSeccompAnnotation = "seccomp.security.alpha.kubernetes.io/pod"
private let containerSeccompAnnotation = "container.seccomp.security.alpha.kubernetes.io/"
private let appArmorAnnotation = "container.apparmor.security.beta.kubernetes.io/"
