internal import Client
internal import Exchange
internal import NIOCore
internal import NIOPosix
internal import Objects
internal import RemoteAPI
internal import Synchronization

/// Measures a control plane: what it takes to create pods and find nodes for them, to list them, and to do nothing.
public struct ControlPlaneRun: Sendable {
  /// Nodes, which are objects that say they are ready.
  public var nodes = 1000
  /// Pods, all created at once.
  public var pods = 10_000
  /// Requests that are under way at a time.
  public var clients = 16
  /// How often each list is read; the median counts.
  public var lists = 5
  /// How long nothing is asked, to see what is done then.
  public var idleSeconds = 10.0
  /// The path of `orchestrator`.
  public var program: String
  /// Where the temporary folder is made; nil for the system's place.
  public var directory: String?

  /// A run of the usual size.
  public init(program: String) { self.program = program }

  /// What was found.
  public struct Report: Sendable {
    /// Until the API server answered that it is ready.
    public var secondsToReady = 0.0
    /// Of one processor, while nothing was asked.
    public var idleShare = 0.0
    /// Memory then.
    public var idleAnonymousBytes = 0
    /// What was written to disks then.
    public var idleWrittenBytes = 0
    /// Pods that were created.
    public var pods = 0
    /// Until the last pod was created.
    public var secondsToCreate = 0.0
    /// Until the last one had a node.
    public var secondsToSchedule = 0.0
    /// Of the server, for each pod, from its creation until the last one had a node.
    public var cpuSecondsPerPod = 0.0
    /// Memory after that.
    public var anonymousBytes = 0
    /// The median time of a list as JSON.
    public var secondsToList = 0.0
    /// Of that list.
    public var listBytes = 0
    /// The median time of a list as Table.
    public var secondsToTable = 0.0
    /// Of that list.
    public var tableBytes = 0

    /// For people.
    public var text: String {
      func megabytes(_ bytes: Int) -> String { Decimals.fixed(Double(bytes) / 1e6, 1) + " MB" }
      return """
        ready after \(Decimals.fixed(secondsToReady, 2)) s
        idle: \(Decimals.fixed(idleShare * 100, 2)) % of a processor, \(megabytes(idleAnonymousBytes)) of anonymous memory, \
        \(Decimals.grouped(idleWrittenBytes)) bytes written
        \(Decimals.grouped(pods)) pods: created in \(Decimals.fixed(secondsToCreate, 1)) s, \
        scheduled in \(Decimals.fixed(secondsToSchedule, 1)) s, \
        \(Decimals.fixed(cpuSecondsPerPod * 1e3, 2)) ms of processor time each
        anonymous memory then: \(megabytes(anonymousBytes))
        list as JSON: \(Decimals.fixed(secondsToList, 3)) s, \(megabytes(listBytes))
        list as Table: \(Decimals.fixed(secondsToTable, 3)) s, \(megabytes(tableBytes))
        """
    }

    /// For programs.
    public var json: String {
      JSONWriter.object {
        $0.add("secondsToReady", secondsToReady)
        $0.add("idleShare", idleShare)
        $0.add("idleAnonymousBytes", idleAnonymousBytes)
        $0.add("idleWrittenBytes", idleWrittenBytes)
        $0.add("pods", pods)
        $0.add("secondsToCreate", secondsToCreate)
        $0.add("secondsToSchedule", secondsToSchedule)
        $0.add("cpuSecondsPerPod", cpuSecondsPerPod)
        $0.add("anonymousBytes", anonymousBytes)
        $0.add("secondsToList", secondsToList)
        $0.add("listBytes", listBytes)
        $0.add("secondsToTable", secondsToTable)
        $0.add("tableBytes", tableBytes)
      }
    }
  }

  /// A request was refused, or pods were not scheduled.
  public struct Failure: Error, CustomStringConvertible {
    /// What happened.
    public let description: String
  }

  private static let scheduleLimit = Duration.seconds(600)
  /// How long a server that has just started, or done much, is left alone: what it was about to write is written then.
  private static let settlingTime = Duration.seconds(12)

