public import ContainerRuntime

/// How the kubelet reaches the ports of pods. All calls throw a text for people.
public protocol ProbeTransport: Sendable {
  /// Sends a request, follows no redirect to another host, and gives the status and the start of the body.
  func http(
    _ probe: HTTPProbe, host: String, timeout: Duration
  ) async throws(ProbeTransportError) -> (status: Int, body: String)
  /// Opens a connection and closes it.
  func connect(host: String, port: Int, timeout: Duration) async throws(ProbeTransportError)
  /// Asks the gRPC health service (`grpc.health.v1.Health/Check`); true if it says `SERVING`.
  func grpcHealth(
    host: String, port: Int, service: String, timeout: Duration
  ) async throws(ProbeTransportError) -> Bool
}

/// Why a pod could not be reached.
public struct ProbeTransportError: Error, Sendable, Hashable {
  /// A sentence for people.
  public var message: String

  /// An error.
  public init(_ message: String) { self.message = message }
}

/// Tries probes.
public struct ProbeRunner: Sendable {
  /// At most so much of what a command or server says is kept.
  public static let outputLimit = 10 * 1024
  private let runtime: any ContainerRuntime
  private let transport: any ProbeTransport

  /// A runner.
  public init(runtime: any ContainerRuntime, transport: any ProbeTransport) {
    self.runtime = runtime
    self.transport = transport
  }

  /// Tries a probe once.
  public func run(_ spec: ProbeSpec, container: String, address: String) async -> ProbeOutcome {
    switch spec.action {
    case .exec(let command): return await exec(command, in: container, timeout: spec.timeout)
    case .http(let probe): return await http(probe, address: address, timeout: spec.timeout)
    case .tcp(let host, let port):
      do throws(ProbeTransportError) {
        try await transport.connect(
          host: host.isEmpty ? address : host, port: port, timeout: spec.timeout)
        return ProbeOutcome(.success)
      } catch {
        return ProbeOutcome(.failure, error.message)
      }
    case .grpc(let port, let service):
      do throws(ProbeTransportError) {
        let serves = try await transport.grpcHealth(
          host: address, port: port, service: service, timeout: spec.timeout)
        return serves
          ? ProbeOutcome(.success)
          : ProbeOutcome(.failure, "service unhealthy (responded with \"NOT_SERVING\")")
      } catch {
        return ProbeOutcome(.failure, error.message)
      }
    }
  }

  private func exec(_ command: [String], in container: String, timeout: Duration) async -> ProbeOutcome {
    do throws(RuntimeError) {
      let result = try await runtime.execSync(container, command: command, timeout: timeout)
      let bytes = (result.standardOutput + result.standardError).prefix(Self.outputLimit)
      let output = String(decoding: bytes, as: UTF8.self)
      return ProbeOutcome(result.exitCode == 0 ? .success : .failure, output)
    } catch {
      if error.code == .deadlineExceeded {
        return ProbeOutcome(.failure, "command timed out: \(error.message)")
      }
      return ProbeOutcome(.unknown, error.message)
    }
  }

  private func http(_ probe: HTTPProbe, address: String, timeout: Duration) async -> ProbeOutcome {
    do throws(ProbeTransportError) {
      let host = probe.host.isEmpty ? address : probe.host
      let (status, body) = try await transport.http(probe, host: host, timeout: timeout)
      if (200..<400).contains(status) { return ProbeOutcome(.success, body) }
      return ProbeOutcome(.failure, "HTTP probe failed with statuscode: \(status)")
    } catch {
      return ProbeOutcome(.failure, error.message)
    }
  }
}
