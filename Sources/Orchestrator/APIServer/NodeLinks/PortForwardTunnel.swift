import Exchange
import HTTP
import NIOCore

/// `kubectl port-forward` of today speaks SPDY, as ever, within the messages of a WebSocket, so that what stands
/// between it and the API server sees a WebSocket. The kubelet gets the SPDY connection that is in it.
enum PortForwardTunnel {
  /// The protocol that such a WebSocket names (Kubernetes: KEP 4006).
  static let name = "SPDY/3.1+portforward.k8s.io"
  /// What the kubelet is asked for.
  static let streamProtocol = "portforward.k8s.io"
  /// Bytes of one message of a client, at most.
  static let messageBytes = 1 << 20

  /// Carries bytes until either side ends.
  static func run(_ client: any DuplexStream, _ kubelet: any ByteDuplex) async {
    let socket = WebSocket(DuplexBytes(client), .server, messageBytes: messageBytes)
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          while let message = try await socket.receive() {
            switch message {
            case .binary(let bytes), .text(let bytes): try await kubelet.write(bytes)
            }
          }
        } catch {
          // The client has been told, or is gone.
        }
      }
      group.addTask {
        do { while let bytes = try await kubelet.read() { try await socket.send(bytes) } } catch {}
      }
      await group.next()
      await socket.close()
      kubelet.close()
    }
  }
}

/// A stream of the API as one of HTTP.
struct DuplexBytes: ByteDuplex {
  private let stream: any DuplexStream

  init(_ stream: any DuplexStream) { self.stream = stream }

  func read() async throws -> ByteBuffer? { try await stream.read().map { ByteBuffer(bytes: $0) } }
  func write(_ bytes: ByteBuffer) async throws { try await stream.write(Array(bytes.readableBytesView)) }
  func finish() { stream.finish() }
  func close() { stream.close() }
}
