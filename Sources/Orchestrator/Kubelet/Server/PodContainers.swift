import Exchange
import Objects

/// What a pod's object says of its containers.
struct PodContainers {
  let pod: JSON

  init(_ pod: JSON) { self.pod = pod }

  var name: String { pod["metadata", "name"]?.string ?? "" }
  var namespace: String { pod["metadata", "namespace"]?.string ?? "" }
  var uid: String { pod["metadata", "uid"]?.string ?? "" }

  private static let specLists = ["initContainers", "containers", "ephemeralContainers"]
  private static let statusLists = [
    "initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses",
  ]

  /// Whether the pod has a container of this name.
  func contains(_ container: String) -> Bool {
    Self.specLists.contains { list in
      pod["spec", list]?.array?.contains { $0["name"]?.string == container } ?? false
    }
  }

  /// The status of a container; nil while there is none.
  func status(of container: String) -> JSON? {
    for list in Self.statusLists {
      if let found = pod["status", list]?.array?.first(where: { $0["name"]?.string == container }) {
        return found
      }
    }
    return nil
  }

  /// The statuses of all containers that there are.
  var statuses: [JSON] { Self.statusLists.flatMap { pod["status", $0]?.array ?? [] } }

  /// The runtime's id of the container that is running, for commands to be run in it.
  func runningID(of container: String) -> String? {
    guard let status = status(of: container), status["state", "running"] != nil else { return nil }
    return Self.id(status["containerID"])
  }

  /// The runtime's id of the container whose log is asked for.
  /// - Throws: code 400, with the text that clients know from kubelets.
  func logID(of container: String, isPrevious: Bool) throws(StatusError) -> String {
    let label = "container \"\(container)\" in pod \"\(name)\""
    guard let status = status(of: container) else {
      if isPrevious { throw noPrevious(container) }
      throw .badRequest("\(label) is not available")
    }
    let last = Self.id(status["lastState", "terminated", "containerID"])
    if isPrevious {
      guard let last else { throw noPrevious(container) }
      return last
    }
    if status["state", "running"] != nil, let id = Self.id(status["containerID"]) { return id }
    if let terminated = status["state", "terminated"] {
      guard let id = Self.id(terminated["containerID"]) ?? Self.id(status["containerID"]) ?? last else {
        throw .badRequest("\(label) is terminated")
      }
      return id
    }
    // One that waits for its next try shows the last.
    if let last { return last }
    guard let reason = status["state", "waiting", "reason"]?.string else {
      throw .badRequest("\(label) is not available")
    }
    let text =
      switch reason {
      case "ErrImagePull": "image can't be pulled"
      case "ImagePullBackOff": "trying and failing to pull image"
      default: reason
      }
    throw .badRequest("\(label) is waiting to start: \(text)")
  }

  private func noPrevious(_ container: String) -> StatusError {
    .badRequest("previous terminated container \"\(container)\" in pod \"\(name)\" not found")
  }

  /// `containerd://ID`.
  private static func id(_ value: JSON?) -> String? {
    guard let text = value?.string, let colon = text.firstIndex(of: ":") else { return nil }
    let rest = text[colon...]
    return rest.hasPrefix("://") && rest.count > 3 ? String(rest.dropFirst(3)) : nil
  }
}
