import Client
import ContainerRuntime
import Exchange
import HTTP
import NIOCore
import NIOPosix
import Objects
import Synchronization

@testable import KubeletServer

struct StubAgent: NodeAgent {
  var objects: [JSON] = []
  var usage = NodeUsage()
  var failure: String?

  func pods() async -> [JSON] { objects }
  func nodeUsage() async -> NodeUsage { usage }
  func configuration() async -> JSON { ["kind": "KubeletConfiguration"] }
  func problem() async -> String? { failure }
}

/// Lets in whoever has the token `good`, and lets them do what they are allowed.
struct StubAccess: KubeletAccess {
  var allowed: Set<String> = ["proxy", "pods", "stats", "metrics", "healthz", "configz"]

  func user(certificates: [[UInt8]], token: String?) async -> UserInfo? {
    token == "good" ? UserInfo(name: "jane") : nil
  }

  func allows(_ user: UserInfo, _ permission: NodePermission) async throws(StatusError) -> Bool {
    permission.subresources.contains { allowed.contains($0) }
  }
}

/// A runtime that knows a few things and can do nothing.
struct StubRuntime: ContainerRuntime {
  var statuses: [String: ContainerStatus] = [:]
  var sandboxes: [PodSandbox] = []
  var containers: [Container] = []
  var sandboxStats: [PodSandboxStats]?
  var stats: [ContainerStats]?
  var address = ""

  private func none<T>(_ type: T.Type = T.self) throws(RuntimeError) -> T {
    throw RuntimeError(.unimplemented, "no")
  }

  func version() async throws(RuntimeError) -> RuntimeVersion { try none() }
  func status(verbose: Bool) async throws(RuntimeError) -> RuntimeStatus { try none() }
  func updateRuntimeConfig(podCIDR: String) async throws(RuntimeError) {}
  func runtimeConfig() async throws(RuntimeError) -> CgroupDriver { try none() }
  func runPodSandbox(_ config: PodSandboxConfig, runtimeHandler: String) async throws(RuntimeError) -> String
  {
    try none()
  }
  func stopPodSandbox(_ id: String) async throws(RuntimeError) {}
  func removePodSandbox(_ id: String) async throws(RuntimeError) {}
  func podSandboxStatus(_ id: String) async throws(RuntimeError) -> PodSandboxStatus { try none() }
  func listPodSandboxes(_ filter: PodSandboxFilter) async throws(RuntimeError) -> [PodSandbox] { sandboxes }
  func createContainer(
    _ config: ContainerConfig, in sandbox: String, sandboxConfig: PodSandboxConfig
  ) async throws(RuntimeError) -> String { try none() }
  func startContainer(_ id: String) async throws(RuntimeError) {}
  func stopContainer(_ id: String, gracePeriod: Duration) async throws(RuntimeError) {}
  func removeContainer(_ id: String) async throws(RuntimeError) {}
  func listContainers(_ filter: ContainerFilter) async throws(RuntimeError) -> [Container] { containers }
  func containerStatus(_ id: String) async throws(RuntimeError) -> ContainerStatus {
    guard let status = statuses[id] else { throw RuntimeError(.notFound, "no container \(id)") }
    return status
  }
  func updateContainerResources(_ id: String, _ resources: LinuxResources) async throws(RuntimeError) {}
  func reopenContainerLog(_ id: String) async throws(RuntimeError) {}
  func execSync(_ id: String, command: [String], timeout: Duration?) async throws(RuntimeError) -> ExecResult
  {
    try none()
  }
  func exec(_ id: String, command: [String], streams: AttachedStreams) async throws(RuntimeError) -> String {
    "\(address)/exec/\(id)?\(command.joined(separator: "+"))"
  }
  func attach(_ id: String, streams: AttachedStreams) async throws(RuntimeError) -> String {
    "\(address)/attach/\(id)"
  }
  func portForward(_ sandbox: String, ports: [Int32]) async throws(RuntimeError) -> String {
    "\(address)/portforward/\(sandbox)"
  }
  func containerStats(_ id: String) async throws(RuntimeError) -> ContainerStats { try none() }
  func listContainerStats(_ filter: ContainerFilter) async throws(RuntimeError) -> [ContainerStats] {
    guard let stats else { return try none() }
    return stats
  }
  func podSandboxStats(_ id: String) async throws(RuntimeError) -> PodSandboxStats { try none() }
  func listPodSandboxStats(_ filter: PodSandboxFilter) async throws(RuntimeError) -> [PodSandboxStats] {
    guard let sandboxStats else { return try none() }
    return sandboxStats
  }
  func containerEvents() -> AsyncThrowingStream<ContainerEvent, any Error> {
    AsyncThrowingStream { $0.finish() }
  }
  func listImages(_ image: String) async throws(RuntimeError) -> [Image] { [] }
  func imageStatus(_ image: ImageReference) async throws(RuntimeError) -> Image? { nil }
  func pullImage(
    _ image: ImageReference, credentials: RegistryCredentials?, sandboxConfig: PodSandboxConfig?
  ) async throws(RuntimeError) -> String { try none() }
  func removeImage(_ image: ImageReference) async throws(RuntimeError) {}
  func imageFilesystems() async throws(RuntimeError) -> [FilesystemUsage] { [] }
}

enum Fixture {
  static let pod: JSON = [
    "metadata": ["name": "web", "namespace": "default", "uid": "u1"],
    "spec": [
      "containers": [["name": "main"], ["name": "side"], ["name": "slow"]],
      "initContainers": [["name": "init"]],
    ],
    "status": [
      "startTime": "2026-11-28T16:00:00Z",
      "containerStatuses": [
        [
          "name": "main", "containerID": "containerd://c2",
          "state": ["running": ["startedAt": "2026-11-28T16:00:05Z"]],
          "lastState": ["terminated": ["containerID": "containerd://c1"]],
        ],
        ["name": "side", "state": ["waiting": ["reason": "ImagePullBackOff"]]],
      ],
      "initContainerStatuses": [
        ["name": "init", "state": ["terminated": ["containerID": "containerd://i1"]]]
      ],
    ],
  ]

  static func status(_ id: String, log: String, _ state: ContainerState = .exited) -> ContainerStatus {
    ContainerStatus(
      id: id, metadata: ContainerMetadata(name: "main"), state: state, createdAt: 0,
      image: ImageReference("i"), logPath: log)
  }
}
