import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// Why a connection or a listener did not come about, in the system's own words where there are some: NIO's name a C
/// function and its arguments.
func describeFailure(_ error: any Error) -> String {
  switch error {
  case let error as IOError: return systemWords(error.errnoCode)
  case SocketAddressError.unknown(let host, _): return "the host \(host) is not known"
  case ChannelError.connectTimeout: return "no answer to the attempt to connect"
  case let error as NIOConnectionError:
    if let single = error.connectionErrors.first { return describeFailure(single.error) }
    return "the host \(error.host) is not known"
  case let error as WireError: return error.description
  case NIOSSLError.uncleanShutdown: return "the other side closed the connection"
  case NIOSSLError.handshakeFailed(let cause): return "no TLS connection came about: \(cause)"
  default: return "\(error)"
  }
}

/// What the system calls an error.
func systemWords(_ code: CInt) -> String {
  let text = String(cString: strerror(code))
  // "Address already in use" stands in the middle of a sentence.
  return text.prefix(1).lowercased() + text.dropFirst()
}
