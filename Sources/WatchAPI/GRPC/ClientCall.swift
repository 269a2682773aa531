public import HTTP
import NIOCore

/// What all calls of a client share: the deadline, and finding out how the call ended.
///
/// Safe: because it is confined to its connection's loop like every stream.
public class ClientStream: CallStream, @unchecked Sendable {
  private var httpStatus = 0
  private var grpcStatus: Int?
  private var grpcMessage = ""
  private var hasHeaders = false
  private var hasTrailers = false
  private var rawHeaders = RawFields()
  private var rawTrailers = RawFields()
  private var isFinished = false

  /// The server's headers, once they have arrived.
  public final var headers: Metadata { rawHeaders.metadata }
  /// The server's trailers, once they have arrived.
  public final var trailers: Metadata {
    // An answer of headers alone is one of trailers alone (gRPC over HTTP/2: Trailers-Only).
    hasTrailers ? rawTrailers.metadata : grpcStatus != nil ? rawHeaders.metadata : Metadata()
  }

  /// The call is over; exactly once, last.
  func finished(_ status: GRPCStatus) {}

  public final override func receiveHeader(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
  ) {
    switch name.count {
    case 7 where name.equals(":status"):
      httpStatus = Int(String(decoding: value, as: UTF8.self)) ?? 0
    case 11 where name.equals("grpc-status"):
      grpcStatus = Int(String(decoding: value, as: UTF8.self)) ?? GRPCStatus.Code.unknown.rawValue
    case 12 where name.equals("grpc-message"):
      grpcMessage = StatusMessage.decode(value)
    case 12 where name.equals("content-type"): break
    default:
      if hasHeaders { rawTrailers.append(name, value) } else { rawHeaders.append(name, value) }
    }
  }

  public final override func receiveHeadersComplete() {
    // Informational answers come before the real one (RFC 9110, 15.2).
    if httpStatus >= 100 && httpStatus < 200 { return }
    if hasHeaders { hasTrailers = true } else { hasHeaders = true }
  }

  override func deliverEnd() {
    // A server that has ended while this side has not wants no more of the request.
    if !hasEndedSending { reset(HTTP2Error.cancel) }
    finish(receivedStatus)
  }

  /// What the server said, or what follows from what it did not say (gRPC over HTTP/2: HTTP to gRPC status code mapping).
  private var receivedStatus: GRPCStatus {
    if let grpcStatus {
      guard let code = GRPCStatus.Code(rawValue: grpcStatus) else { return GRPCStatus(.unknown, grpcMessage) }
      return GRPCStatus(code, grpcMessage)
    }
    let text = "unexpected HTTP status code received from server: \(httpStatus)"
    switch httpStatus {
    case 200: return GRPCStatus(.internalError, "server closed the stream without sending trailers")
    case 400: return GRPCStatus(.internalError, text)
    case 401: return GRPCStatus(.unauthenticated, text)
    case 403: return GRPCStatus(.permissionDenied, text)
    case 404: return GRPCStatus(.unimplemented, text)
    case 429, 502, 503, 504: return GRPCStatus(.unavailable, text)
    default: return GRPCStatus(.unknown, text)
    }
  }

  override func fail(_ status: GRPCStatus) {
    reset(HTTP2Error.cancel)
    finish(status)
  }

  public final override func deadlineReached() {
    fail(GRPCStatus(.deadlineExceeded, "context deadline exceeded"))
  }

  /// Gives the call up. It finishes as cancelled, before this returns, unless it has finished already.
  public final func cancel() {
    fail(GRPCStatus(.cancelled, "context canceled"))
  }

  public final override func didClose(_ reason: StreamClosure) {
    if case .ended = reason, isHoldingEnd {
      // Messages wait for `resume`, which will finish the call.
      giveBack()
      return
    }
    switch reason {
    case .ended:
      finish(receivedStatus)
    case .connectionLost:
      finish(GRPCStatus(.unavailable, "connection lost"))
    case .reset(let code):
      if grpcStatus != nil {
        finish(receivedStatus)
      } else {
        let kind: GRPCStatus.Code =
          switch code {
          case HTTP2Error.refusedStream: .unavailable
          case HTTP2Error.cancel: .cancelled
          case HTTP2Error.enhanceYourCalm: .resourceExhausted
          case HTTP2Error.inadequateSecurity: .permissionDenied
          default: .internalError
          }
        finish(GRPCStatus(kind, "stream terminated by RST_STREAM with error code: \(code)"))
      }
    }
    super.didClose(reason)
  }

  final func finish(_ status: GRPCStatus) {
    guard !isFinished else { return }
    isFinished = true
    isOver = true
    clearDeadline()
    finished(status)
    onMessage = nil
    onBytes = nil
    onWritable = nil
  }
}

/// A unary call under way.
///
/// Safe: because it is confined to its connection's loop like every stream.
public final class UnaryCall: ClientStream, @unchecked Sendable {
  private var answer: ByteBuffer?
  private var completion: ((Result<ByteBuffer, GRPCStatus>) -> Void)?

  init(messageLimit: Int, completion: @escaping (Result<ByteBuffer, GRPCStatus>) -> Void) {
    self.completion = completion
    super.init(messageLimit: messageLimit)
  }

  override func deliver(_ message: ByteBuffer) {
    if answer == nil {
      answer = message
    } else {
      fail(
        GRPCStatus(
          .internalError, "cardinality violation: received multiple response messages for a unary call"))
    }
  }

  override func finished(_ status: GRPCStatus) {
    guard let completion else { return }
    self.completion = nil
    if status.code != .ok {
      completion(.failure(status))
    } else if let answer {
      completion(.success(answer))
    } else {
      completion(
        .failure(
          GRPCStatus(.internalError, "cardinality violation: received no response message for a unary call")))
    }
  }
}

/// The client's side of one streaming call. Belongs to its connection's event loop.
///
/// Safe: because it is confined to its connection's loop like every stream.
public final class ClientCall: ClientStream, @unchecked Sendable {
  /// How the call ended, with the server's trailers. Exactly once, last.
  public var onFinish: ((GRPCStatus, Metadata) -> Void)?

  /// The client will send no more.
  public func halfClose() {
    endData()
  }

  override func finished(_ status: GRPCStatus) {
    let onFinish = onFinish
    self.onFinish = nil
    onFinish?(status, trailers)
  }
}
