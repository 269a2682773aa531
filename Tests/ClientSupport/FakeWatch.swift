public import Exchange
import Synchronization

/// A stream of chunks that a test sends.
public final class FakeWatch: BodyStream {
  private struct State {
    var chunks: [[UInt8]] = []
    var hasEnded = false
    var reader: CheckedContinuation<[UInt8]?, Never>?
  }

  private let state = Mutex(State())
  private let onCancel: @Sendable () -> Void

  /// A stream; says when its reader is gone.
  public init(onCancel: @escaping @Sendable () -> Void = {}) { self.onCancel = onCancel }

  /// Sends a chunk.
  public func send(_ chunk: [UInt8]) {
    let reader = state.withLock { state in
      guard !state.hasEnded else { return nil as CheckedContinuation<[UInt8]?, Never>? }
      guard let reader = state.reader.take() else {
        state.chunks.append(chunk)
        return nil
      }
      return reader
    }
    reader?.resume(returning: chunk)
  }

  /// Ends the stream, behind what has been sent.
  public func finish() {
    let reader = state.withLock { state in
      state.hasEnded = true
      return state.reader.take()
    }
    reader?.resume(returning: nil)
  }

  /// The next chunk.
  public func next() async -> [UInt8]? {
    await withCheckedContinuation { continuation in
      let answer: [UInt8]?? = state.withLock { state in
        if !state.chunks.isEmpty { return state.chunks.removeFirst() }
        if state.hasEnded { return .some(nil) }
        state.reader = continuation
        return nil
      }
      if let answer { continuation.resume(returning: answer) }
    }
  }

  /// The reader has enough.
  public func cancel() {
    finish()
    onCancel()
  }
}
