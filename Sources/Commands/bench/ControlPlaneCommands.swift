import ArgumentParser
import Bench
import Foundation

/// `bench orchestrator`.
struct OrchestratorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "orchestrator",
    abstract: "Create pods on a control plane of its own, and measure what that takes.",
    discussion: """
      Starts an orchestrator (store, API server and scheduler in one process, no controllers) in a temporary folder. \
      Measures its start, what it does when nobody asks for anything, pods that are created and get nodes, and lists of \
      them.
      """)

  @Option(
    help: ArgumentHelp("Nodes, which are objects that say they are ready.", valueName: "count"),
    transform: { try Quantity.parse($0) })
  var nodes = 1000

  @Option(help: ArgumentHelp("Pods to create.", valueName: "count"), transform: { try Quantity.parse($0) })
  var pods = 10_000

  @Option(help: ArgumentHelp("Requests under way at a time.", valueName: "count"))
  var clients = 16

  @Option(help: ArgumentHelp("How often each list is read; the median is shown.", valueName: "count"))
  var lists = 5

  @Option(help: ArgumentHelp("How long nothing is asked.", valueName: "seconds"))
  var idle = 10.0

  @Option(
    help: ArgumentHelp("The orchestrator to run (default: the one beside this program).", valueName: "path"))
  var program: String?

  @Option(help: ArgumentHelp("Where the temporary folder is made.", valueName: "folder"))
  var dir: String?

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    var run = ControlPlaneRun(program: program ?? Self.neighbour)
    run.nodes = nodes
    run.pods = pods
    run.clients = clients
    run.lists = lists
    run.idleSeconds = idle
    run.directory = dir
    do {
      let report = try await run.run()
      print(json ? report.json : report.text)
    } catch let error as Benchmark.CannotStart {
      throw CleanFailure(description: error.description)
    } catch let error as ControlPlaneRun.Failure {
      throw CleanFailure(description: error.description)
    }
  }

  private static var neighbour: String {
    URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("orchestrator").path
  }
}

/// `bench scheduler`.
struct SchedulerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scheduler",
    abstract: "Let the scheduler's core find nodes for pods, in memory, and count its decisions.")

  @Option(help: ArgumentHelp("Nodes.", valueName: "count"), transform: { try Quantity.parse($0) })
  var nodes = 1000

  @Option(help: ArgumentHelp("Pods.", valueName: "count"), transform: { try Quantity.parse($0) })
  var pods = 10_000

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    do {
      let report = try SchedulerRun(nodes: nodes, pods: pods).run()
      print(json ? report.json : report.text)
    } catch let error as Benchmark.CannotStart {
      throw CleanFailure(description: error.description)
    }
  }
}
