import Client
import Objects

/// Keeps the certificate of the cluster's authority in every namespace, for pods that speak to the API server.
public struct RootCertificatePublisher: Controller {
  /// The config map's name.
  public static let configMap = "kube-root-ca.crt"
  private static let descriptionAnnotation = "kubernetes.io/description"
  private static let description =
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the"
    + " internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of"
    + " Kubernetes clusters."

  /// The controller's name.
  public let name = "root-ca-cert-publisher"
  private let certificate: String

  /// A publisher.
  /// - Parameter certificate: PEM.
  public init(certificate: String) { self.certificate = certificate }

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let data: JSON = ["ca.crt": .string(certificate)]
    let furnishing = NamespaceFurnishing(name: name, resource: .configMaps, object: Self.configMap) {
      namespace, current in
      guard var object = current else {
        return [
          "apiVersion": "v1", "kind": "ConfigMap",
          "metadata": [
            "name": .string(Self.configMap), "namespace": .string(namespace),
            "annotations": [Self.descriptionAnnotation: .string(Self.description)],
          ], "data": data,
        ]
      }
      let hasDescription = object.annotation(Self.descriptionAnnotation) == Self.description
      guard object["data"] != data || !hasDescription else { return Optional<JSON>.none }
      object["data"] = data
      object["metadata", "annotations", Self.descriptionAnnotation] = .string(Self.description)
      return object
    }
    await furnishing.run(context)
  }
}
