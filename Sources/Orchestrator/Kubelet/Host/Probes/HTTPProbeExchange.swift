import NIOCore
import NIOHTTP1

/// What a server has answered to a probe.
struct ProbeAnswer: Sendable {
  var status: Int
  var location: String?
  var body: String
}

/// Failures that are told in words of their own.
enum ProbeFailure: Error {
  /// No connection came about.
  case dial(any Error)
  /// The connection ended before the answer did.
  case ended
  /// Time ran out.
  case timeout
  /// Whoever asked no longer wants to know.
  case cancelled
}

/// One request on a connection of its own, which is closed once enough of the answer is there.
///
/// Safe: because it is used on its channel's event loop only.
final class HTTPProbeExchange: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private enum State {
    case waiting
    case reading(ProbeAnswer, [UInt8])
    case done
  }

  private let head: HTTPRequestHead
  private let bodyLimit: Int
  private let answer: EventLoopPromise<ProbeAnswer>
  private var state = State.waiting

  init(_ head: HTTPRequestHead, bodyLimit: Int, answer: EventLoopPromise<ProbeAnswer>) {
    self.head = head
    self.bodyLimit = bodyLimit
    self.answer = answer
  }

  func channelActive(context: ChannelHandlerContext) {
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch (unwrapInboundIn(data), state) {
    case (.head(let head), .waiting):
      state = .reading(
        ProbeAnswer(
          status: Int(head.status.code), location: head.headers.first(name: "location"), body: ""), [])
    case (.body(let bytes), .reading(let answer, let known)):
      let all = known + bytes.readableBytesView.prefix(bodyLimit - known.count)
      if all.count < bodyLimit {
        state = .reading(answer, all)
      } else {
        finish(answer, all, context)
      }
    case (.end, .reading(let answer, let known)): finish(answer, known, context)
    default: break
    }
  }

  private func finish(_ answer: ProbeAnswer, _ body: [UInt8], _ context: ChannelHandlerContext) {
    state = .done
    var answer = answer
    answer.body = String(decoding: body, as: UTF8.self)
    self.answer.succeed(answer)
    context.close(promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // The parser's word for an end that comes too soon.
    if case .invalidEOFState = error as? HTTPParserError {
      fail(ProbeFailure.ended)
    } else {
      fail(error)
    }
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(ProbeFailure.ended)
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { fail(ProbeFailure.ended) }

  private func fail(_ error: any Error) {
    if case .done = state { return }
    state = .done
    answer.fail(error)
  }
}
