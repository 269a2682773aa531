import ContainerRuntime
import Foundation
import Glibc
import NIOCore
import Synchronization

/// A case: a name, and what throws when something differs.
typealias Case = (name: String, body: @Sendable (Stage) async throws -> Void)

/// What differs.
struct Mismatch: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Throws unless two values are equal.
func expect<Value: Equatable>(_ what: String, _ found: Value, _ wanted: Value) throws {
  guard found == wanted else { throw Mismatch("\(what): found \(found), wanted \(wanted)") }
}

/// Throws unless it holds.
func expect(_ what: String, _ holds: Bool) throws {
  guard holds else { throw Mismatch(what) }
}

/// Waits until it holds.
func eventually(_ what: String, seconds: Int = 300, _ holds: () async throws -> Bool) async throws {
  let end = ContinuousClock.now + .seconds(seconds)
  while true {
    if (try? await holds()) == true { return }
    guard ContinuousClock.now < end else { throw Mismatch("never: \(what)") }
    try await Task.sleep(for: .milliseconds(20))
  }
}

/// The error of a call that must fail.
func refusal(_ what: String, _ body: () async throws -> Void) async throws -> RuntimeError {
  do {
    try await body()
  } catch let error as RuntimeError {
    return error
  }
  throw Mismatch("\(what) did not fail")
}

func milliseconds(_ duration: Duration) -> Int64 {
  duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000
}

func exitNow(_ code: Int32) -> Never {
  fflush(nil)
  exit(code)
}

func contents(_ path: String) -> String {
  FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
}

/// A containerd with images and a pod network, and what cases make of it.
final class Stage: Sendable {
  static let web = ImageReference("localhost/web:1")
  static let busybox = ImageReference("localhost/busybox:1")
  static let subnetPrefix = "10.87.0."

  let folder: String
  let images: String
  let eventLoop: any EventLoop
  let containerd: ContainerdProcess
  let runtime: CRIClient
  private let lastUID = Atomic<Int>(0)

  /// - Parameter snapshotter: instead of the one that suits the machine.
  init(
    folder: String, images: String, snapshotter: ContainerdConfiguration.Snapshotter?,
    on eventLoop: any EventLoop
  ) {
    self.folder = folder
    self.images = images
    self.eventLoop = eventLoop
    let layout = ContainerdLayout(folder: folder + "/containerd")
    mkdir(layout.folder, 0o700)
    var configuration = ContainerdConfiguration(layout: layout, machine: .current(folder: layout.folder))
    if let snapshotter { configuration.snapshotter = snapshotter }
    containerd = ContainerdProcess(configuration, on: eventLoop) { print("  report: \($0)") }
    runtime = CRIClient(socket: containerd.socket, on: eventLoop)
  }

  /// Nothing here routes off the machine: the bridge is in this process's own network namespace.
  private var network: String {
    """
    {"cniVersion": "0.4.0", "name": "pods", "plugins": [
      {"type": "bridge", "bridge": "pods0", "isGateway": true, "ipMasq": false,
       "ipam": {"type": "host-local", "dataDir": "\(folder)/addresses", "ranges": [[{"subnet": "10.87.0.0/24"}]]}},
      {"type": "loopback"}
    ]}
    """
  }

  func setUp() async throws {
    let start = ContinuousClock.now
    try await containerd.start()
    print("  containerd answers after \(milliseconds(.now - start)) ms")
    let networks = ContainerdLayout(folder: folder + "/containerd").networks
    _ = FileManager.default.createFile(atPath: networks + "/10-pods.conflist", contents: Data(network.utf8))
    for name in ["pause", "busybox", "web"] {
      try await ImageArchive("\(images)/\(name).tar").importInto(socket: containerd.socket, scratch: folder)
    }
    for name in ["pause", "busybox", "web"] {
      try await eventually("image \(name) is seen") {
        try await runtime.imageStatus(ImageReference("localhost/\(name):1")) != nil
      }
    }
    try await eventually("the network is ready") { try await runtime.status(verbose: false).isNetworkReady }
  }

  func tearDown() async {
    await clean()
    runtime.close()
    await containerd.stop()
  }

  /// Removes what a case left.
  func clean() async {
    for sandbox in (try? await runtime.listPodSandboxes(PodSandboxFilter())) ?? [] {
      try? await runtime.stopPodSandbox(sandbox.id)
      try? await runtime.removePodSandbox(sandbox.id)
    }
  }

  // MARK: What cases are made of

  func sandboxConfig(_ name: String = "pod") -> PodSandboxConfig {
    let uid = lastUID.add(1, ordering: .relaxed).newValue
    return PodSandboxConfig(
      metadata: PodSandboxMetadata(name: name, uid: "uid-\(uid)", namespace: "default"), hostname: name,
      logDirectory: "\(folder)/logs/\(uid)", labels: ["pod": name, "uid": "uid-\(uid)"],
      annotations: ["note": "as it was"],
      linux: LinuxSandboxConfig(cgroupParent: "/raftkv-probe/uid-\(uid)"))
  }

  func config(
    _ name: String, _ image: ImageReference = Stage.busybox, shell: String? = nil
  ) -> ContainerConfig {
    ContainerConfig(
      metadata: ContainerMetadata(name: name), image: image,
      command: shell.map { ["/bin/sh", "-c", $0] } ?? [],
      labels: ["container": name], annotations: ["kept": "yes"], logPath: "\(name).log")
  }

  /// A sandbox with one container that runs.
  func run(
    _ container: ContainerConfig, in sandbox: PodSandboxConfig? = nil
  ) async throws -> (sandbox: String, container: String, config: PodSandboxConfig) {
    let config = sandbox ?? sandboxConfig()
    let pod = try await runtime.runPodSandbox(config, runtimeHandler: "")
    let id = try await runtime.createContainer(container, in: pod, sandboxConfig: config)
    try await runtime.startContainer(id)
    return (pod, id, config)
  }

  func hasExited(_ id: String) async throws -> ContainerStatus {
    try await eventually("container \(id) has exited") {
      try await runtime.containerStatus(id).state == .exited
    }
    return try await runtime.containerStatus(id)
  }

  func shell(_ id: String, _ script: String, timeout: Duration? = .seconds(120)) async throws -> ExecResult {
    try await runtime.execSync(id, command: ["/bin/sh", "-c", script], timeout: timeout)
  }
}

extension ExecResult {
  var text: String { String(decoding: standardOutput, as: UTF8.self) }
}
