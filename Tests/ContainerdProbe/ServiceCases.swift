import ContainerRuntime
import Glibc

/// What the runtime tells and keeps beside the containers' lives.
let serviceCases: [Case] = [
  ("the runtime says who and how it is", identity),
  ("images are listed, found, missing and removed", images),
  ("logs have CRI's form and are opened anew", logs),
  ("usage is counted", usage),
  ("exec, attach and port-forward work over WebSocket", streaming),
  ("events come, or the runtime says that it has none", events),
]

private func identity(_ stage: Stage) async throws {
  let version = try await stage.runtime.version()
  try expect("name", version.name, "containerd")
  try expect("api", version.apiVersion, "v1")
  let status = try await stage.runtime.status(verbose: true)
  try expect("ready", [status.isRuntimeReady, status.isNetworkReady], [true, true])
  try expect("verbose", status.info["config"] != nil)
  try await stage.runtime.updateRuntimeConfig(podCIDR: "10.87.0.0/24")
  do throws(RuntimeError) {
    try expectDriver(try await stage.runtime.runtimeConfig())
  } catch {
    try expect("\(error)", error.code, .unimplemented)
  }
  let found = await RuntimeSocket.find(
    among: ["/none", stage.folder, stage.containerd.socket], on: stage.eventLoop)
  try expect("found", found?.path, stage.containerd.socket)
}

private func expectDriver(_ driver: CgroupDriver) throws(RuntimeError) {
  print("    cgroup driver: \(driver)")
}

private func images(_ stage: Stage) async throws {
  let runtime = stage.runtime
  let tags = try await runtime.listImages("").flatMap(\.tags)
  for name in ["pause", "busybox", "web"] { try expect("\(tags)", tags.contains("localhost/\(name):1")) }
  let image = try await runtime.imageStatus(Stage.busybox)
  try expect("size", image?.size ?? 0 > 100_000)
  try expect(
    "by id", try await runtime.imageStatus(ImageReference(image?.id ?? ""))?.tags, ["localhost/busybox:1"])
  try expect("missing", try await runtime.imageStatus(ImageReference("localhost/none:1")), nil)
  let pull = try await refusal("a pull of what is nowhere") {
    _ = try await runtime.pullImage(
      ImageReference("localhost:1/none:1"),
      credentials: RegistryCredentials(username: "u", password: "p"), sandboxConfig: nil)
  }
  try expect("\(pull)", pull.message.contains("localhost:1/none:1"))
  try await runtime.removeImage(ImageReference("localhost/none:1"))
  try await runtime.removeImage(Stage.web)
  try await eventually("removed") { try await runtime.imageStatus(Stage.web) == nil }
  try await ImageArchive(stage.images + "/web.tar").importInto(
    socket: stage.containerd.socket, scratch: stage.folder)
  try await eventually("there again") { try await runtime.imageStatus(Stage.web) != nil }
  let broken = stage.folder + "/broken.tar"
  symlink("/etc/passwd", broken)
  do {
    try await ImageArchive(broken).importInto(socket: stage.containerd.socket, scratch: stage.folder)
    throw Mismatch("a file that is no archive was imported")
  } catch let error as ContainerdError {
    print("    \(error)")
  }
  let filesystems = try await runtime.imageFilesystems()
  try expect("file systems", filesystems.count, 1)
  try expect("below our folder", filesystems.first?.mountpoint.hasPrefix(stage.folder), true)
}

private func logs(_ stage: Stage) async throws {
  let ticking = try await stage.run(
    stage.config(
      "tick", shell: "echo first; echo bad >&2; i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.1; done"))
  let path = ticking.config.logDirectory + "/tick.log"
  try await eventually("lines are there") { contents(path).contains("tick 2") }
  for line in contents(path).split(separator: "\n").prefix(3) {
    let fields = line.split(separator: " ", maxSplits: 3)
    try expect("fields of \(line)", fields.count, 4)
    try expect("time of \(line)", fields[0].contains("T"))
    try expect("stream of \(line)", fields[1] == (fields[3] == "bad" ? "stderr" : "stdout"))
    try expect("tag of \(line)", fields[2], "F")
  }
  try expect("renamed", rename(path, path + ".old"), 0)
  try await stage.runtime.reopenContainerLog(ticking.container)
  try await eventually("the new file fills") { contents(path).contains("tick") }
  try expect("the old file has the beginning", contents(path + ".old").contains("first"))
  try expect("the new file has not", !contents(path).contains("first"))
}

