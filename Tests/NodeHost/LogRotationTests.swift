import ClientSupport
import ContainerRuntime
import Kubelet
import Synchronization
import Testing

@testable import NodeHost

@Suite struct LogFileNamesTests {
  @Test func `a full log is named by its date`() {
    #expect(LogFileNames.suffix(date: "2026-11-28T17:15:09Z") == "20261128-171509")
  }

  @Test(arguments: [
    (5, ["0.log.1"]), (6, []), (3, ["0.log.1", "0.log.2", "0.log.3"]),
    (2, ["0.log.1", "0.log.2", "0.log.3", "0.log.4"]),
  ])
  func `the oldest go, so that there are never too many`(limit: Int, gone: [String]) {
    let names = ["0.log", "0.log.3", "0.log.1", "0.log.2", "0.log.4", "10.log", "10.log.1", "x"]
    #expect(LogFileNames.excess(names, of: "0.log", limit: limit) == gone)
  }

  @Test func `logs of tries that the runtime has forgotten are left over`() {
    let names = ["0.log", "0.log.1", "1.log", "2.log", "3.log", "4.log", "a.log", "1.txt", "-1.log", ".log"]
    #expect(
      LogFileNames.leftovers(names, attempts: [2, 3], current: 3) == ["0.log", "0.log.1", "1.log"])
  }
}

@Suite struct LogRotationTests {
  private final class Runtime: Sendable {
    struct State {
      var containers: [Container] = []
      var paths: [String: String] = [:]
      var reopened: [String] = []
      var fails = false
    }
    let state = Mutex(State())
    let lines = Mutex<[String]>([])

    var interface: LogRotation.Runtime {
      LogRotation.Runtime(
        list: { () async throws(RuntimeError) in self.state.withLock { $0.containers } },
        path: { id async throws(RuntimeError) in self.state.withLock { $0.paths[id] ?? "" } },
        reopen: { id async throws(RuntimeError) in
          let fails = self.state.withLock { state in
            state.reopened.append(id)
            return state.fails
          }
          if fails { throw RuntimeError(.unknown, "not now") }
        })
    }

    func add(_ attempt: UInt32, path: String, state: ContainerState = .running) {
      self.state.withLock {
        let id = "c\(attempt)"
        $0.containers.append(
          Container(
            id: id, sandboxID: "s", metadata: ContainerMetadata(name: "app", attempt: attempt),
            image: ImageReference("i"), state: state, labels: ["io.kubernetes.pod.uid": "u"]))
        $0.paths[id] = path
      }
    }
  }

  private let folder: TemporaryFolder
  private let runtime = Runtime()
  private let time = VirtualTime()

  init() throws { folder = try TemporaryFolder() }

  private func rotation() -> LogRotation {
    var limits = LogLimits()
    limits.maximumBytes = 10
    limits.maximumFiles = 3
    return LogRotation(
      runtime.interface, limits: limits, files: SystemFiles(), time: time,
      log: { [runtime] line in runtime.lines.withLock { $0.append(line) } })
  }

  @Test func `a full log of a running container is rotated`() async throws {
    let rotation = rotation()
    var memory = LogRotation.Memory()
    runtime.add(0, path: folder.path + "/0.log")
    runtime.add(1, path: folder.path + "/ended.log", state: .exited)
    try folder.write("0.log", "small")
    try folder.write("ended.log", "large enough")
    await rotation.look(&memory)
    #expect(folder.names() == ["0.log", "ended.log"])
    for round in 1...3 {
      try folder.write("0.log", "round \(round) is full")
      await rotation.look(&memory)
      time.advance(by: .seconds(10))
    }
    #expect(folder.names() == ["0.log.20260101-000010", "0.log.20260101-000020", "ended.log"])
    #expect(folder.text("0.log.20260101-000020") == "round 3 is full")
    #expect(runtime.state.withLock { $0.reopened } == ["c0", "c0", "c0"])
    #expect(runtime.lines.withLock { $0 } == [])
  }

  @Test func `a log that the runtime does not leave keeps its name`() async throws {
    let rotation = rotation()
    var memory = LogRotation.Memory()
    let path = folder.path + "/0.log"
    runtime.add(0, path: path)
    runtime.state.withLock { $0.fails = true }
    try folder.write("0.log", "large enough")
    await rotation.look(&memory)
    await rotation.look(&memory)
    #expect(folder.names() == ["0.log"])
    #expect(runtime.lines.withLock { $0 } == ["the log \(path) cannot be rotated: not now"])
  }

  @Test func `a log that somebody has removed is opened anew`() async throws {
    var memory = LogRotation.Memory()
    runtime.add(0, path: folder.path + "/0.log")
    await rotation().look(&memory)
    #expect(runtime.state.withLock { $0.reopened } == ["c0"])
  }

  @Test func `logs of earlier tries go with their containers`() async throws {
    let rotation = rotation()
    var memory = LogRotation.Memory()
    for name in ["0.log", "0.log.20250101-000000", "1.log", "2.log"] { try folder.write(name, "") }
    runtime.add(1, path: folder.path + "/1.log", state: .exited)
    runtime.add(2, path: folder.path + "/2.log")
    await rotation.look(&memory)
    #expect(folder.names() == ["1.log", "2.log"])
  }

  @Test func `sizes are looked at every ten seconds`() async throws {
    runtime.add(0, path: folder.path + "/0.log")
    try folder.write("0.log", "large enough")
    let rotation = rotation()
    let task = Task { await rotation.run() }
    #expect(await eventually { time.sleeperCount == 1 })
    time.advance(by: .seconds(10))
    #expect(await eventually { time.sleeps == [.seconds(10), .seconds(10)] })
    #expect(folder.names() == ["0.log.20260101-000010"])
    task.cancel()
    await task.value
  }
}
