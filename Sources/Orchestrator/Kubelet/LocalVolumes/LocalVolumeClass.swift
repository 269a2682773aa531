public import Objects

/// The storage class whose volumes are on the disks of nodes.
public enum LocalVolumeClass {
  /// The class's name.
  public static let name = "local-path"
  /// Who makes its volumes.
  public static let provisioner = "raftkv.io/local-path"
  /// The parameter that says whether a volume's size is a limit: with `folder`, a plain folder will do where the machine
  /// has no loop devices.
  public static let capacityParameter = "capacity"

  /// The class as the control plane makes it if there is none: claims that name no class get it.
  public static let object: JSON = [
    "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
    "metadata": [
      "name": .string(name), "annotations": ["storageclass.kubernetes.io/is-default-class": "true"],
    ], "provisioner": .string(provisioner), "reclaimPolicy": "Delete",
    "volumeBindingMode": "WaitForFirstConsumer", "allowVolumeExpansion": true,
  ]
}
