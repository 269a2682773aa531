import Foundation
import GRPC
import SwiftProtobuf
import Synchronization
import Testing

@testable import ContainerRuntime

struct MessageTests {
  private static let mapping = IDMapping(hostID: 100_000, containerID: 0, length: 65_536)
  private static let user = UserNamespace(uids: [mapping], gids: [mapping])
  private static let sandbox = PodSandboxConfig(
    metadata: PodSandboxMetadata(name: "web", uid: "u1", namespace: "shop", attempt: 2), hostname: "web",
    logDirectory: "/logs",
    dns: DNSConfig(servers: ["10.0.0.10"], searches: ["shop.svc"], options: ["ndots:5"]),
    portMappings: [PortMapping(transport: .sctp, containerPort: 80, hostPort: 8080, hostIP: "127.0.0.1")],
    labels: ["a": "b"], annotations: ["c": "d"],
    linux: LinuxSandboxConfig(
      cgroupParent: "/kubepods/u1",
      security: LinuxSandboxSecurityContext(
        namespaces: NamespaceOptions(network: .node, pid: .pod, ipc: .node, user: user),
        seLinux: SELinuxOptions(level: "s0"), runAsUser: 0, runAsGroup: 7, hasReadOnlyRoot: true,
        supplementalGroups: [8], hasStrictSupplementalGroups: true, isPrivileged: true,
        seccomp: .localhost("/p.json"), appArmor: .unconfined),
      sysctls: ["net.core.somaxconn": "1024"], overhead: LinuxResources(cpuShares: 2),
      resources: LinuxResources(memoryLimitBytes: 5)))

  /// What a fake runtime was sent.
  private static func sent<Request: Message & Sendable, Reply: Message>(
    _ method: String, _ reply: Reply, _ call: (CRIClient) async throws -> Void
  ) async throws -> Request {
    let box = Box<Request>()
    let runtime = try await FakeRuntime([
      method: .answer { (request: Request) in
        box.set(request)
        return reply
      }
    ])
    try await call(runtime.client())
    return try #require(box.value)
  }

  private final class Box<Value: Sendable>: Sendable {
    private let held = Mutex<Value?>(nil)
    func set(_ value: Value) { held.withLock { $0 = value } }
    var value: Value? { held.withLock { $0 } }
  }

