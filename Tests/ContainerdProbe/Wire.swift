import Glibc

/// A TCP connection that waits for its peer.
final class Wire {
  private let descriptor: Int32
  private var received: [UInt8] = []

  /// Nil if nobody listens there.
  init?(_ address: String, port: UInt16) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var peer = sockaddr_in()
    peer.sin_family = sa_family_t(AF_INET)
    peer.sin_port = port.bigEndian
    guard descriptor >= 0, inet_pton(AF_INET, address, &peer.sin_addr) == 1 else { return nil }
    let isConnected = withUnsafePointer(to: peer) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else { return nil }
    // A peer that says nothing must not hold a test for ever.
    var patience = timeval(tv_sec: 120, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  func write(_ bytes: [UInt8]) -> Bool {
    send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
  }

  /// All that came so far, once it has `text` in it or the peer has ended.
  func read(until text: String? = nil) -> String {
    var piece = [UInt8](repeating: 0, count: 4_096)
    while true {
      let all = String(decoding: received, as: UTF8.self)
      if let text, all.contains(text) { return all }
      let count = recv(descriptor, &piece, piece.count, 0)
      guard count > 0 else { return all }
      received += piece[..<count]
    }
  }
}

/// What an HTTP server of a pod answers to GET; nil while there is none.
func get(_ address: String, _ path: String) -> String? {
  guard let wire = Wire(address, port: 8080), wire.write(Array("GET \(path) HTTP/1.0\r\n\r\n".utf8)) else {
    return nil
  }
  return wire.read()
}

/// A WebSocket to a streaming address of the runtime; throws unless it switches protocols.
func webSocket(_ address: String) throws -> Wire {
  let rest = address.dropFirst("http://".count)
  let host = rest.prefix { $0 != "/" }
  let parts = host.split(separator: ":")
  guard parts.count == 2, let port = UInt16(parts[1]), let wire = Wire(String(parts[0]), port: port) else {
    throw Mismatch("nobody listens at \(address)")
  }
  let request =
    "GET \(rest.dropFirst(host.count)) HTTP/1.1\r\nHost: \(host)\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    + "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n"
  guard wire.write(Array(request.utf8)) else { throw Mismatch("\(address) does not listen") }
  let answer = wire.read(until: "\r\n\r\n")
  try expect("it switches protocols: \(answer)", answer.hasPrefix("HTTP/1.1 101 "))
  return wire
}

/// A short binary frame of a client's for one channel, masked with zeros (RFC 6455, 5.2).
func frame(channel: UInt8, _ text: String) -> [UInt8] {
  [0x82, 0x80 | UInt8(text.utf8.count + 1), 0, 0, 0, 0, channel] + Array(text.utf8)
}
