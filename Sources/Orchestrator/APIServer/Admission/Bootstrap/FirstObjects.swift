import Objects

/// The objects that a cluster has from its first start on.
public enum FirstObjects {
  /// The namespaces that the cluster itself uses; to be made before what is in them.
  public static let namespaces: [FirstObject] =
    ["kube-system", "default", "kube-public", "kube-node-lease"].map { name in
      FirstObject(
        KnownResources.namespaces,
        ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]])
    }

  /// The classes of what keeps a cluster or a node running.
  public static let priorityClasses: [FirstObject] = [
    priorityClass(
      "system-node-critical", 2_000_001_000,
      "Used for system critical pods that must not be moved from their current node."),
    priorityClass(
      "system-cluster-critical", 2_000_000_000,
      "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."
    ),
  ]

  private static func priorityClass(_ name: String, _ value: Int64, _ description: String) -> FirstObject {
    FirstObject(
      KnownResources.priorityClasses,
      [
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": ["name": .string(name)],
        "value": .integer(value), "description": .string(description),
      ])
  }

  /// The Service `kubernetes`, at the first address of the range.
  /// - Parameter targetPort: where the API servers listen.
  public static func kubernetesService(
    addresses: ServiceAddressRange = .standard, port: Int64 = 443, targetPort: Int64
  ) -> FirstObject {
    let address = JSON.string(addresses.address(0))
    return FirstObject(
      KnownResources.services,
      [
        "apiVersion": "v1", "kind": "Service",
        "metadata": [
          "name": "kubernetes", "namespace": "default",
          "labels": ["component": "apiserver", "provider": "kubernetes"],
        ],
        "spec": [
          "type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "sessionAffinity": "None",
          "ipFamilies": [.string(addresses.family)], "ipFamilyPolicy": "SingleStack",
          "internalTrafficPolicy": "Cluster",
          "ports": [
            [
              "name": "https", "protocol": "TCP", "port": .integer(port), "targetPort": .integer(targetPort),
            ]
          ],
        ],
      ], kept: [["spec", "ports"], ["spec", "type"]])
  }

  /// How servers behind this one know its clients, in ConfigMap `extension-apiserver-authentication`.
  /// - Parameters:
  ///   - clientAuthority: certificates that sign those of clients, as PEM.
  ///   - frontProxy: certificates that sign this server's own when it passes requests on, and the names in them; nil
  ///     if it does not.
  public static func extensionAuthentication(
    clientAuthority: String, frontProxy: (authority: String, names: [String])? = nil
  ) -> FirstObject {
    var data: JSON = ["client-ca-file": .string(clientAuthority)]
    if let frontProxy {
      data["requestheader-client-ca-file"] = .string(frontProxy.authority)
      data["requestheader-allowed-names"] = list(frontProxy.names)
      data["requestheader-username-headers"] = list(["X-Remote-User"])
      data["requestheader-group-headers"] = list(["X-Remote-Group"])
      data["requestheader-extra-headers-prefix"] = list(["X-Remote-Extra-"])
    }
    return configMap("extension-apiserver-authentication", in: "kube-system", data)
  }

  /// Where the cluster is and who signs for it, for those that are to join: ConfigMap `cluster-info`.
  /// - Parameters:
  ///   - server: such as `https://10.0.0.1:6443`.
  ///   - authority: certificates that sign the server's, as PEM.
  public static func clusterInfo(server: String, authority: String) -> FirstObject {
    let lines = [
      "apiVersion: v1", "clusters:", "- cluster:",
      "    certificate-authority-data: " + Base64.encode(Array(authority.utf8)),
      "    server: " + JSON.string(server).text, "  name: \"\"", "contexts: null", "current-context: \"\"",
      "kind: Config", "users: null", "",
    ]
    return configMap(
      "cluster-info", in: "kube-public", ["kubeconfig": .string(lines.joined(separator: "\n"))])
  }

  private static func configMap(_ name: String, in namespace: String, _ data: JSON) -> FirstObject {
    FirstObject(
      KnownResources.configMaps,
      [
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": ["name": .string(name), "namespace": .string(namespace)], "data": data,
      ], kept: (data.object ?? [:]).map { ["data", $0.key] })
  }

  /// A list as a text in a ConfigMap.
  private static func list(_ texts: [String]) -> JSON { .string(JSON.array(texts.map { .string($0) }).text) }
}
