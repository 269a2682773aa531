import Access
import Client
import Cloud
import Controllers
import Exchange
import Foundation
import Logging
import SchedulerLoop

/// The parts of a control plane that are clients of its API server, in the same process as it or in one of their own.
struct Components: Sendable {
  /// What controllers are told.
  struct ControllerSettings: Sendable {
    /// The certificate of the cluster's authority, in PEM.
    var rootCertificate: String
    /// Where nodes' pod addresses come from.
    var ranges: PodRanges
    /// Signs certificates; nil if somebody else does.
    var authority: ClusterAuthority?
    /// Names for which no node gets a certificate.
    var reservedNames: Set<String> = []
    /// Where joining nodes reach the API server.
    var server: String
  }

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
  func control(_ client: APIClient, _ settings: ControllerSettings) async {
    let logger = logger
    let report: @Sendable (String, ObjectKey, StatusError) -> Void = { controller, object, error in
      logger.debug("\(controller) tries again: \(object): \(error.message)")
    }
    await leading(Self.controllersName, client) {
      let cloudInformers = InformerSet(client: client)
      let cloud = CloudController(
        client: client, informers: cloudInformers, provider: BareMachineProvider(informers: cloudInformers),
        report: report)
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          await ControllerGroup(Self.controllers(settings), client: client, report: report).run()
        }
        group.addTask { await cloud.run() }
      }
    }
  }

  private static func controllers(_ settings: ControllerSettings) -> [any Controller] {
    var all =
      ControllerGroup.workloads + ControllerGroup.volumes
      + ControllerGroup.housekeeping(rootCertificate: settings.rootCertificate)
    all.append(NodeIPAMController(settings.ranges))
    if let authority = settings.authority {
      all += ControllerGroup.joining(
        server: settings.server, certificate: settings.rootCertificate, authority: authority,
        reservedNames: settings.reservedNames,
        authenticate: { MessageAuthentication.code(for: $0, key: $1) })
    }
    return all
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
