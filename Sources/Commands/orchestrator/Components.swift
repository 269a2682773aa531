import Client
import Controllers
import Exchange
import Foundation
import Logging
import SchedulerLoop

/// The parts of a control plane that are clients of its API server, in the same process as it or in one of their own.
struct Components: Sendable {
  /// Whether other processes may run the same: then only one of them works at a time.
  let areShared: Bool
  let logger: Logger

  static let schedulerName = "kube-scheduler"
  static let controllersName = "kube-controller-manager"

  /// Gives pods nodes until the task is cancelled.
  func schedule(_ client: APIClient) async {
    await leading(Self.schedulerName, client) {
      let informers = InformerSet(client: client)
      let recorder = EventRecorder(client: client, component: "default-scheduler")
      let loop = SchedulerLoop(
        client: client, informers: informers, recorder: recorder, seed: .random(in: 0...UInt64.max))
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await informers.run() }
        group.addTask { await recorder.run() }
        group.addTask { await loop.run() }
      }
    }
  }

  /// Runs all controllers until the task is cancelled.
  /// - Parameters:
  ///   - authority: the certificate of the cluster's authority, in PEM.
  ///   - ranges: where nodes' pod addresses come from.
  func control(_ client: APIClient, authority: String, ranges: PodRanges) async {
    let logger = logger
    await leading(Self.controllersName, client) {
      await ControllerGroup(
        ControllerGroup.workloads + ControllerGroup.volumes
          + ControllerGroup.housekeeping(rootCertificate: authority) + [NodeIPAMController(ranges)],
        client: client,
        report: { controller, object, error in
          logger.debug("\(controller) tries again: \(object): \(error.message)")
        }
      ).run()
    }
  }

  /// Works alone, or while this process is the leader.
  private func leading(
    _ name: String, _ client: APIClient, _ work: @escaping @Sendable () async -> Void
  ) async {
    guard areShared else { return await work() }
    let election = LeaderElection(
      client: client, name: name,
      identity: "\(ProcessInfo.processInfo.hostName)_\(UUID().uuidString.lowercased())")
    while !Task.isCancelled { await election.run(work) }
  }
}
