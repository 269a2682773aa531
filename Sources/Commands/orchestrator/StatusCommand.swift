import ArgumentParser
import Client
import Commands
import Exchange
import Foundation
import Objects
import RemoteAPI

/// `orchestrator status`.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Tell how the cluster fares: components, nodes, what is wrong and what to do.",
    discussion: "Ends with 0 if nothing is wrong, and with 1 otherwise.")

  @OptionGroup var cluster: ClusterFlags

  func run() throws {
    let status: ClusterStatus
    do {
      status = try cluster.withClient(as: "orchestrator-status") { cluster in
        try await ClusterStatus(of: cluster)
      }
    } catch {
      throw report(error)
    }
    print(status.text, terminator: "")
    if !status.problems.isEmpty { throw ExitCode(1) }
  }
}

/// What is to be said of a cluster.
struct ClusterStatus: Sendable {
  private(set) var components: [[String]] = []
  private(set) var nodes: [[String]] = []
  /// What is wrong, and what to do.
  private(set) var problems: [(what: String, fix: String)] = []

  init(of cluster: Cluster) async throws {
    let client = cluster.client
    await lookAtServer(cluster)
    // Without it there is nothing else to be known.
    guard problems.isEmpty else { return }
    guard let nodeKind = Resource.builtIn(group: "", version: "v1", resource: "nodes"),
      let podKind = Resource.builtIn(group: "", version: "v1", resource: "pods")
    else { return }
    let pods = try await client.list(podKind).items
    for node in try await client.list(nodeKind).items { add(node, pods: pods) }
    if nodes.isEmpty {
      problems.append(
        ("no node has joined", "orchestrator token create --print-join-command tells how one does"))
    }
    for pod in pods { add(pod) }
  }

  private mutating func lookAtServer(_ cluster: Cluster) async {
    do {
      let response = try await cluster.transport.send(
        APIRequest(path: "/readyz", query: [(name: "verbose", value: "true")]))
      let text = String(decoding: try await response.body.bytes(), as: UTF8.self)
      for line in text.split(separator: "\n") where line.hasPrefix("[") {
        let words = line.split(separator: " ", maxSplits: 1)
        let name = words.first.map { $0.dropFirst(3) } ?? ""
        let isWell = line.hasPrefix("[+]")
        components.append([String(name), isWell ? "ok" : "not ready", ""])
        if !isWell { problems.append(("\(name) is not ready: \(line)", "look at the log of the server")) }
      }
    } catch {
      components.append(["API server", "away", ""])
      problems.append(
        (
          "the API server at \(cluster.kubeconfig.server) does not answer: \(error)",
          "start it: orchestrator, or orchestrator server"
        ))
    }
  }

  private mutating func add(_ node: JSON, pods: [JSON]) {
    let name = node["metadata", "name"]?.string ?? ""
    let conditions = node["status", "conditions"]?.array ?? []
    func condition(_ type: String) -> JSON? { conditions.first { $0["type"]?.string == type } }
    let ready = condition("Ready")
    let isReady = ready?["status"]?.string == "True"
    let count = pods.filter { $0["spec", "nodeName"]?.string == name }.count
    let isClosed = node["spec", "unschedulable"]?.boolean == true
    nodes.append([
      name, (isReady ? "Ready" : "NotReady") + (isClosed ? ",SchedulingDisabled" : ""), "\(count)",
      node["status", "addresses"]?.array?.first?["address"]?.string ?? "",
      node["status", "nodeInfo", "containerRuntimeVersion"]?.string ?? "",
    ])
    if !isReady {
      let reason = ready?["message"]?.string ?? "it has told nothing yet"
      let isAway = ready?["status"]?.string == "Unknown"
      problems.append(
        (
          "node \(name) is not ready: \(reason)",
          isAway
            ? "see that the machine runs and orchestrator agent on it; kubectl delete node \(name) if it is gone for good"
            : "the log of orchestrator on \(name) tells more"
        ))
    }
    for (type, advice) in [
      ("DiskPressure", "free disk space on it"), ("MemoryPressure", "move pods away, or add memory"),
      ("PIDPressure", "find the pod that starts so many processes"),
    ] where condition(type)?["status"]?.string == "True" {
      problems.append(("node \(name) has \(type)", advice))
    }
    if isClosed { problems.append(("node \(name) takes no pods", "kubectl uncordon \(name)")) }
  }

  private mutating func add(_ pod: JSON) {
    let name = "\(pod["metadata", "namespace"]?.string ?? "")/\(pod["metadata", "name"]?.string ?? "")"
    let look = "kubectl describe pod -n \(name.replacingOccurrences(of: "/", with: " "))"
    if pod["status", "phase"]?.string == "Pending", pod["spec", "nodeName"] == nil,
      let reason = (pod["status", "conditions"]?.array ?? []).first(where: {
        $0["type"]?.string == "PodScheduled" && $0["status"]?.string == "False"
      })
    {
      problems.append(("pod \(name) has no node: \(reason["message"]?.string ?? "")", look))
    }
    let all =
      (pod["status", "initContainerStatuses"]?.array ?? [])
      + (pod["status", "containerStatuses"]?.array ?? [])
    for container in all {
      guard let waiting = container["state", "waiting"], let reason = waiting["reason"]?.string,
        !["ContainerCreating", "PodInitializing"].contains(reason)
      else { continue }
      problems.append(
        (
          "pod \(name), container \(container["name"]?.string ?? ""): \(reason): \(waiting["message"]?.string ?? "")",
          reason.contains("Image")
            ? "see that the image is there: orchestrator images import, or its registry" : look
        ))
    }
  }

  /// For people.
  var text: String {
    var text = TextTable.text(["COMPONENT", "STATUS", ""], components) + "\n"
    if !nodes.isEmpty {
      text += TextTable.text(["NODE", "STATUS", "PODS", "ADDRESS", "RUNTIME"], nodes) + "\n"
    }
    guard !problems.isEmpty else { return text + "Nothing is wrong.\n" }
    text += "What is wrong:\n"
    for problem in problems { text += "  - \(problem.what)\n      \(problem.fix)\n" }
    return text
  }
}
