import CNghttp2
import NIOCore

/// What the HTTP/2 library reports while it reads or writes, by way of `HTTP2Callbacks`.
extension HTTP2Connection {
  /// False ends the connection.
  func didBeginFrame(_ header: nghttp2_frame_hd) -> Bool {
    let type = UInt32(header.type)
    if type == NGHTTP2_HEADERS.rawValue || type == NGHTTP2_CONTINUATION.rawValue {
      let total = (type == NGHTTP2_HEADERS.rawValue ? 0 : headerBlockBytes ?? 0) + 9 + header.length
      headerBlockBytes = UInt32(header.flags) & NGHTTP2_FLAG_END_HEADERS.rawValue == 0 ? total : nil
      if total > limits.headerListBytes + 1_024 {
        end(code: HTTP2Error.enhanceYourCalm, "header block too large")
        return false
      }
      return true
    }
    let isIdle =
      type == NGHTTP2_DATA.rawValue
      && header.length == 0 && UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue == 0
      || type == NGHTTP2_PRIORITY.rawValue || type == NGHTTP2_SETTINGS.rawValue

    if isIdle && !idleFrames.take(at: .now()) {
      end(code: HTTP2Error.enhanceYourCalm, "too many frames without content")
      return false
    }
    return true
  }

  func didBeginHeaders(_ frame: UnsafePointer<nghttp2_frame>) {
    headerListBytes = 0
    let category = frame.pointee.headers.cat
    let id = frame.pointee.hd.stream_id
    if role == .server && category == NGHTTP2_HCAT_REQUEST {
      let stream = delegate.makeStream(on: self)
      stream.id = id
      adopt(stream)
      nghttp2_session_set_stream_user_data(session, id, Unmanaged.passUnretained(stream).toOpaque())
      headerStream = stream
    } else {
      headerStream = stream(id)
    }
  }

  /// False when the block is longer than allowed.
  func didReceiveHeader(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
    headerListBytes += name.count + value.count + 32
    guard headerListBytes <= limits.headerListBytes else { return false }
    headerStream?.receiveHeader(name, value)
    return true
  }

  /// False ends the connection.
  func didReceiveFrame(_ frame: UnsafePointer<nghttp2_frame>) -> Bool {
    let header = frame.pointee.hd
    let endsStream = UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
    switch UInt32(header.type) {
    case NGHTTP2_HEADERS.rawValue:
      guard let stream = headerStream else { break }
      headerStream = nil
      stream.receiveHeadersComplete()
      if endsStream, let stream = self.stream(header.stream_id) { didReceiveEnd(stream) }
    case NGHTTP2_DATA.rawValue:
      if endsStream, let stream = stream(header.stream_id) { didReceiveEnd(stream) }
    case NGHTTP2_RST_STREAM.rawValue:
      if role == .server && !resets.take(at: .now()) {
        end(code: HTTP2Error.enhanceYourCalm, "too many stream resets")
        return false
      }
    case NGHTTP2_SETTINGS.rawValue:
      if !isReady && UInt32(header.flags) & NGHTTP2_FLAG_ACK.rawValue == 0 {
        isReady = true
        handshakeTimer?.cancel()
        handshakeTimer = nil
        delegate.connectionReady(self)
      }
    case NGHTTP2_PING.rawValue:
      if UInt32(header.flags) & NGHTTP2_FLAG_ACK.rawValue != 0 {
        if shutdownPingIsOut { sendFinalGoAway() }
      } else if pings?.receivedPing(at: .now()) == false {
        end(code: HTTP2Error.enhanceYourCalm, "too_many_pings")
        return false
      }
    case NGHTTP2_GOAWAY.rawValue:
      delegate.connectionGoingAway(self)
    default:
      break
    }
    return true
  }

  /// A frame that the library answers with a reset counts as one: provoking resets is as cheap as sending them.
  func didReceiveInvalidFrame() -> Bool {
    if role == .server && !resets.take(at: .now()) {
      end(code: HTTP2Error.enhanceYourCalm, "too many invalid frames")
      return false
    }
    return true
  }

  private func didReceiveEnd(_ stream: HTTP2Stream) {
    stream.receivedEnd = true
    stream.receiveEnd()
  }

  func didReceiveData(_ id: Int32, _ bytes: UnsafeRawBufferPointer) {
    guard let session else { return }
    if let stream = stream(id) {
      stream.receiveData(bytes)
    } else {
      submitted(nghttp2_session_consume_connection(session, bytes.count))
    }
  }

  func didSendFrame(_ frame: UnsafePointer<nghttp2_frame>) {
    let header = frame.pointee.hd
    let type = UInt32(header.type)
    guard type == NGHTTP2_HEADERS.rawValue || type == NGHTTP2_DATA.rawValue else { return }
    pings?.hasSentSinceLastPing = true
    // A server that has said everything has no use for the rest of the request (RFC 9113, 8.1).
    if role == .server, UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0,
      let stream = stream(header.stream_id), !stream.receivedEnd
    {
      stream.reset(HTTP2Error.noError)
    }
  }

  func didCloseStream(_ id: Int32, _ code: UInt32) {
    guard let stream = stream(id) else { return }
    nghttp2_session_set_stream_user_data(session, id, nil)
    if headerStream === stream { headerStream = nil }
    remove(stream)
    stream.didClose(code == HTTP2Error.noError ? .ended : .reset(code))
    stream.connection = nil
    if isShuttingDown { closeIfDrained() }
  }

  func stream(_ id: Int32) -> HTTP2Stream? {
    guard let data = nghttp2_session_get_stream_user_data(session, id) else { return nil }
    // Safe: because a stream's entry is cleared before the list releases it.
    return Unmanaged<HTTP2Stream>.fromOpaque(data).takeUnretainedValue()
  }
}