private func usage(_ stage: Stage) async throws {
  let busy = try await stage.run(
    stage.config("busy", shell: "dd if=/dev/zero of=/data bs=1M count=4; while :; do :; done"))
  let runtime = stage.runtime
  try await eventually("processor time is counted") {
    try await runtime.containerStats(busy.container).cpu?.usageCoreNanoseconds ?? 0 > 50_000_000
  }
  let stats = try await runtime.containerStats(busy.container)
  try expect("id", stats.id, busy.container)
  try expect("name", stats.metadata.name, "busy")
  try expect("memory", stats.memory?.workingSetBytes ?? 0 > 0)
  try await eventually("the writable layer is counted") {
    try await runtime.containerStats(busy.container).writableLayer?.usedBytes ?? 0 >= 4 << 20
  }
  let listed = try await runtime.listContainerStats(ContainerFilter(sandboxID: busy.sandbox))
  try expect("listed", listed.map(\.id), [busy.container])
  do throws(RuntimeError) {
    let pod = try await runtime.podSandboxStats(busy.sandbox)
    let pods = try await runtime.listPodSandboxStats(PodSandboxFilter(labels: busy.config.labels))
    print(
      "    pod: \(pod.network.map(\.interface)), \(pod.processCount ?? 0) processes, \(pods.count) listed")
  } catch {
    try expect("\(error)", error.code, .unimplemented)
  }
}

private func streaming(_ stage: Stage) async throws {
  var config = stage.config("talk", shell: "echo ready; exec cat")
  config.stdin = true
  let talk = try await stage.run(config)
  let sandbox = talk.config
  let web = try await stage.runtime.createContainer(
    stage.config("web", Stage.web), in: talk.sandbox, sandboxConfig: sandbox)
  try await stage.runtime.startContainer(web)
  let runtime = stage.runtime
  let exec = try await runtime.exec(
    talk.container, command: ["/bin/sh", "-c", "echo from $((6*7))"], streams: AttachedStreams())
  let attach = try await runtime.attach(talk.container, streams: AttachedStreams(stdin: true))
  let forward = try await runtime.portForward(talk.sandbox, ports: [8080])
  for (address, word) in zip([exec, attach, forward], ["exec", "attach", "portforward"]) {
    try expect(address, address.hasPrefix("http://127.0.0.1:") && address.contains("/\(word)/"))
  }

  try expect("exec", try webSocket(exec).read(until: "from 42").contains("from 42"))
  let attached = try webSocket(attach)
  try expect("stdin", attached.write(frame(channel: 0, "echoed\n")))
  try expect("attach", attached.read(until: "echoed").contains("echoed"))
  let address = try await runtime.podSandboxStatus(talk.sandbox).addresses.first ?? ""
  try await eventually("the page is served") { get(address, "/")?.contains("It works.") == true }
  let forwarded = try webSocket(forward)
  try expect("request", forwarded.write(frame(channel: 0, "GET / HTTP/1.0\r\n\r\n")))
  try expect("port-forward", forwarded.read(until: "It works.").contains("It works."))
  try expect("once only", (try? webSocket(exec)) == nil)
}

private func events(_ stage: Stage) async throws {
  let stream = stage.runtime.containerEvents()
  let seen = Task { () -> Result<[ContainerEvent.Kind], RuntimeError> in
    var kinds: [ContainerEvent.Kind] = []
    do {
      for try await event in stream {
        kinds.append(event.kind)
        if event.kind == .deleted { break }
      }
      return .success(kinds)
    } catch {
      return .failure(error as? RuntimeError ?? RuntimeError(.unknown, "\(error)"))
    }
  }
  let short = try await stage.run(stage.config("short", shell: "true"))
  _ = try await stage.hasExited(short.container)
  try await stage.runtime.removeContainer(short.container)
  switch await seen.value {
  case .success(let kinds): try expect("\(kinds)", kinds.contains(.started) && kinds.contains(.stopped))
  case .failure(let error):
    print("    \(error)")
    try expect("\(error)", error.code, .unimplemented)
  }
}
