import GRPC
import HTTP
import MVCC
import NIOCore
import RaftKV

/// One Watch call: requests go to the member's hub, notices come back and leave as responses. The client ending its
/// side changes nothing; its watches go on until the call ends (as in etcd).
///
/// Safe: because everything mutable is used on the call's event loop only.
final class WatchCall<Node: ServedNode>: WatchSink, @unchecked Sendable {
  private let exchange: Exchange
  private let context: CallContext<Node>
  private let writeBytes: Int
  private let fragmentBytes: Int
  private let outlet: LoopOutlet
  private var stream: WatchStream?
  /// Bytes that were sent while the client did not read.
  private var unreleased = 0
  private var holds = Holds()
  private var leaderWatch: LeaderMonitor<Node>.ID?

  /// Why requests are not taken from the client at the moment.
  private struct Holds {
    var hubIsBusy = false
    var clientDoesNotRead = false
    var isAny: Bool { hubIsBusy || clientDoesNotRead }
  }

  init(
    _ exchange: Exchange, _ context: CallContext<Node>, _ limits: EtcdLimits, on outlet: LoopOutlet
  ) {
    self.outlet = outlet
    self.exchange = exchange
    self.context = context
    writeBytes = limits.watchWriteBytes
    // etcd's own allowance for what surrounds a request.
    fragmentBytes = limits.requestBytes + (512 << 10)
  }

  func begin() {
    let call = exchange.call
    stream = context.node.watches.open(self, on: outlet)
    call.onMessage = { [self] message in
      message.withUnsafeReadableBytes { take($0) }
    }
    call.onWritable = { [self] in clientReads() }
    call.onCancel = { [self] in
      exchange.metrics.handled(.cancelled)
      end()
    }
    leaderWatch = context.watchLeader(call) { [weak self] in
      guard let self else { return }
      self.exchange.onLoop { self.fail(.noLeader) }
    }
  }

  private func fail(_ error: EtcdError) {
    if stream == nil { return }
    end()
    exchange.fail(error)
  }

  // MARK: requests

  private func take(_ bytes: UnsafeRawBufferPointer) {
    guard let stream else { return }
    let isWelcome: Bool
    do throws(WireError) {
      isWelcome =
        switch try WatchRequestView(bytes) {
        case .create(let request): stream.create(request)
        case .cancel(let id): stream.cancel(id)
        case .progress: stream.requestProgress()
        case .none: true
        }
    } catch {
      return fail(.malformed(error))
    }
    if !isWelcome { hold { $0.hubIsBusy = true } }
  }

  private func hold(_ change: (inout Holds) -> Void) {
    let wasAny = holds.isAny
    change(&holds)
    if holds.isAny == wasAny { return }
    if wasAny { exchange.call.resume() } else { exchange.call.pause() }
  }

  private func clientReads() {
    guard exchange.call.isWritable, let stream else { return }
    let bytes = unreleased
    unreleased = 0
    stream.release(bytes)
    hold { $0.clientDoesNotRead = false }
  }

  private func end() {
    guard let stream else { return }
    self.stream = nil
    stream.close()
    context.forget(leaderWatch)
    let call = exchange.call
    call.onMessage = nil
    call.onWritable = nil
    call.onCancel = nil
  }

  // MARK: responses

  func receive(_ parcel: WatchParcel, _ items: Range<Int>) {
    defer { countSent(parcel, items) }
    guard stream != nil else { return }
    unreleased += parcel.items[items].reduce(0) { $0 + $1.bytes }
    let first = parcel.items[items.lowerBound].notice
    if items.count == 1, case .events(let events) = first, !events.mayFragment {
      exchange.call.sendFramed(sharedResponse(events, of: parcel))
    } else {
      send(parcel, items)
    }
    if exchange.call.isWritable {
      clientReads()
    } else {
      hold { $0.clientDoesNotRead = true }
    }
  }

  private func sharedResponse(_ events: WatchEvents, of parcel: WatchParcel) -> ByteBuffer {
    if let shared = outlet.shared, shared.events == events { return shared.response }
    var response = ByteBuffer()
    write(events, of: parcel, context.header(revision: events.revision), to: &response)
    outlet.shared = (events, response)
    return response
  }

  private func send(_ parcel: WatchParcel, _ items: Range<Int>) {
    let header = context.header(revision: 0)
    var buffer = ByteBuffer()
    for place in items {
      write(parcel.items[place].notice, of: parcel, header, to: &buffer)
      if buffer.readableBytes >= writeBytes {
        exchange.call.sendFramed(buffer)
        buffer = ByteBuffer()
      }
    }
    if buffer.readableBytes > 0 { exchange.call.sendFramed(buffer) }
  }

  private func countSent(_ parcel: WatchParcel, _ items: Range<Int>) {
    var count = 0
    for place in items {
      if case .events(let events) = parcel.items[place].notice { count += events.selection.count }
    }
    if count > 0 { context.node.watches.metrics.eventsSent(count) }
  }

  private func write(
    _ notice: WatchNotice, of parcel: WatchParcel, _ header: ResponseHeader, to buffer: inout ByteBuffer
  ) {
    switch notice {
    case .created(let watch, let revision):
      var response = WatchResponse(header: header.at(revision), watch: watch)
      response.created = true
      response.write(to: &buffer)
    case .refused(let refusal, let revision):
      var response = WatchResponse(header: header.at(revision), watch: WatchResponse.noWatch)
      response.created = true
      response.canceled = true
      response.cancelReason = refusal.reason
      response.write(to: &buffer)
    case .cancelled(let watch, let revision):
      var response = WatchResponse(header: header.at(revision), watch: watch)
      response.canceled = true
      response.write(to: &buffer)
    case .compacted(let watch, let compactRevision):
      var response = WatchResponse(header: header, watch: watch)
      response.canceled = true
      response.compactRevision = compactRevision
      response.write(to: &buffer)
    case .failed(let watch, let error, let revision):
      var response = WatchResponse(header: header.at(revision), watch: watch)
      response.canceled = true
      response.cancelReason = EtcdError(error).message
      response.write(to: &buffer)
    case .progress(let watch, let revision):
      let response = WatchResponse(header: header.at(revision), watch: watch ?? WatchResponse.noWatch)
      response.write(to: &buffer)
    case .events(let events):
      write(events, of: parcel, header.at(events.revision), to: &buffer)
    case .resume:
      hold { $0.hubIsBusy = false }
    }
  }

  private func write(
    _ events: WatchEvents, of parcel: WatchParcel, _ header: ResponseHeader, to buffer: inout ByteBuffer
  ) {
    var response = WatchResponse(header: header, watch: events.watch)
    let batch = parcel.batches[events.batch]
    var rest = parcel.selection[events.selection]
    if events.mayFragment {
      while true {
        let count = response.count(
          of: rest, in: batch, withPrevious: events.wantsPrevious, fitting: fragmentBytes)
        if count == rest.count { break }
        response.fragment = true
        response.write(rest.prefix(count), of: batch, withPrevious: events.wantsPrevious, to: &buffer)
        rest = rest.dropFirst(count)
      }
      response.fragment = false
    }
    response.write(rest, of: batch, withPrevious: events.wantsPrevious, to: &buffer)
  }
}