  /// Carries the run out. Throws `Benchmark.CannotStart` and `Failure`.
  public func run() async throws -> Report {
    guard nodes > 0, pods > 0, clients > 0, lists > 0 else {
      throw Benchmark.CannotStart(description: "--nodes, --pods, --clients and --lists must be above 0")
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let plane = try await ControlPlaneProcess.start(program: program, directory: directory, on: group)
    var report = Report()
    do {
      report = try await measure(plane)
    } catch {
      plane.stop()
      try? await group.shutdownGracefully()
      throw error
    }
    plane.stop()
    try? await group.shutdownGracefully()
    return report
  }

  private func measure(_ plane: ControlPlaneProcess) async throws -> Report {
    var report = Report()
    report.secondsToReady = plane.secondsToReady
    report.pods = pods
    try await Task.sleep(for: Self.settlingTime)
    let idle = try await used(by: plane) { try await Task.sleep(for: .seconds(idleSeconds)) }
    report.idleShare = idle.cpu / idleSeconds
    report.idleWrittenBytes = idle.written
    report.idleAnonymousBytes = plane.usage?.anonymousBytes ?? 0

    let known = try KnownResources()
    try await prepare(plane, known)
    var created = Duration.zero
    let start = ContinuousClock.now
    let work = try await used(by: plane) {
      try await inParallel(pods) { number in
        _ = try await plane.client.create(
          known.pods, namespace: "default", ControlPlaneObjects.pod(number))
      }
      created = ContinuousClock.now - start
      try await waitUntilScheduled(plane)
    }
    report.secondsToCreate = created / .seconds(1)
    report.secondsToSchedule = (ContinuousClock.now - start) / .seconds(1)
    report.cpuSecondsPerPod = work.cpu / Double(pods)
    report.anonymousBytes = plane.usage?.anonymousBytes ?? 0
    try await Task.sleep(for: Self.settlingTime)
    (report.secondsToList, report.listBytes) = try await list(plane, accept: "application/json")
    (report.secondsToTable, report.tableBytes) = try await list(
      plane, accept: "application/json;as=Table;v=v1;g=meta.k8s.io")
    return report
  }

  private struct KnownResources {
    let pods: Resource
    let nodes: Resource
    let accounts: Resource

    init() throws {
      func find(_ name: String) throws -> Resource {
        guard let resource = Resource.builtIn(group: "", version: "v1", resource: name) else {
          throw Failure(description: "there is no resource \(name)")
        }
        return resource
      }
      pods = try find("pods")
      nodes = try find("nodes")
      accounts = try find("serviceaccounts")
    }
  }

  /// Makes what pods need: there are no controllers that would.
  private func prepare(_ plane: ControlPlaneProcess, _ known: KnownResources) async throws {
    _ = try await plane.client.create(
      known.accounts, namespace: "default",
      ["apiVersion": "v1", "kind": "ServiceAccount", "metadata": ["name": "default"]])
    try await inParallel(nodes) { number in
      _ = try await plane.client.create(known.nodes, ControlPlaneObjects.node(number))
      // New nodes are tainted until a controller has seen them.
      _ = try await plane.client.patch(
        known.nodes, name: "node-\(number)", kind: .merge, ["spec": ["taints": .null]])
    }
    try await Task.sleep(for: .seconds(1))
  }

  private final class Numbers: Sendable {
    private let taken = Atomic(0)
    func next() -> Int { taken.wrappingAdd(1, ordering: .relaxed).oldValue }
  }

  /// Runs a body for each number, as many at a time as there are clients.
  private func inParallel(
    _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void
  ) async throws {
    let numbers = Numbers()
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for _ in 0..<clients {
        tasks.addTask {
          while true {
            let number = numbers.next()
            guard number < count else { return }
            try await body(number)
          }
        }
      }
      try await tasks.waitForAll()
    }
  }

  private func waitUntilScheduled(_ plane: ControlPlaneProcess) async throws {
    let end = ContinuousClock.now + Self.scheduleLimit
    while true {
      let (_, bytes) = try await read(
        plane, query: [("fieldSelector", "spec.nodeName="), ("limit", "1")],
        accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
      if try JSON.parse(bytes)["items"]?.array?.isEmpty == true { return }
      guard ContinuousClock.now < end else {
        throw Failure(description: "not all pods are scheduled after \(Self.scheduleLimit)")
      }
      try await Task.sleep(for: .milliseconds(250))
    }
  }

  private func list(_ plane: ControlPlaneProcess, accept: String) async throws -> (Double, Int) {
    var times: [Double] = []
    var count = 0
    for _ in 0..<lists {
      let start = ContinuousClock.now
      let bytes: [UInt8]
      (count, bytes) = try await read(plane, query: [], accept: accept, keeps: false)
      _ = bytes
      times.append((ContinuousClock.now - start) / .seconds(1))
    }
    return (times.sorted()[times.count / 2], count)
  }

  /// Reads the pods. Bytes that are not to be kept are counted.
  private func read(
    _ plane: ControlPlaneProcess, query: [(name: String, value: String)], accept: String, keeps: Bool = true
  ) async throws -> (count: Int, bytes: [UInt8]) {
    let answer = try await plane.transport.send(
      APIRequest(path: "/api/v1/pods", query: query, headers: [(name: "accept", value: accept)]))
    guard answer.status == 200 else { throw Failure(description: "a list is answered \(answer.status)") }
    var count = 0
    var bytes: [UInt8] = []
    switch answer.body {
    case .parts(let parts):
      for part in parts {
        count += part.count
        if keeps { bytes += part }
      }
    case .stream(let stream):
      while let part = try await stream.next() {
        count += part.count
        if keeps { bytes += part }
      }
    case .upgrade: throw Failure(description: "a list is answered with another protocol")
    }
    return (count, bytes)
  }

  private func used(
    by plane: ControlPlaneProcess, _ body: () async throws -> Void
  ) async throws -> (cpu: Double, written: Int) {
    guard let before = plane.usage else { throw Failure(description: "the control plane has ended") }
    try await body()
    guard let after = plane.usage else { throw Failure(description: "the control plane has ended") }
    let difference = UsageDifference(from: before, to: after)
    return (
      (difference.userSeconds ?? 0) + (difference.systemSeconds ?? 0), difference.writtenBytes ?? 0
    )
  }
}
