public import ContainerRuntime
public import Objects

/// The files that pods need on the node.
public protocol PodVolumes: Sendable {
  /// Makes what the pod's sandbox needs, such as the folder of its logs.
  func prepareSandbox(_ pod: JSON, settings: NodeSettings) async throws(ContainerConfigError)
  /// Makes a container's volumes and the files that the kubelet itself gives it, and says where they are mounted.
  func mounts(
    _ spec: ContainerSpec, of pod: JSON, attempt: UInt32, environment: ContainerEnvironment,
    sources: PodSources, settings: NodeSettings
  ) async throws(ContainerConfigError) -> [Mount]
  /// Brings the volumes of a running pod that are made of objects up to date. What cannot be made any more stays as it
  /// was, and is said why.
  func refresh(_ pod: JSON, sources: PodSources, settings: NodeSettings) async -> [String]
  /// Removes everything of a pod that has gone, but its logs' folder last.
  func tearDown(podUID: String, settings: NodeSettings) async throws(ContainerConfigError)
}
