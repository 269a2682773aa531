import Client
import ClientSupport
import ContainerRuntime
import Foundation
import Kubelet
import NodeHost
import Objects

/// What a node does to its machine, on a cluster in memory, for checks with real kernels:
///
///     node-host-fixture network NODE CLUSTER-RANGE SERVICE-RANGE CNI-FOLDER
///
/// Node objects come as lines of JSON on standard input, each as it is from then on; one with
/// `metadata.deletionTimestamp` is gone. What is changed is written as lines, beginning with `ready`. It ends with its
/// input; `masquerade RANGE...` as a line hides the node's pods from all but these ranges.
///
///     node-host-fixture cgroups
///
/// Makes the groups of each pod that comes as a line; a line `remove UID` removes them.
@main
struct NodeHostFixture {
  static func main() async throws {
    let words = Array(CommandLine.arguments.dropFirst())
    switch words.first {
    case "network" where words.count == 5: try await network(words)
    case "cgroups" where words.count == 1: cgroups()
    default: say("usage: node-host-fixture network NODE CLUSTER-RANGE SERVICE-RANGE CNI-FOLDER | cgroups")
    }
  }

  private static func say(_ line: String) {
    // Not through the C library's buffers, which wait for the thread that reads.
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
  }

  private static func network(_ words: [String]) async throws {
    guard let cluster = AddressRange(words[2]), let services = AddressRange(words[3]),
      let nodes = Resource.builtIn(group: "", version: "v1", resource: "nodes")
    else { return say("these are no ranges") }
    let report = await NetworkPreflight(podCIDRs: [cluster], commands: run).run()
    for line in report.changes { say("changed \(line)") }
    for line in report.problems { say("problem \(line)") }
    let api = FakeAPI()
    let client = APIClient(transport: api, userAgent: "node-host-fixture")
    var options = NodeRoutesOptions(node: words[1], clusterCIDRs: [cluster])
    options.refused = [services]
    options.checkInterval = .seconds(1)
    guard let routes = NodeRoutes(client: client, options: options, commands: run, log: say) else { return }
    let task = Task { await routes.run() }
    say("ready")
    var own: CNIConfiguration?
    for await line in lines() {
      if line.hasPrefix("masquerade ") {
        let rules = PodMasquerade(
          podCIDRs: own?.podCIDRs ?? [],
          spared: line.split(separator: " ").dropFirst().compactMap { AddressRange($0) })
        say(await rules.apply(commands: run) ?? "masquerading")
        continue
      }
      guard let node = try? JSON.parse(Array(line.utf8)) else { continue }
      let name = node["metadata", "name"]?.string ?? ""
      if node["metadata", "deletionTimestamp"] != nil {
        api.remove(nodes, "", name)
        continue
      }
      api.put(nodes, node)
      guard name == words[1], var network = CNIConfiguration(node: node) else { continue }
      // Not where the machine's own networks keep theirs.
      network.addressFolder = "\(words[4])/addresses"
      own = network
      if try network.write(to: words[4]) { say("network \(network.podCIDRs[0])") }
    }
    task.cancel()
    await task.value
  }

  private static func cgroups() {
    let groups = PodCgroups(driver: .cgroupfs, pidsMax: 100)
    say(groups.notice ?? "ready")
    while let line = readLine() {
      if line.hasPrefix("remove ") {
        let failures = groups.remove(podUID: String(line.dropFirst(7)))
        say(failures.isEmpty ? "removed" : failures.joined(separator: ", "))
      } else if let pod = try? JSON.parse(Array(line.utf8)) {
        do throws(NodeFileError) {
          try groups.prepare(pod)
          say("made")
        } catch {
          say(error.message)
        }
      }
    }
  }

  private static func lines() -> AsyncStream<String> {
    let (lines, continuation) = AsyncStream.makeStream(
      of: String.self, bufferingPolicy: .bufferingOldest(10_000))
    Thread {
      while let line = readLine() { continuation.yield(line) }
      continuation.finish()
    }.start()
    return lines
  }

  private static let queue = DispatchQueue(label: "commands")

  @Sendable private static func run(_ command: [String], _ input: String) async -> (Int32, String) {
    // Waiting takes a thread that nobody else needs.
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: wait(command, input)) }
    }
  }

  private static func wait(_ command: [String], _ input: String) -> (Int32, String) {
    let line = command.map { "'\($0)'" }.joined(separator: " ")
    guard let pipe = popen("\(line) 2>&1 <<'END'\n\(input)\nEND\n", "r") else { return (127, "no pipe") }
    var output: [UInt8] = []
    while case let byte = getc(pipe), byte != EOF { output.append(UInt8(truncatingIfNeeded: byte)) }
    return (pclose(pipe) >> 8, String(decoding: output, as: UTF8.self))
  }
}
