import Exchange
import Objects
import Storage
import Synchronization

/// A list of any length, sent as it is read: while a page is under way the next one is written and the one after that is
/// read. No more than these are held.
final class ListStream: BodyStream {
  /// A page, and where to go on.
  private struct Page: Sendable {
    let objects: [StoredObject]
    let rest: ListReader?
  }

  private struct Step: Sendable {
    let bytes: [UInt8]
    /// Whether an object has been written, so that the next one needs a comma.
    let hasItems: Bool
    /// The page after this one; nil behind the last.
    let next: Task<Page, any Error>?
  }

  private struct State {
    var pending: Task<Step, any Error>?
    var isCancelled = false
  }

  private let writer: ListWriter
  private let state = Mutex(State())

  /// The list that `reader` has begun.
  init(_ reader: ListReader, _ writer: ListWriter) {
    self.writer = writer
    let head = writer.head(ListBody.metadata(revision: reader.revision))
    prepare(Self.read(reader), before: head, hasItems: false)
  }

  deinit { cancel() }

  /// The pages; nil at the end.
  /// - Throws: what keeps the list from being read on: what was sent must not pass for all of it.
  func next() async throws -> [UInt8]? {
    guard let pending = state.withLock({ $0.pending }) else { return nil }
    let step = try await pending.value
    if let next = step.next {
      prepare(next, before: [], hasItems: step.hasItems)
    } else {
      state.withLock { $0.pending = nil }
    }
    return step.bytes
  }

  func cancel() {
    state.withLock { state in
      state.isCancelled = true
      state.pending?.cancel()
      state.pending = nil
    }
  }

  private static func read(_ reader: ListReader) -> Task<Page, any Error> {
    Task {
      var reader = reader
      let objects = try await reader.next() ?? []
      return Page(objects: objects, rest: reader.isAtEnd ? nil : reader)
    }
  }

  private func prepare(_ page: Task<Page, any Error>, before head: [UInt8], hasItems: Bool) {
    state.withLock { state in
      guard !state.isCancelled else { return }
      state.pending = Task { [writer] in
        let page = try await page.value
        try Task.checkCancellation()
        let next = page.rest.map(Self.read)
        var bytes = head
        let items = await writer.page(page.objects)
        if hasItems, !items.isEmpty { bytes.append(UInt8(ascii: ",")) }
        bytes += items
        if next == nil { bytes += ListWriter.tail }
        return Step(bytes: bytes, hasItems: hasItems || !items.isEmpty, next: next)
      }
    }
  }
}
