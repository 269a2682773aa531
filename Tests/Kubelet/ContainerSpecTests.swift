import ContainerRuntime
import Objects
import Testing

@testable import Kubelet

private let settings = NodeSettings(
  nodeName: "node-a", addresses: ["192.0.2.1"], clusterDNS: ["10.96.0.10"],
  hostDNS: DNSConfig(servers: ["192.0.2.53"], searches: ["lan"], options: ["edns0"]),
  hostsFile: "127.0.0.1 localhost\n", capacity: ["memory": "1000Mi"])

private func build(
  _ pod: JSON, image: Image = Image(id: "sha256:1", uid: 1000), settings: NodeSettings = settings,
  target: String = ""
) throws -> ContainerConfig {
  let spec = try #require((pod.appContainers + pod.ephemeralContainers).last)
  return try ContainerSpecBuilder(pod: pod, settings: settings).container(
    spec, attempt: 2, image: image, reference: "sha256:1",
    environment: ContainerEnvironment(of: spec.name, in: pod, PodSources()), target: target)
}

private func limits(requests: JSON, limits: JSON) -> JSON {
  [["name": "c", "image": "i", "resources": ["requests": requests, "limits": limits]]]
}

@Suite struct ContainerSpecTests {
  @Test func `a sandbox carries what the kubelet finds it by`() {
    let it = pod(
      [
        [
          "name": "c", "image": "i",
          "ports": [["containerPort": 80, "hostPort": 8080], ["containerPort": 53, "protocol": "UDP"]],
        ]
      ],
      spec: ["securityContext": ["sysctls": [["name": "net.x", "value": "1"]], "fsGroup": 7]],
      metadata: ["labels": ["app": "web"], "annotations": ["a": "b"]])
    let config = ContainerSpecBuilder(pod: it, settings: settings).sandbox(attempt: 3)
    #expect(
      config
        == PodSandboxConfig(
          metadata: PodSandboxMetadata(name: "p", uid: "u", namespace: "n", attempt: 3), hostname: "p",
          logDirectory: "/var/log/pods/n_p_u",
          dns: DNSConfig(
            servers: ["10.96.0.10"],
            searches: ["n.svc.cluster.local", "svc.cluster.local", "cluster.local", "lan"],
            options: ["ndots:5"]),
          portMappings: [PortMapping(containerPort: 80, hostPort: 8080)],
          labels: [
            "app": "web", "io.kubernetes.pod.name": "p", "io.kubernetes.pod.namespace": "n",
            "io.kubernetes.pod.uid": "u",
          ],
          annotations: ["a": "b"],
          linux: LinuxSandboxConfig(
            cgroupParent: "/kubepods/besteffort/podu",
            security: LinuxSandboxSecurityContext(supplementalGroups: [7], seccomp: .runtimeDefault),
            sysctls: ["net.x": "1"])))
  }

  @Test func `a pod on the host's network has the node's names`() {
    let it = pod(spec: ["hostNetwork": true, "hostPID": true, "hostIPC": true])
    let config = ContainerSpecBuilder(pod: it, settings: settings).sandbox(attempt: 0)
    #expect(config.hostname == "")
    #expect(config.dns == settings.hostDNS)
    #expect(
      config.linux.security.namespaces == NamespaceOptions(network: .node, pid: .node, ipc: .node))
    #expect(
      PodNames(pod: it, settings: settings).hosts(addresses: ["192.0.2.1"])
        == "# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n")
  }

  @Test(arguments: [
    ("Default", ["192.0.2.53", "9.9.9.9"], ["lan", "own"], ["edns0", "ndots:2", "debug"]),
    ("None", ["9.9.9.9"], ["own"], ["ndots:2", "debug"]),
    (
      "ClusterFirst", ["10.96.0.10", "9.9.9.9"],
      ["n.svc.cluster.local", "svc.cluster.local", "cluster.local", "lan", "own"], ["ndots:2", "debug"]
    ),
  ])
  func `the pod's own DNS configuration is added to its policy's`(
    policy: String, servers: [String], searches: [String], options: [String]
  ) {
    let it = pod(spec: [
      "dnsPolicy": .string(policy),
      "dnsConfig": [
        "nameservers": ["9.9.9.9"], "searches": ["own"],
        "options": [["name": "ndots", "value": "2"], ["name": "debug"]],
      ],
    ])
    #expect(
      PodNames(pod: it, settings: settings).dns
        == DNSConfig(servers: servers, searches: searches, options: options))
  }

  @Test func `the hosts file names the pod and its aliases`() {
    let it = pod(spec: [
      "hostname": "web-0", "subdomain": "web", "hostAliases": [["ip": "10.0.0.9", "hostnames": ["a", "b"]]],
    ])
    let text = PodNames(pod: it, settings: settings).hosts(addresses: ["10.1.0.2"])
    #expect(text.hasPrefix("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"))
    #expect(
      text.hasSuffix(
        "10.1.0.2\tweb-0.web.n.svc.cluster.local\tweb-0\n\n# Entries added by HostAliases.\n"
          + "10.0.0.9\ta\tb\n"))
  }

  @Test func `host names are cut where they are too long`() {
    let name = String(repeating: "a", count: 62) + "-bc"
    let names = PodNames(pod: pod(metadata: ["name": .string(name)]), settings: settings)
    #expect(names.hostname == String(repeating: "a", count: 62))
  }

  @Test func `a container carries what the kubelet and others read`() throws {
    let it = pod(
      [
        [
          "name": "c", "image": "busybox", "command": ["sh"], "args": ["-c"], "workingDir": "/w",
          "tty": true, "stdin": true, "lifecycle": ["preStop": ["sleep": ["seconds": 1]]],
          "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        ]
      ], spec: ["enableServiceLinks": false])
    let config = try build(it)
    #expect(config.metadata == ContainerMetadata(name: "c", attempt: 2))
    #expect(config.image == ImageReference("sha256:1", userSpecified: "busybox"))
    #expect(config.logPath == "c/2.log")
    #expect((config.command, config.arguments, config.workingDirectory) == (["sh"], ["-c"], "/w"))
    #expect((config.tty, config.stdin, config.stdinOnce) == (true, true, false))
    #expect(
      config.labels == [
        "io.kubernetes.pod.name": "p", "io.kubernetes.pod.namespace": "n", "io.kubernetes.pod.uid": "u",
        "io.kubernetes.container.name": "c",
      ])
    #expect(config.annotations["io.kubernetes.container.restartCount"] == "2")
    #expect(config.annotations["io.kubernetes.pod.terminationGracePeriod"] == "30")
    #expect(
      config.annotations["io.kubernetes.container.preStopHandler"] == "{\"sleep\":{\"seconds\":1}}")
    #expect(config.security.runAsUser == 1000)
    #expect(config.security.seccomp == .unconfined)
    #expect(config.security.maskedPaths.contains("/proc/kcore"))
  }

  @Test(
    arguments: [
      // requests, limits, shares, quota, memory, score, cgroup
      ([:], [:], 2, 0, 0, 1000, "/kubepods/besteffort/podu"),
      (["cpu": "500m", "memory": "250Mi"], [:], 512, 0, 0, 750, "/kubepods/burstable/podu"),
      (["cpu": "1m"], ["cpu": "5m"], 2, 1000, 0, 999, "/kubepods/burstable/podu"),
      (
        ["cpu": "2", "memory": "100Mi"], ["cpu": "2", "memory": "100Mi"], 2048, 200_000, 104_857_600, -997,
        "/kubepods/podu"
      ),
    ] as [(JSON, JSON, Int64, Int64, Int64, Int64, String)])
  func `resources become control groups`(
    requests: JSON, limit: JSON, shares: Int64, quota: Int64, memory: Int64, score: Int64, group: String
  ) throws {
    let it = pod(limits(requests: requests, limits: limit).array ?? [])
    let resources = try build(it).resources
    #expect(
      resources
        == LinuxResources(
          cpuPeriod: quota == 0 ? 0 : 100_000, cpuQuota: quota, cpuShares: shares,
          memoryLimitBytes: memory, oomScoreAdjustment: score))
    #expect(
      ContainerSpecBuilder(pod: it, settings: settings).sandbox(attempt: 0).linux.cgroupParent == group)
  }

  @Test func `systemd's groups are slices`() {
    var systemd = settings
    systemd.cgroupDriver = .systemd
    let it = pod(metadata: ["uid": "1-2"])
    #expect(
      ContainerSpecBuilder(pod: it, settings: systemd).sandbox(attempt: 0).linux.cgroupParent
        == "kubepods-besteffort-pod1_2.slice")
  }

  @Test func `a container's security context goes over its pod's`() throws {
    let it = pod(
      [
        [
          "name": "c", "image": "i",
          "securityContext": [
            "runAsUser": 5, "readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false,
            "capabilities": ["add": ["NET_ADMIN"], "drop": ["ALL"]],
            "seccompProfile": ["type": "Localhost", "localhostProfile": "x.json"],
          ],
        ]
      ],
      spec: [
        "shareProcessNamespace": true,
        "securityContext": [
          "runAsUser": 1, "runAsGroup": 2, "supplementalGroups": [3], "fsGroup": 4,
          "seccompProfile": ["type": "RuntimeDefault"],
        ],
      ])
    let context = try build(it).security
    #expect((context.runAsUser, context.runAsGroup) == (5, 2))
    #expect(context.supplementalGroups == [3, 4])
    #expect(context.addedCapabilities == ["NET_ADMIN"])
    #expect(context.droppedCapabilities == ["ALL"])
    #expect(context.hasReadOnlyRoot && context.forbidsNewPrivileges)
    #expect(context.seccomp == .localhost("/var/lib/kubelet/seccomp/x.json"))
    #expect(context.namespaces.pid == .pod)
    let privileged = try build(
      pod([["name": "c", "image": "i", "securityContext": ["privileged": true]]]))
    #expect(privileged.security.maskedPaths == [])
    #expect(privileged.security.isPrivileged)
  }

  @Test func `an ephemeral container looks into another`() throws {
    let it = pod(ephemeral: [["name": "debug", "image": "i", "targetContainerName": "c"]])
    let namespaces = try build(it, target: "c.0").security.namespaces
    #expect((namespaces.pid, namespaces.targetID) == (.target, "c.0"))
  }

  @Test(
    arguments: [
      (
        ["runAsNonRoot": true, "runAsUser": 0], Image(id: "1"), "container's runAsUser breaks non-root policy"
      ),
      (
        ["runAsNonRoot": true], Image(id: "1", uid: 0),
        "container has runAsNonRoot and image will run as root"
      ),
      (["runAsNonRoot": true], Image(id: "1"), "container has runAsNonRoot and image will run as root"),
      (
        ["runAsNonRoot": true], Image(id: "1", username: "nginx"),
        "container has runAsNonRoot and image has non-numeric user (nginx), cannot verify user is non-root"
      ),
    ] as [(JSON, Image, String)])
  func `a container that must not be root is refused`(context: JSON, image: Image, message: String) {
    let it = pod([["name": "c", "image": "i", "securityContext": context]])
    #expect(throws: ContainerConfigError(message + " (pod: \"p_n(u)\", container: c)")) {
      try build(it, image: image)
    }
  }
}
