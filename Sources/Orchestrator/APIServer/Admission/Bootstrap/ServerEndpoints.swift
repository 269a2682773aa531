import Objects

/// What is behind the Service `kubernetes`: its Endpoints and its EndpointSlice, as the API servers themselves keep
/// them.
public enum ServerEndpoints {
  /// The two objects for servers at these addresses, which all listen on one port.
  public static func objects(addresses: [String], port: Int64) -> [FirstObject] {
    let metadata: JSON = ["name": "kubernetes", "namespace": "default"]
    let ports: JSON = [["name": "https", "port": .integer(port), "protocol": "TCP"]]
    let family = addresses.first.map(ServiceFamilies.family(of:)) ?? "IPv4"
    let addresses = addresses.filter { ServiceFamilies.family(of: $0) == family }
    var endpoints: JSON = ["apiVersion": "v1", "kind": "Endpoints", "metadata": metadata]
    endpoints["metadata", "labels", "endpointslice.kubernetes.io/skip-mirror"] = "true"
    if !addresses.isEmpty {
      endpoints["subsets"] = [
        ["addresses": .array(addresses.map { ["ip": .string($0)] }), "ports": ports]
      ]
    }
    var slice: JSON = [
      "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata,
      "addressType": .string(family), "ports": ports,
      "endpoints": .array(addresses.map { ["addresses": [.string($0)], "conditions": ["ready": true]] }),
    ]
    slice["metadata", "labels", "kubernetes.io/service-name"] = "kubernetes"
    let skip = ["metadata", "labels", "endpointslice.kubernetes.io/skip-mirror"]
    let service = ["metadata", "labels", "kubernetes.io/service-name"]
    return [
      FirstObject(KnownResources.endpoints, endpoints, kept: [["subsets"], skip]),
      FirstObject(KnownResources.endpointSlices, slice, kept: [["endpoints"], ["ports"], service]),
    ]
  }
}
