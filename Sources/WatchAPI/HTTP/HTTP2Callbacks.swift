import CNghttp2

/// The C side of a connection: the functions that libnghttp2 calls. Each finds its connection and passes on; none calls
/// the library's input or output functions, which would re-enter it.
enum HTTP2Callbacks {
  /// The table of callbacks, made once.
  ///
  /// Safe: because the library only reads it after `make`.
  private struct Table: @unchecked Sendable {
    let callbacks: OpaquePointer
    let serverOptions: OpaquePointer
    let clientOptions: OpaquePointer
  }
  private static let table = make()

  /// A session of `connection`, which must outlive it.
  static func makeSession(for connection: HTTP2Connection) -> OpaquePointer {
    var session: OpaquePointer?
    let user = Unmanaged.passUnretained(connection).toOpaque()
    let result =
      switch connection.role {
      case .server: nghttp2_session_server_new2(&session, table.callbacks, user, table.serverOptions)
      case .client: nghttp2_session_client_new2(&session, table.callbacks, user, table.clientOptions)
      }
    guard result == 0, let session else { fatalError("out of memory") }
    return session
  }

  @inline(__always)
  private static func connection(_ user: UnsafeMutableRawPointer?) -> HTTP2Connection {
    // Safe: because a connection frees its session before it goes.
    Unmanaged<HTTP2Connection>.fromOpaque(user!).takeUnretainedValue()
  }

  private static func make() -> Table {
    var made: OpaquePointer?
    var serverOptions: OpaquePointer?
    var clientOptions: OpaquePointer?
    guard nghttp2_session_callbacks_new(&made) == 0, nghttp2_option_new(&serverOptions) == 0,
      nghttp2_option_new(&clientOptions) == 0, let callbacks = made, let serverOptions, let clientOptions
    else { fatalError("out of memory") }
    for options in [serverOptions, clientOptions] {
      nghttp2_option_set_no_auto_window_update(options, 1)
      nghttp2_option_set_no_closed_streams(options, 1)
      // `HTTP2Connection` counts resets itself, with a limit that can be set and an error that says so.
      nghttp2_option_set_stream_reset_rate_limit(options, 1 << 40, 1 << 40)
    }

    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, user in
      HTTP2Callbacks.connection(user).didBeginFrame(header!.pointee)
        ? 0 : Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
      HTTP2Callbacks.connection(user).didBeginHeaders(frame!)
      return 0
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks) {
      _, _, name, nameLength, value, valueLength, _, user in
      let isAllowed = HTTP2Callbacks.connection(user).didReceiveHeader(
        UnsafeBufferPointer(start: name, count: nameLength),
        UnsafeBufferPointer(start: value, count: valueLength))
      return isAllowed ? 0 : Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
      HTTP2Callbacks.connection(user).didReceiveFrame(frame!)
        ? 0 : Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
    }
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) { _, _, _, user in
      HTTP2Callbacks.connection(user).didReceiveInvalidFrame()
        ? 0 : Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
    }
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, id, bytes, count, user in
      HTTP2Callbacks.connection(user).didReceiveData(id, UnsafeRawBufferPointer(start: bytes, count: count))
      return 0
    }
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, user in
      HTTP2Callbacks.connection(user).didSendFrame(frame!)
      return 0
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, code, user in
      HTTP2Callbacks.connection(user).didCloseStream(id, code)
      return 0
    }
    nghttp2_session_callbacks_set_send_data_callback(callbacks) { _, _, header, length, source, user in
      let connection = HTTP2Callbacks.connection(user)
      guard connection.hasRoom else { return Int32(NGHTTP2_ERR_WOULDBLOCK.rawValue) }
      // Safe: because the connection's list retains the stream as long as the library knows it.
      let stream = Unmanaged<HTTP2Stream>.fromOpaque(source!.pointee.ptr).takeUnretainedValue()
      // A reset has dropped what was offered.
      guard stream.pendingSendBytes >= length else {
        return Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
      }
      connection.writeData(header!, length, of: stream)
      return 0
    }
    return Table(callbacks: callbacks, serverOptions: serverOptions, clientOptions: clientOptions)
  }
}
