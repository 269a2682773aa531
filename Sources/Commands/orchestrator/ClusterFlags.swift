import ArgumentParser
import Client
import Commands
import Exchange
import Foundation
import NIOCore
import NIOPosix
import RemoteAPI

/// A cluster as a command reaches it.
struct Cluster: Sendable {
  /// The file that tells how.
  var kubeconfig: Kubeconfig
  var transport: any APITransport
  var client: APIClient
}

/// How a command reaches the cluster that it is about.
struct ClusterFlags: ParsableArguments {
  @Option(help: "How to reach the API server (default: $KUBECONFIG, or .data/cluster/admin.kubeconfig).")
  var kubeconfig: String?

  var path: String {
    kubeconfig ?? ProcessInfo.processInfo.environment["KUBECONFIG"].flatMap { $0.isEmpty ? nil : $0 }
      ?? ".data/cluster/admin.kubeconfig"
  }

  /// Does something with the cluster, to its end. An error is told in its own words.
  func withClient<Result: Sendable>(
    as userAgent: String, _ body: @escaping @Sendable (Cluster) async throws -> Result
  ) throws -> Result {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    defer { try? group.syncShutdownGracefully() }
    let file: Kubeconfig
    let transport: RemoteTransport
    do throws(KubeconfigError) {
      file = try Kubeconfig(path: path)
      transport = try RemoteTransport(file, on: group)
    } catch {
      throw ConfigurationError(.value, error.description)
    }
    let cluster = Cluster(
      kubeconfig: file, transport: transport, client: APIClient(transport: transport, userAgent: userAgent))
    return try runToEnd { try await body(cluster) }
  }
}

/// Runs something asynchronous from a command, and waits for it.
func runToEnd<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) throws -> Result {
  let outcome = Locked<Swift.Result<Result, any Error>?>(nil)
  let isOver = DispatchSemaphore(value: 0)
  Task {
    do {
      outcome.set(.success(try await body()))
    } catch {
      outcome.set(.failure(error))
    }
    isOver.signal()
  }
  isOver.wait()
  guard let outcome = outcome.get() else { throw ConfigurationError(.value, "it ended without a result") }
  return try outcome.get()
}

/// Tells an error in a user's words; throw the result.
func report(_ error: any Error) -> any Error {
  switch error {
  case let error as ConfigurationError: report(error) as ExitCode
  case let error as StatusError: report(ConfigurationError(.value, error.message)) as ExitCode
  case is ExitCode: error
  default: report(ConfigurationError(.value, "\(error)")) as ExitCode
  }
}
