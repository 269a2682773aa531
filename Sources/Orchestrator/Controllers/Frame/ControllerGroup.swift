public import Client
public import Exchange
public import Objects

/// Controllers that run together on one set of informers. Each tells of its doings in its own name.
public struct ControllerGroup: Sendable {
  private let client: APIClient
  private let informers: InformerSet
  private let controllers: [any Controller]
  private let now: @Sendable () -> Timestamp
  private let report: @Sendable (String, ObjectKey, StatusError) -> Void

  /// A group.
  ///
  /// - Parameters:
  ///   - now: the time.
  ///   - report: hears of failures that the controllers will try to get over.
  public init(
    _ controllers: [any Controller], client: APIClient,
    now: @escaping @Sendable () -> Timestamp = { SystemTime().now },
    report: @escaping @Sendable (_ controller: String, _ object: ObjectKey, _ error: StatusError) -> Void = {
      _, _, _ in
    }
  ) {
    self.client = client
    informers = InformerSet(client: client)
    self.controllers = controllers
    self.now = now
    self.report = report
  }

  /// The controllers of workloads.
  public static var workloads: [any Controller] {
    [
      ReplicaSetController(), DeploymentController(), DaemonSetController(), JobController(),
      CronJobController(), TTLAfterFinishedController(),
    ]
  }

  /// The controllers of everything around workloads.
  /// - Parameter rootCertificate: of the cluster's authority, in PEM.
  public static func housekeeping(rootCertificate: String) -> [any Controller] {
    [
      ServiceAccountController(), RootCertificatePublisher(certificate: rootCertificate),
      EndpointSliceController(), EndpointsController(), NamespaceController(), GarbageCollector(),
      NodeLifecycleController(), PodGarbageCollector(), ClusterRoleAggregation(),
    ]
  }

  /// The controllers of volumes and claims.
  public static var volumes: [any Controller] {
    [VolumeBinder(), ClaimProtection(), VolumeProtection(), VolumeExpansion(), EphemeralVolumes()]
  }

  /// The controllers by which machines join a cluster and renew their certificates.
  /// - Parameters:
  ///   - server: the URL under which joining machines reach the API server.
  ///   - certificate: of the cluster's authority, in PEM.
  ///   - reservedNames: DNS names and addresses of the API server, for which no node gets a serving certificate. The
  ///     address of a machine that is a node too cannot be among them.
  ///   - authenticate: HMAC with SHA-256 of a message with a key.
  public static func joining(
    server: String, certificate: String, authority: any CertificateSigning, reservedNames: Set<String> = [],
    authenticate: @escaping @Sendable (_ message: [UInt8], _ key: [UInt8]) -> [UInt8]
  ) -> [any Controller] {
    [
      CertificateApprovingController(authority: authority, reservedNames: reservedNames),
      CertificateSigningController(authority: authority), CertificateCleaner(authority: authority),
      BootstrapSigner(server: server, authority: certificate, authenticate: authenticate), TokenCleaner(),
    ]
  }

  /// Works until the task is cancelled.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      for controller in controllers {
        let recorder = EventRecorder(client: client, component: controller.name)
        let context = ControllerContext(
          client: client, informers: informers, recorder: recorder, now: now, report: report)
        group.addTask { await recorder.run() }
        group.addTask { await controller.run(context) }
      }
      group.addTask { await informers.run() }
    }
  }
}
