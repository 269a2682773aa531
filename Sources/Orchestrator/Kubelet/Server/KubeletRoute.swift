/// What a request to the kubelet's port is for.
enum KubeletRoute: Hashable {
  /// Names a container in a path.
  struct ContainerPath: Hashable {
    var namespace: String
    var pod: String
    /// Empty unless the path names it.
    var uid = ""
    var container: String
  }

  case health(check: String)
  case pods
  case runningPods
  case containerLogs(ContainerPath)
  case exec(ContainerPath)
  case attach(ContainerPath)
  case portForward(namespace: String, pod: String, uid: String)
  case summary
  case resourceMetrics
  case containerMetrics
  case ownMetrics
  case configuration

  /// Why there is no route.
  enum Failure: Error, Hashable {
    case notFound
    case methodNotAllowed
  }

  /// The checks of `/healthz` that can be asked for alone.
  static let healthChecks = ["ping", "log", "syncloop"]

  init(method: String, path: String) throws(Failure) {
    let parts = path.split(separator: "/").map(String.init)
    guard let route = Self.find(parts) else { throw .notFound }
    let isAllowed =
      switch route {
      case .exec, .attach, .portForward: method == "GET" || method == "POST"
      case .summary: method == "GET" || method == "POST"
      case .health: method == "GET" || method == "HEAD"
      default: method == "GET"
      }
    guard isAllowed else { throw .methodNotAllowed }
    self = route
  }

  private static func find(_ parts: [String]) -> KubeletRoute? {
    switch (parts.first, parts.count) {
    case ("healthz", 1): .health(check: "")
    case ("healthz", 2) where healthChecks.contains(parts[1]): .health(check: parts[1])
    case ("pods", 1): .pods
    case ("runningpods", 1): .runningPods
    case ("containerLogs", 4):
      .containerLogs(ContainerPath(namespace: parts[1], pod: parts[2], container: parts[3]))
    case ("exec", 4...5): .exec(container(parts))
    case ("attach", 4...5): .attach(container(parts))
    case ("portForward", 3): .portForward(namespace: parts[1], pod: parts[2], uid: "")
    case ("portForward", 4): .portForward(namespace: parts[1], pod: parts[2], uid: parts[3])
    case ("stats", 2) where parts[1] == "summary": .summary
    case ("metrics", 1): .ownMetrics
    case ("metrics", 2) where parts[1] == "resource": .resourceMetrics
    case ("metrics", 2) where parts[1] == "cadvisor": .containerMetrics
    case ("configz", 1): .configuration
    default: nil
    }
  }

  /// `/exec/NAMESPACE/POD[/UID]/CONTAINER`.
  private static func container(_ parts: [String]) -> ContainerPath {
    parts.count == 4
      ? ContainerPath(namespace: parts[1], pod: parts[2], container: parts[3])
      : ContainerPath(namespace: parts[1], pod: parts[2], uid: parts[3], container: parts[4])
  }
}
