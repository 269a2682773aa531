import Dispatch
import NIOCore
import Synchronization

/// One question for the cluster's document.
///
/// Safe: because only the connection's event loop touches the mutable state.
final class DocumentRequest: PeerConnectionDelegate, @unchecked Sendable {
  private let completion: @Sendable ([UInt8]?) -> Void
  private var isOver = false

  private init(completion: @escaping @Sendable ([UInt8]?) -> Void) { self.completion = completion }

  /// Asks whoever listens there; blocks until there is an answer, or none within the time.
  static func send(to url: PeerURL, by connector: Connector, milliseconds: Int) -> [UInt8]? {
    final class Answer: Sendable {
      let bytes = Mutex<[UInt8]?>(nil)
      let isThere = DispatchSemaphore(value: 0)
    }
    let answer = Answer()
    let loop = connector.loop(for: .document)
    let timeout = TimeAmount.milliseconds(Int64(max(1, milliseconds)))
    let request = DocumentRequest { bytes in
      answer.bytes.withLock { $0 = bytes }
      answer.isThere.signal()
    }
    let hello = Hello(role: .document, clusterID: 0, sender: 0, receiver: 0, urls: [])
    connector.connect(to: url, on: loop, hello: hello, timeout: timeout) { result in
      guard case .success(let connection) = result, !connection.isClosed, !request.isOver else {
        if case .success(let connection) = result { connection.close("no longer wanted") }
        return request.end(nil)
      }
      connection.delegate = request
    }
    loop.scheduleTask(in: timeout) { request.end(nil) }
    // The loop tells it in time, unless the transport stops.
    _ = answer.isThere.wait(timeout: .now() + .milliseconds(max(1, milliseconds) + 1000))
    return answer.bytes.withLock { $0 }
  }

  private func end(_ bytes: [UInt8]?) {
    guard !isOver else { return }
    isOver = true
    completion(bytes)
  }

  func connection(_ connection: PeerConnection, answeredBy answer: HelloAnswer) {
    if answer.refusal != nil || isOver { connection.close("refused") }
  }

  func connection(_ connection: PeerConnection, received frame: Frame) throws(WireError) {
    guard frame.kind == .document else { throw .unknown("an answer of kind", frame.kind.rawValue) }
    end(Array(frame.body.readableBytesView))
    connection.close("the document has come")
  }

  func connection(_ connection: PeerConnection, closed reason: String) { end(nil) }
}
