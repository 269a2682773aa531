import Client
import Objects

/// Keeps a service account `default` in every namespace: pods that name none run as it.
public struct ServiceAccountController: Controller {
  /// The controller's name.
  public let name = "service-account-controller"

  /// A controller, which has no settings.
  public init() {}

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let furnishing = NamespaceFurnishing(name: name, resource: .serviceAccounts, object: "default") {
      namespace, current in
      guard current == nil else { return Optional<JSON>.none }
      return [
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": ["name": "default", "namespace": .string(namespace)],
      ]
    }
    await furnishing.run(context)
  }
}