  @Test func `a sandbox is sent as it is`() async throws {
    let request: Runtime_V1_RunPodSandboxRequest = try await Self.sent(
      "RuntimeService/RunPodSandbox", Runtime_V1_RunPodSandboxResponse.with { $0.podSandboxID = "s" }
    ) {
      let id = try await $0.runPodSandbox(Self.sandbox, runtimeHandler: "kata")
      #expect(id == "s")
    }
    #expect(
      try request.jsonString(options: Self.sorted) == """
        {"config":{"metadata":{"name":"web","uid":"u1","namespace":"shop","attempt":2},"hostname":"web",\
        "logDirectory":"/logs","dnsConfig":{"servers":["10.0.0.10"],"searches":["shop.svc"],\
        "options":["ndots:5"]},"portMappings":[{"protocol":"SCTP","containerPort":80,"hostPort":8080,\
        "hostIp":"127.0.0.1"}],"labels":{"a":"b"},"annotations":{"c":"d"},"linux":{\
        "cgroupParent":"/kubepods/u1","securityContext":{"namespaceOptions":{"network":"NODE","ipc":"NODE",\
        "usernsOptions":{"uids":[{"hostId":100000,"length":65536}],"gids":[{"hostId":100000,"length":65536}]}},\
        "selinuxOptions":{"level":"s0"},"runAsUser":{},"readonlyRootfs":true,"supplementalGroups":["8"],\
        "privileged":true,"runAsGroup":{"value":"7"},"seccomp":{"profileType":"Localhost",\
        "localhostRef":"/p.json"},"apparmor":{"profileType":"Unconfined"},"supplementalGroupsPolicy":"Strict"},\
        "sysctls":{"net.core.somaxconn":"1024"},"overhead":{"cpuShares":"2"},\
        "resources":{"memoryLimitInBytes":"5"}}},"runtimeHandler":"kata"}
        """)
  }

  private static var sorted: JSONEncodingOptions {
    var options = JSONEncodingOptions()
    options.useDeterministicOrdering = true
    return options
  }

  @Test func `a container is sent as it is`() async throws {
    let config = ContainerConfig(
      metadata: ContainerMetadata(name: "app", attempt: 3),
      image: ImageReference(
        "sha256:1", userSpecified: "web:1", runtimeHandler: "kata", annotations: ["i": "j"]),
      command: ["/app"], arguments: ["-v"], workingDirectory: "/srv",
      environment: [EnvironmentVariable("B", "2"), EnvironmentVariable("A", "1")],
      mounts: [
        Mount(
          containerPath: "/in", hostPath: "/out", isReadOnly: true, isRecursivelyReadOnly: true,
          relabelsSELinux: true, propagation: .bidirectional, user: Self.user)
      ], devices: [Device(containerPath: "/dev/a", hostPath: "/dev/b", permissions: "r")],
      cdiDevices: ["x.com/gpu=0"], labels: ["l": "m"], annotations: ["n": "o"], logPath: "app/3.log",
      stdin: true,
      stdinOnce: true, tty: true,
      resources: LinuxResources(
        cpuPeriod: 1, cpuQuota: 2, cpuShares: 3, memoryLimitBytes: 4, memorySwapLimitBytes: 5,
        oomScoreAdjustment: -6, cpusetCPUs: "0", cpusetMemoryNodes: "1",
        hugepageLimits: ["2MB": 7, "1GB": 8],
        unified: ["memory.high": "9"]),
      security: LinuxSecurityContext(
        addedCapabilities: ["NET_ADMIN"], droppedCapabilities: ["ALL"], isPrivileged: true,
        namespaces: NamespaceOptions(pid: .target, targetID: "t"), seLinux: SELinuxOptions(user: "u"),
        runAsUser: 1, runAsGroup: 2, hasReadOnlyRoot: true, supplementalGroups: [3],
        hasStrictSupplementalGroups: false, forbidsNewPrivileges: true, maskedPaths: ["/m"],
        readOnlyPaths: ["/r"], seccomp: .runtimeDefault, appArmor: .localhost("profile")),
      stopSignal: "SIGUSR1")
    let request: Runtime_V1_CreateContainerRequest = try await Self.sent(
      "RuntimeService/CreateContainer", Runtime_V1_CreateContainerResponse.with { $0.containerID = "c" }
    ) {
      let id = try await $0.createContainer(config, in: "s", sandboxConfig: Self.sandbox)
      #expect(id == "c")
    }
    #expect(request.podSandboxID == "s")
    #expect(request.sandboxConfig == Self.sandbox.message)
    #expect(
      try request.config.jsonString(options: Self.sorted) == """
        {"metadata":{"name":"app","attempt":3},"image":{"image":"sha256:1","annotations":{"i":"j"},\
        "userSpecifiedImage":"web:1","runtimeHandler":"kata"},"command":["/app"],"args":["-v"],\
        "workingDir":"/srv","envs":[{"key":"B","value":"2"},{"key":"A","value":"1"}],"mounts":[{\
        "containerPath":"/in","hostPath":"/out","readonly":true,"selinuxRelabel":true,\
        "propagation":"PROPAGATION_BIDIRECTIONAL","uidMappings":[{"hostId":100000,"length":65536}],\
        "gidMappings":[{"hostId":100000,"length":65536}],"recursiveReadOnly":true}],\
        "devices":[{"containerPath":"/dev/a","hostPath":"/dev/b","permissions":"r"}],"labels":{"l":"m"},\
        "annotations":{"n":"o"},"logPath":"app/3.log","stdin":true,"stdinOnce":true,"tty":true,"linux":{\
        "resources":{"cpuPeriod":"1","cpuQuota":"2","cpuShares":"3","memoryLimitInBytes":"4","oomScoreAdj":"-6",\
        "cpusetCpus":"0","cpusetMems":"1","hugepageLimits":[{"pageSize":"1GB","limit":"8"},\
        {"pageSize":"2MB","limit":"7"}],"unified":{"memory.high":"9"},"memorySwapLimitInBytes":"5"},\
        "securityContext":{"capabilities":{"addCapabilities":["NET_ADMIN"],"dropCapabilities":["ALL"]},\
        "privileged":true,"namespaceOptions":{"pid":"TARGET","targetId":"t"},"selinuxOptions":{"user":"u"},\
        "runAsUser":{"value":"1"},"readonlyRootfs":true,"supplementalGroups":["3"],"noNewPrivs":true,\
        "runAsGroup":{"value":"2"},"maskedPaths":["/m"],"readonlyPaths":["/r"],"seccomp":{},\
        "apparmor":{"profileType":"Localhost","localhostRef":"profile"}}},"CDIDevices":[{"name":"x.com/gpu=0"}],\
        "stopSignal":29}
        """)
  }

  @Test func `credentials are sent, and not shown`() async throws {
    let credentials = RegistryCredentials(
      username: "u", password: "secret", auth: "YQ==", serverAddress: "r.io", identityToken: "i",
      registryToken: "t")
    #expect("\(credentials)" == "credentials for r.io")
    let request: Runtime_V1_PullImageRequest = try await Self.sent(
      "ImageService/PullImage", Runtime_V1_PullImageResponse.with { $0.imageRef = "sha256:2" }
    ) {
      let reference = try await $0.pullImage(
        ImageReference("r.io/x:1"), credentials: credentials, sandboxConfig: Self.sandbox)
      #expect(reference == "sha256:2")
    }
    #expect(
      try request.auth.jsonString(options: Self.sorted) == """
        {"username":"u","password":"secret","auth":"YQ==","serverAddress":"r.io","identityToken":"i",\
        "registryToken":"t"}
        """)
    #expect(request.sandboxConfig == Self.sandbox.message)
  }

  @Test func `filters are sent as they are`() async throws {
    let sandboxes: Runtime_V1_ListPodSandboxRequest = try await Self.sent(
      "RuntimeService/ListPodSandbox", Runtime_V1_ListPodSandboxResponse()
    ) { _ = try await $0.listPodSandboxes(PodSandboxFilter(id: "i", state: .ready, labels: ["a": "b"])) }
    #expect(
      try sandboxes.jsonString(options: Self.sorted)
        == #"{"filter":{"id":"i","state":{},"labelSelector":{"a":"b"}}}"#)
    let containers: Runtime_V1_ListContainersRequest = try await Self.sent(
      "RuntimeService/ListContainers", Runtime_V1_ListContainersResponse()
    ) { _ = try await $0.listContainers(ContainerFilter(state: .exited, sandboxID: "s")) }
    #expect(
      try containers.jsonString(options: Self.sorted)
        == #"{"filter":{"state":{"state":"CONTAINER_EXITED"},"podSandboxId":"s"}}"#)
    let everything: Runtime_V1_ListImagesRequest = try await Self.sent(
      "ImageService/ListImages", Runtime_V1_ListImagesResponse()
    ) { _ = try await $0.listImages("") }
    #expect(!everything.hasFilter)
  }

  @Test func `a container's status is read as it is`() async throws {
    let message = Runtime_V1_ContainerStatus.with {
      $0.id = "c"
      $0.metadata.name = "app"
      $0.metadata.attempt = 4
      $0.state = .containerExited
      $0.createdAt = 1
      $0.startedAt = 2
      $0.finishedAt = 3
      $0.exitCode = 137
      $0.image.image = "web:1"
      $0.imageRef = "sha256:1"
      $0.reason = "OOMKilled"
      $0.message = "too much"
      $0.labels = ["a": "b"]
      $0.annotations = ["c": "d"]
      $0.mounts = [
        .with {
          $0.containerPath = "/in"
          $0.propagation = .UNRECOGNIZED(9)
        }
      ]
      $0.logPath = "/logs/app"
      $0.resources.linux.cpuShares = 2
      $0.resources.linux.hugepageLimits = [.with { $0.pageSize = "2MB" }, .with { $0.pageSize = "2MB" }]
    }
    #expect(
      ContainerStatus(message)
        == ContainerStatus(
          id: "c", metadata: ContainerMetadata(name: "app", attempt: 4), state: .exited, createdAt: 1,
          startedAt: 2, finishedAt: 3, exitCode: 137, image: ImageReference("web:1"),
          imageReference: "sha256:1", imageID: "sha256:1", reason: "OOMKilled", message: "too much",
          labels: ["a": "b"], annotations: ["c": "d"], mounts: [Mount(containerPath: "/in", hostPath: "")],
          logPath: "/logs/app", resources: LinuxResources(cpuShares: 2, hugepageLimits: ["2MB": 0])))
  }

  @Test func `states of the future are safe ones`() {
    #expect(ContainerState(.UNRECOGNIZED(9)) == .unknown)
    #expect(SandboxState(.UNRECOGNIZED(9)) == .notReady)
  }

  @Test func `a sandbox's addresses are read in order`() {
    let message = Runtime_V1_PodSandboxStatus.with {
      $0.id = "s"
      $0.state = .sandboxReady
      $0.network.ip = "10.1.0.2"
      $0.network.additionalIps = [.with { $0.ip = "fd00::2" }]
      $0.linux.namespaces.options.pid = .container
      $0.linux.namespaces.options.usernsOptions.mode = .node
    }
    let status = PodSandboxStatus(message)
    #expect(status.addresses == ["10.1.0.2", "fd00::2"])
    #expect(status.namespaces == NamespaceOptions(pid: .container))
    #expect(PodSandboxStatus(Runtime_V1_PodSandboxStatus()).addresses.isEmpty)
  }

  @Test func `usage that is not known is nil`() {
    #expect(ContainerStats(Runtime_V1_ContainerStats()).cpu == nil)
    let stats = PodSandboxStats(
      .with {
        $0.attributes.id = "s"
        $0.linux.cpu.timestamp = 5
        $0.linux.network.defaultInterface.name = "eth0"
        $0.linux.network.interfaces = [.with { $0.name = "eth1" }]
        $0.linux.process.processCount.value = 0
      })
    #expect(stats.cpu == CPUUsage(timestamp: 5))
    #expect(stats.memory == nil)
    #expect(stats.network == [NetworkUsage(interface: "eth0"), NetworkUsage(interface: "eth1")])
    #expect(stats.processCount == 0)
  }
}
