import CNghttp2
import NIOCore

/// What a connection does when time passes: deadlines of streams, and pings.
extension HTTP2Connection {
  // MARK: deadlines

  /// One timer for all streams: it looks at every open stream, so it does so no more often than a share of the time that
  /// the look takes.
  func noteDeadline(_ deadline: NIODeadline) {
    if let nextDeadlineScan, nextDeadlineScan <= deadline { return }
    deadlineTimer?.cancel()
    nextDeadlineScan = deadline
    deadlineTimer = eventLoop.scheduleTask(deadline: deadline) {
      self.scanDeadlines()
    }
  }

  private func scanDeadlines() {
    nextDeadlineScan = nil
    let now = NIODeadline.now()
    var earliest: NIODeadline?
    var expired: [HTTP2Stream] = []
    var next = firstStream
    while let stream = next {
      next = stream.nextInList
      guard let deadline = stream.deadline else { continue }
      if deadline <= now {
        stream.clearDeadline()
        expired.append(stream)
      } else if earliest.map({ deadline < $0 }) ?? true {
        earliest = deadline
      }
    }
    for stream in expired where stream.connection != nil { stream.deadlineReached() }
    if let earliest {
      noteDeadline(max(earliest, now + .milliseconds(1) + .microseconds(Int64(openStreams))))
    }
  }

  // MARK: keep-alive

  func scheduleKeepAlive() {
    guard let interval = limits.keepAliveInterval else { return }
    hasReceivedSinceTick = false
    keepAliveTimer = eventLoop.scheduleTask(in: interval) { self.keepAliveTick() }
  }

  private func keepAliveTick() {
    guard let session, !isEnding else { return }
    guard !hasReceivedSinceTick else {
      scheduleKeepAlive()
      return
    }
    submitted(nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil))
    keepAliveTimer = eventLoop.scheduleTask(in: limits.keepAliveTimeout) {
      if self.hasReceivedSinceTick {
        self.scheduleKeepAlive()
      } else {
        self.closeNow("keep-alive ping was not answered")
      }
    }
  }
}
