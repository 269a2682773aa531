internal import Client
internal import Exchange
internal import Foundation
internal import NIOPosix
internal import Objects
internal import RemoteAPI

/// A control plane of its own for a measurement: store, API server and scheduler in one process, in a temporary folder.
final class ControlPlaneProcess: Sendable {
  private static let startLimit = Duration.seconds(60)

  let client: APIClient
  let transport: RemoteTransport
  /// From the start of the process to its first answer that it is ready.
  let secondsToReady: Double
  private let process: Process
  private let folder: URL

  /// Starts one.
  /// - Parameters:
  ///   - program: the path of `orchestrator`.
  ///   - directory: where its folder is made; nil for the system's place.
  /// Throws `Benchmark.CannotStart`.
  static func start(
    program: String, directory: String?, on group: MultiThreadedEventLoopGroup
  ) async throws -> ControlPlaneProcess {
    let parent = directory.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
    let folder = parent.appendingPathComponent("raftkv-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let log = folder.appendingPathComponent("log")
    try Data().write(to: log)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = [
      "server", "--data-dir=\(folder.path)/data", "--secure-port=\(try freePort())",
      "--components=api,scheduler", "--store-listen-client-urls=none",
      "--store-listen-peer-urls=http://127.0.0.1:0",
    ]
    let output = try FileHandle(forWritingTo: log)
    process.standardOutput = output
    process.standardError = output
    let start = ContinuousClock.now
    do {
      try process.run()
    } catch {
      throw Benchmark.CannotStart(
        description: "\(program) cannot be started: \(error.localizedDescription) (--program)")
    }
    do {
      let transport = try await ready(process, folder: folder, since: start, on: group)
      return ControlPlaneProcess(
        transport: transport, secondsToReady: (ContinuousClock.now - start) / .seconds(1), process: process,
        folder: folder)
    } catch {
      process.terminate()
      process.waitUntilExit()
      let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
      try? FileManager.default.removeItem(at: folder)
      throw Benchmark.CannotStart(
        description: "the control plane does not start: \(error)\n\(text.suffix(2000))")
    }
  }

  private struct NotReady: Error, CustomStringConvertible {
    let description: String
  }

  private static func ready(
    _ process: Process, folder: URL, since start: ContinuousClock.Instant,
    on group: MultiThreadedEventLoopGroup
  ) async throws -> RemoteTransport {
    let kubeconfig = folder.appendingPathComponent("data/admin.kubeconfig").path
    var transport: RemoteTransport?
    while true {
      guard process.isRunning else { throw NotReady(description: "it has ended") }
      guard ContinuousClock.now - start < startLimit else {
        throw NotReady(description: "it is not ready after \(startLimit)")
      }
      if transport == nil, FileManager.default.fileExists(atPath: kubeconfig) {
        transport = try? RemoteTransport(Kubeconfig(path: kubeconfig), on: group)
      }
      if let transport, let answer = try? await transport.send(APIRequest(path: "/readyz")),
        answer.status == 200
      {
        return transport
      }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  private init(transport: RemoteTransport, secondsToReady: Double, process: Process, folder: URL) {
    self.transport = transport
    self.secondsToReady = secondsToReady
    self.process = process
    self.folder = folder
    client = APIClient(transport: transport, userAgent: "bench")
  }

  var usage: ProcessUsage? { ProcessUsage.read(process: process.processIdentifier) }

  /// Ends the process and removes its folder.
  func stop() {
    process.terminate()
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  private static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    guard isBound else { throw Benchmark.CannotStart(description: "there is no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}
