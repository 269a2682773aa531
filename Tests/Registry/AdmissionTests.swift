import Exchange
import Objects
import Registry
import Synchronization
import Testing

struct AdmissionTests {
  @Test func `plug-ins see writes in order, may change them, and may refuse them`() async {
    let log = Log()
    let cluster = Cluster(admission: [Recorder(name: "one", log: log), Recorder(name: "two", log: log)])
    let made = await cluster.send("POST", maps, json: map("m"))
    #expect(made["metadata", "annotations"] == ["one": "CREATE", "two": "CREATE"] as JSON?)
    #expect(log.take() == ["one admits m", "two admits m", "one validates m", "two validates m"])
    // What admission sets has no owner.
    #expect(made["metadata", "managedFields"]?.array?.first?["fieldsV1"]?["f:metadata"] == nil)
    _ = await cluster.send("MERGE", maps + "/m", json: ["data": ["b": "2"]])
    #expect(log.take() == ["one admits m", "two admits m", "one validates m", "two validates m"])
    #expect(
      await cluster.send("DELETE", maps + "/m")
        == failure(
          403, "Forbidden", #"configmaps "m" is forbidden: no"#, ["name": "m", "kind": "configmaps"]))
    #expect(await cluster.send("GET", maps + "/m").code == 200)
  }

  @Test func `a scale is admitted as a scale`() async {
    let log = Log()
    let cluster = Cluster(admission: [Recorder(name: "one", log: log, kinds: true)])
    _ = await cluster.send("POST", deployments, json: deployment("d"))
    _ = await cluster.send("MERGE", deployments + "/d/scale", json: ["spec": ["replicas": 3]])
    #expect(
      log.take() == [
        "one admits Deployment", "one validates Deployment", "one admits Scale", "one validates Scale",
      ])
  }

  @Test func `what a hook allocates is kept when the object is stored and given back when not`() async {
    let hook = Counter()
    let cluster = Cluster(hooks: [hook])
    let made = await cluster.send("POST", maps, json: map("m"))
    #expect(made["data", "hook"] == "taken")
    #expect(hook.take() == ["take", "keep"])
    _ = await cluster.send("POST", maps, json: map("m"))
    #expect(hook.take() == ["take", "undo"])
    _ = await cluster.send("POST", maps, json: map("n")) { $0.dryRun = true }
    #expect(hook.take() == ["take", "undo"])
    _ = await cluster.send("POST", maps, json: map("n", ["/": "invalid"]))
    #expect(hook.take() == ["take", "undo"])
    _ = await cluster.send("PUT", maps + "/m", json: map("m", ["b": "2"]))
    #expect(hook.take() == ["take", "keep"])
    _ = await cluster.send("PUT", maps + "/m", json: map("m", ["/": "2"]))
    #expect(hook.take() == ["take", "undo"])
    _ = await cluster.send("DELETE", maps + "/m")
    #expect(hook.take() == ["free m"])
  }
}

private final class Log: Sendable {
  private let lines = Mutex<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  func take() -> [String] {
    lines.withLock { lines in
      defer { lines = [] }
      return lines
    }
  }
}

private struct Recorder: AdmissionPlugin {
  let name: String
  let log: Log
  var kinds = false

  func handles(_ request: AdmissionRequest) -> Bool { true }

  private func subject(_ request: AdmissionRequest) -> String {
    kinds ? request.object?["kind"]?.string ?? "" : request.name
  }

  func admit(_ request: inout AdmissionRequest, _ objects: any ObjectSource) async throws(StatusError) {
    if request.operation == .delete { throw .forbidden(request.resource, name: request.name, "no") }
    log.add("\(name) admits \(subject(request))")
    if request.operation == .create {
      request.object?["metadata", "annotations", name] = .string(request.operation.rawValue)
    }
  }

  func validate(_ request: AdmissionRequest, _ objects: any ObjectSource) async throws(StatusError) {
    log.add("\(name) validates \(subject(request))")
  }
}

private final class Counter: WriteHook, HookUndo {
  private let log = Log()
  func take() -> [String] { log.take() }
  func handles(_ resource: Resource) -> Bool { true }
  func beforeStore(
    _ new: inout JSON, old: JSON?, resource: Resource, dryRun: Bool
  ) async throws(StatusError) -> (any HookUndo)? {
    log.add("take")
    new["data", "hook"] = "taken"
    return self
  }
  func afterDelete(_ old: JSON, resource: Resource) async {
    log.add("free " + (old["metadata"]?["name"]?.string ?? ""))
  }
  func commit() async { log.add("keep") }
  func undo() async { log.add("undo") }
}
