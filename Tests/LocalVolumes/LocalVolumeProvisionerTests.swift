import Client
import ClientSupport
import Exchange
import Objects
import Testing

@testable import LocalVolumes

/// A node's provisioner at work on a machine and against a server, both in memory.
private struct Node: Sendable {
  let server = FakeAPI()
  let machine = FakeMachine()
  let resources: LocalVolumeResources
  let events: Resource

  init(parameters: JSON = [:]) throws {
    resources = try #require(LocalVolumeResources())
    events = try #require(Resource.builtIn(group: "", version: "v1", resource: "events"))
    var storageClass = LocalVolumeClass.object
    storageClass["parameters"] = parameters
    server.put(resources.storageClasses, storageClass)
    server.put(
      resources.nodes, ["metadata": ["name": "a", "labels": ["kubernetes.io/hostname": "a"]]])
  }

  func run(_ body: @escaping @Sendable () async -> Void) async {
    let client = APIClient(transport: server, userAgent: "test")
    let informers = InformerSet(client: client)
    let recorder = EventRecorder(client: client, component: "local-path")
    let provisioner = LocalVolumeProvisioner(
      client: client, informers: informers, recorder: recorder, node: "a", folder: "/v", commands: machine)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await informers.run() }
      group.addTask { await recorder.run() }
      group.addTask { await provisioner.run() }
      await body()
      group.cancelAll()
    }
  }

  var volume: JSON? { server.objects(resources.volumes).first }
  var claim: JSON? { server.object(resources.claims, "n", "c") }

  func putClaim(_ change: (inout JSON) -> Void = { _ in }) {
    var claim =
      self.claim ?? [
        "metadata": [
          "name": "c", "namespace": "n", "uid": "u",
          "annotations": [
            VolumeAnnotation.selectedNode: "a",
            VolumeAnnotation.storageProvisioner: .string(LocalVolumeClass.provisioner),
          ],
        ],
        "spec": [
          "storageClassName": "local-path", "accessModes": ["ReadWriteOnce"],
          "resources": ["requests": ["storage": "1Gi"]],
        ], "status": ["phase": "Pending"],
      ]
    change(&claim)
    server.put(resources.claims, claim)
  }

  /// What the binder does.
  func bind() {
    guard var volume else { return }
    volume["status", "phase"] = "Bound"
    server.put(resources.volumes, volume)
    putClaim { claim in
      claim["spec", "volumeName"] = "pvc-u"
      claim["metadata", "annotations", VolumeAnnotation.bindCompleted] = "yes"
      claim["status"] = ["phase": "Bound", "capacity": ["storage": "1Gi"]]
    }
  }

  func release() {
    guard var volume else { return }
    server.remove(resources.claims, "n", "c")
    volume["status", "phase"] = "Released"
    server.put(resources.volumes, volume)
  }

  func message(_ reason: String) -> String? {
    server.objects(events).first { $0["reason"]?.string == reason }?["message"]?.string
  }
}

@Suite struct LocalVolumeProvisionerTests {
  @Test
  func `a volume is made, expanded, mounted again after a reboot, and removed`() async throws {
    let node = try Node()
    await node.run {
      node.putClaim()
      #expect(await eventually { node.volume != nil })
      #expect(node.volume?["spec", "local", "path"] == "/v/mounts/pvc-u/data")
      #expect(node.machine.files == ["/v/images/pvc-u.img": 1 << 30])
      #expect(node.machine.mounts == ["/v/mounts/pvc-u": "/dev/loop0"])
      #expect(await eventually { node.message("ProvisioningSucceeded") != nil })
      #expect(node.message("ProvisioningSucceeded") == "Successfully provisioned volume pvc-u")
      node.bind()
      node.putClaim { $0["spec", "resources", "requests", "storage"] = "2Gi" }
      #expect(await eventually { node.claim?["status", "capacity", "storage"] == "2Gi" })
      #expect(node.claim?["status", "conditions"] == nil)
      #expect(node.volume?["spec", "capacity", "storage"] == "2Gi")
      #expect(node.machine.fileSystems == ["/dev/loop0": 2 << 30])
    }
    node.machine.reboot()
    await node.run {
      #expect(await eventually { node.machine.mounts == ["/v/mounts/pvc-u": "/dev/loop0"] })
      node.release()
      #expect(await eventually { node.volume == nil })
      #expect(node.machine.files == [:])
      #expect(node.machine.mounts == [:])
      #expect(node.machine.devices == [:])
    }
  }

  @Test
  func `a volume whose policy is to keep it is taken off the node, but its file stays`() async throws {
    let node = try Node()
    await node.run {
      node.putClaim()
      #expect(await eventually { node.volume != nil })
      if var volume = node.volume {
        volume["spec", "persistentVolumeReclaimPolicy"] = "Retain"
        node.server.put(node.resources.volumes, volume)
      }
      node.release()
      node.server.remove(node.resources.volumes, "", "pvc-u")
      #expect(await eventually { node.machine.mounts.isEmpty && node.machine.devices.isEmpty })
      #expect(node.machine.files == ["/v/images/pvc-u.img": 1 << 30])
    }
  }

  @Test
  func `without loop devices a claim waits and is told why`() async throws {
    let node = try Node()
    node.machine.fail("losetup", (1, "losetup: cannot find an unused loop device\n"))
    await node.run {
      node.putClaim()
      #expect(await eventually { node.message("ProvisioningFailed") != nil })
      #expect(
        node.message("ProvisioningFailed")
          == "failed to provision volume with StorageClass \"local-path\": "
          + "losetup: cannot find an unused loop device")
      #expect(node.volume == nil)
    }
  }

  @Test
  func `with the parameter a plain folder will do, and says that it has no limit`() async throws {
    let node = try Node(parameters: ["capacity": "folder"])
    // What fails is making devices, not asking for them.
    node.machine.fail("losetup", (127, "there is no program losetup"))
    await node.run {
      node.putClaim()
      #expect(await eventually { node.volume != nil })
      #expect(node.volume?["metadata", "annotations"]?["raftkv.io/local-path-kind"] == "folder")
      #expect(node.machine.files == [:])
      #expect(await eventually { node.message("CapacityNotEnforced") != nil })
      #expect(
        node.message("CapacityNotEnforced")
          == "node a lacks loop devices, the volume is a plain folder without a limit: "
          + "losetup: there is no program losetup")
      node.release()
      #expect(await eventually { node.volume == nil })
      #expect(node.machine.commands.contains("rm -rf --one-file-system /v/mounts/pvc-u"))
    }
  }

  @Test
  func `a program that hangs is a failure that is tried again`() async throws {
    let node = try Node()
    node.machine.fail("mkfs.ext4", (124, ""))
    await node.run {
      node.putClaim()
      #expect(await eventually { node.message("ProvisioningFailed") != nil })
      #expect(node.message("ProvisioningFailed")?.hasSuffix("mkfs.ext4 has not ended in 600 s") == true)
      node.machine.fail("mkfs.ext4", nil)
      #expect(await eventually { node.volume != nil })
    }
  }

  @Test
  func `programs are run, and killed when their time is up`() async {
    let commands = SystemVolumeCommands()
    #expect(await commands.run(["echo", "hello"], timeout: .seconds(300)) == (0, "hello\n"))
    #expect(await commands.run(["sleep", "100000"], timeout: .seconds(0)).status == 124)
    #expect(await commands.run(["no-such-program"], timeout: .seconds(1)).status == 127)
    #expect(await commands.run(["false"], timeout: .seconds(300)).status == 1)
  }
}
