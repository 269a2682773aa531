import Glibc
import NIOCore
import Raft
import RaftKV
import Synchronization

@testable import Peers

/// A socket without a transport, which a test speaks over byte by byte.
final class RawSocket {
  let descriptor: CInt

  init(_ descriptor: CInt) {
    self.descriptor = descriptor
    var time = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Connects to 127.0.0.1.
  convenience init(port: Int) throws {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var address = Self.loopback(port: port)
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    self.init(descriptor)
    if code != 0 { throw NoValue() }
  }

  deinit { Glibc.close(descriptor) }

  static func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    return address
  }

  @discardableResult func write(_ bytes: [UInt8]) -> Bool {
    Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count
  }

  @discardableResult func write(_ make: (inout ByteBuffer) -> Void) -> Bool {
    var buffer = ByteBuffer()
    make(&buffer)
    return write(Array(buffer.readableBytesView))
  }

  /// What is there next; empty at the end of the connection.
  func read(atMost count: Int = 65_536) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = max(0, Glibc.recv(descriptor, buffer.baseAddress, count, 0))
    }
  }

  func readHello() throws -> Hello {
    var buffer = ByteBuffer()
    while true {
      if let hello = try Hello.read(&buffer) { return hello }
      let bytes = read()
      if bytes.isEmpty { throw NoValue() }
      buffer.writeBytes(bytes)
    }
  }

  func readAnswer() throws -> HelloAnswer {
    var buffer = ByteBuffer()
    while true {
      if let answer = try HelloAnswer.read(&buffer) { return answer }
      // No more than the answer: what follows belongs to whoever reads next.
      let bytes = read(atMost: 32 - buffer.readableBytes)
      if bytes.isEmpty { throw NoValue() }
      buffer.writeBytes(bytes)
    }
  }

  /// Reads until the other side closes; whether it does.
  func isClosedByPeer() -> Bool {
    while true {
      var byte: UInt8 = 0
      let count = Glibc.recv(descriptor, &byte, 1, 0)
      if count == 0 { return true }
      if count < 0 { return errno == ECONNRESET }
    }
  }
}

/// A listening socket whose connections a test handles.
final class RawListener: Sendable {
  private let descriptor: CInt
  let port: Int

  init() throws {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var address = RawSocket.loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listening = descriptor
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(listening, pointer, length) | listen(listening, 16) | getsockname(listening, pointer, &length)
      }
    }
    port = Int(in_port_t(bigEndian: address.sin_port))
    if code != 0 { throw NoValue() }
  }

  deinit { Glibc.close(descriptor) }

  /// The next connection, within a minute.
  func accept() throws -> RawSocket {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, 60_000) == 1 else { throw NoValue() }
    return RawSocket(Glibc.accept(descriptor, nil, nil))
  }

  /// Accepts connections until there is one of each of these roles, and answers their greetings.
  func accept(_ roles: Set<ConnectionRole>, as member: MemberID, clusterID: UInt64 = 77) throws
    -> [ConnectionRole: RawSocket]
  {
    var sockets: [ConnectionRole: RawSocket] = [:]
    while !roles.isSubset(of: sockets.keys) {
      let socket = try accept()
      let hello = try socket.readHello()
      socket.write { HelloAnswer(refusal: nil, clusterID: clusterID, member: member).encode(into: &$0) }
      sockets[hello.role] = socket
    }
    return sockets
  }
}
