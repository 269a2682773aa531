/// How much a connection lets wait: to be sent, and of requests that are not whole.
extension HTTP2Connection {
  func sent(_ count: Int, by stream: HTTP2Stream) {
    if isCongested { wasCongested = true }
    pendingSendBytes -= count
    if stream.awaitsWritable && stream.pendingSendBytes <= limits.streamSendBytes / 2
      && !stream.isInWritableList
    {
      stream.isInWritableList = true
      writableStreams.append(stream)
    }
    if wasCongested && pendingSendBytes <= limits.connectionSendBytes / 2 { setNeedsFlush() }
  }

  func wait(_ stream: HTTP2Stream) {
    // Those that a peer opens and resets while it waits do not pile up.
    if waitingStreams.count > 2 * openStreams + 64 { waitingStreams.removeAll { $0.connection == nil } }
    waitingStreams.append(stream)
  }

  /// Tells streams that they may write again; true when some were told.
  func tellWritable() -> Bool {
    var told = false
    if wasCongested && pendingSendBytes <= limits.connectionSendBytes / 2 {
      wasCongested = false
      var next = firstStream
      while let stream = next {
        next = stream.nextInList
        if stream.awaitsWritable && !stream.isInWritableList
          && stream.pendingSendBytes < limits.streamSendBytes
        {
          stream.isInWritableList = true
          writableStreams.append(stream)
        }
      }
      let waiting = waitingStreams
      waitingStreams = []
      for (index, stream) in waiting.enumerated() {
        if isCongested {
          waitingStreams.append(contentsOf: waiting[index...])
          break
        }
        told = true
        stream.connectionDrained()
      }
    }
    guard !writableStreams.isEmpty, !isCongested else { return told }
    let streams = writableStreams
    writableStreams.removeAll(keepingCapacity: true)
    for stream in streams {
      stream.isInWritableList = false
      guard stream.awaitsWritable, stream.connection != nil, stream.isWritable else { continue }
      stream.awaitsWritable = false
      told = true
      stream.didBecomeWritable()
    }
    return told
  }

  /// Notes `count` more (or fewer) bytes of requests that are held; false when there are too many.
  public func addHeldBytes(_ count: Int) -> Bool {
    heldBytes += count
    return heldBytes <= limits.heldRequestBytes
  }
}
