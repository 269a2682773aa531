public import Client
public import Exchange

/// The controllers that speak with a cloud.
public struct CloudController: Sendable {
  private let client: APIClient
  private let informers: InformerSet
  private let provider: any CloudProvider
  private let cluster: String
  private let time: any TimeSource
  private let report: @Sendable (String, ObjectKey, StatusError) -> Void

  /// The controllers of a cluster.
  ///
  /// - Parameters:
  ///   - informers: run by `run`; the provider may use them too.
  ///   - cluster: by which the cloud knows what belongs to the cluster.
  ///   - report: hears of failures that the controllers will try to get over.
  public init(
    client: APIClient, informers: InformerSet, provider: any CloudProvider, cluster: String = "kubernetes",
    time: any TimeSource = SystemTime(),
    report: @escaping @Sendable (_ controller: String, _ object: ObjectKey, _ error: StatusError) -> Void = {
      _, _, _ in
    }
  ) {
    self.client = client
    self.informers = informers
    self.provider = provider
    self.cluster = cluster
    self.time = time
    self.report = report
  }

  /// Works until the task is cancelled.
  public func run() async {
    guard let resources = CloudResources() else { return }
    let context = CloudContext(
      client: client, nodes: informers.informer(for: resources.nodes),
      services: informers.informer(for: resources.services), resources: resources, cluster: cluster,
      time: time,
      report: report)
    await withTaskGroup(of: Void.self) { group in
      func recorder(_ name: String) -> EventRecorder {
        let recorder = EventRecorder(client: client, component: name, time: time)
        group.addTask { await recorder.run() }
        return recorder
      }
      if let instances = provider.instances {
        let nodes = CloudNodeController(
          context: context, instances: instances, recorder: recorder(CloudNodeController.name))
        let lifecycle = CloudNodeLifecycleController(
          context: context, instances: instances, recorder: recorder(CloudNodeLifecycleController.name))
        group.addTask { await nodes.run() }
        group.addTask { await lifecycle.run() }
      }
      if let balancers = provider.loadBalancers {
        let services = ServiceController(
          context: context, balancers: balancers, recorder: recorder(ServiceController.name))
        group.addTask { await services.run() }
      }
      if let routes = provider.routes {
        let controller = RouteController(
          context: context, routes: routes, recorder: recorder(RouteController.name))
        group.addTask { await controller.run() }
      }
      group.addTask { await informers.run() }
    }
  }
}
