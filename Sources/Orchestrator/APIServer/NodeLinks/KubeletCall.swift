import Exchange
import Objects

/// What a kubelet is asked (the kubelet's API of Kubernetes: `/containerLogs`, `/exec`, `/attach`, `/portForward`).
/// Pure.
struct KubeletCall: Sendable, Hashable {
  var path: String
  var query: [Parameter]

  struct Parameter: Sendable, Hashable {
    var name: String
    var value: String
  }

  var target: String { ProxyPath.target(path, query.map { ($0.name, $0.value) }) }

  /// The call for a subresource of a pod; nil for others.
  init?(_ subresource: String, of pod: JSON, _ request: APIRequest) {
    let namespace = pod["metadata", "namespace"]?.string ?? ""
    let name = pod["metadata", "name"]?.string ?? ""
    let whole = "/\(namespace)/\(name)/\(Self.container(of: pod, request))"
    query = []
    switch subresource {
    case "log":
      path = "/containerLogs" + whole
      for name in ["follow", "previous", "timestamps"] where Self.isTrue(request, name, else: false) {
        query.append(Parameter(name: name, value: "true"))
      }
      for name in ["sinceSeconds", "sinceTime", "tailLines", "limitBytes", "stream"] {
        if let value = request.parameter(name), !value.isEmpty {
          query.append(Parameter(name: name, value: value))
        }
      }
    case "exec", "attach":
      path = "/\(subresource)" + whole
      // What the client asks for in its words, in the kubelet's.
      for (name, kubeletName, usual) in [
        ("stdin", "input", false), ("stdout", "output", true), ("stderr", "error", true),
        ("tty", "tty", false),
      ] where Self.isTrue(request, name, else: usual) {
        query.append(Parameter(name: kubeletName, value: "1"))
      }
      if subresource == "exec" {
        for (name, value) in request.query where name == "command" {
          query.append(Parameter(name: name, value: value))
        }
      }
    case "portforward":
      path = "/portForward/\(namespace)/\(name)"
      let ports = request.query.filter { $0.name == "ports" }.map(\.value)
      if !ports.isEmpty { query.append(Parameter(name: "port", value: ports.joined(separator: ","))) }
    default: return nil
    }
  }

  /// The container that is asked for; else the one that the pod names for this, or its only one.
  private static func container(of pod: JSON, _ request: APIRequest) -> String {
    if let name = request.parameter("container"), !name.isEmpty { return name }
    if let name = pod["metadata", "annotations", "kubectl.kubernetes.io/default-container"]?.string,
      !name.isEmpty
    {
      return name
    }
    return pod["spec", "containers"]?.array?.first?["name"]?.string ?? ""
  }

  /// A truth value of a query, as Kubernetes reads it: there, and not said to be false.
  private static func isTrue(_ request: APIRequest, _ name: String, else usual: Bool) -> Bool {
    guard let value = request.parameter(name) else { return usual }
    return value.lowercased() != "false" && value != "0"
  }
}
