import Client
import ClientSupport
import Dispatch
import LocalVolumes
import Objects
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A node's volume provisioner on a cluster in memory, for checks with real disks: `volumes-fixture NODE FOLDER`.
///
/// Objects come as lines of JSON on standard input, each as it is from then on; one with the annotation `gone` is
/// removed. Every change of claims, volumes and events is a line of output. It ends with its input.
@main
struct VolumesFixture {
  static func main() async {
    let arguments = CommandLine.arguments
    guard arguments.count == 3 else {
      print("usage: volumes-fixture NODE FOLDER")
      return
    }
    let api = FakeAPI()
    let kinds = [
      ("", "Node"), ("", "PersistentVolume"), ("", "PersistentVolumeClaim"), ("", "Event"),
      ("storage.k8s.io", "StorageClass"),
    ]
    let resources = kinds.compactMap { Resource.builtIn(group: $0.0, version: "v1", kind: $0.1) }
    api.put(resources[4], LocalVolumeClass.object)
    api.put(
      resources[0],
      [
        "metadata": [
          "name": .string(arguments[1]), "labels": ["kubernetes.io/hostname": .string(arguments[1])],
        ]
      ])
    let client = APIClient(transport: api, userAgent: "volumes-fixture")
    let informers = InformerSet(client: client)
    let recorder = EventRecorder(client: client, component: LocalVolumeClass.provisioner)
    let provisioner = LocalVolumeProvisioner(
      client: client, informers: informers, recorder: recorder, node: arguments[1], folder: arguments[2]
    ) { problem in say(["kind": "Report", "metadata": ["name": .string(problem)]]) }
    for resource in resources[1...3] {
      informers.informer(for: resource).addHandler { event in
        switch event {
        case .added(let object), .updated(_, let object): say(object)
        case .deleted(var object):
          object["metadata", "annotations", "gone"] = "true"
          say(object)
        }
      }
    }
    let (lines, continuation) = AsyncStream.makeStream(
      of: String.self, bufferingPolicy: .bufferingOldest(10_000))
    // Waits on a thread of its own: those of tasks are few.
    DispatchQueue(label: "lines").async {
      while let line = readLine() { continuation.yield(line) }
      continuation.finish()
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await informers.run() }
      group.addTask { await recorder.run() }
      group.addTask { await provisioner.run() }
      for await line in lines {
        guard let object = try? JSON.parse(Array(line.utf8)),
          let resource = resources.first(where: { $0.kind == object["kind"]?.string })
        else { continue }
        let key = ObjectKey(object)
        if object["metadata", "annotations", "gone"] == nil {
          api.put(resource, object)
        } else {
          api.remove(resource, key.namespace, key.name)
        }
      }
      group.cancelAll()
    }
  }

  private static let output = Mutex(())

  private static func say(_ object: JSON) {
    let line = Array((object.text + "\n").utf8)
    // Not by way of a buffer: to empty that waits for whoever reads the input.
    output.withLock { _ in
      var written = 0
      while written < line.count {
        let count = line[written...].withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
        guard count > 0 else { return }
        written += count
      }
    }
  }
}
