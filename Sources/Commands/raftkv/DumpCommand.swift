import ArgumentParser
import Commands
import MVCC

/// `raftkv dump`: what a start would recover from a data folder, as JSON lines.
struct DumpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Print every live key of a data folder, one JSON object a line, and a summary.",
    discussion: "The folder is opened as a start would open it, so no server may be using it.")

  @Option(name: .customLong("data-dir"), help: "The data folder.")
  var dataDirectory: String

  @Option(name: .customLong("wal-dir"), help: "The log's folder, when it is not inside the data folder.")
  var walDirectory: String?

  func run() throws {
    do {
      try withRecoveredStore(dataDirectory: dataDirectory, walDirectory: walDirectory) { store in
        try dump(store)
      }
    } catch let error as ConfigurationError {
      throw report(error)
    } catch {
      throw report(ConfigurationError(.value, "\(dataDirectory): \(error)"))
    }
  }

  private func dump(_ store: Store) throws {
    let revision = store.currentRevision
    let handle = try store.makeReadHandle()
    var output = LineWriter.standardOutput()
    var failure: ConfigurationError?
    var keys: Int64 = 0
    try handle.scan(KeyRange(start: [], end: .unbounded), revision: revision) {
      (view: borrowing KeyValueView) throws(StoreError) in
      let line = try line(of: view)
      do throws(ConfigurationError) {
        try output.write(line)
      } catch {
        failure = error
        return false
      }
      keys += 1
      return true
    }
    if let failure { throw failure }
    try output.write(
      DumpLine.summary(
        keys: keys, revision: revision, compactRevision: store.compactRevision,
        appliedIndex: store.applied.index))
    try output.flush()
  }

  private func line(of view: borrowing KeyValueView) throws(StoreError) -> String {
    let value = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, view.valueLength), alignment: 1)
    defer { value.deallocate() }
    if let start = value.baseAddress {
      // Safe: because the buffer has room for `valueLength` bytes.
      try view.copyValue(to: start)
    }
    return DumpLine.live(
      key: Array(view.key), value: Array(value.prefix(view.valueLength)),
      createRevision: view.createRevision, modRevision: view.modRevision, version: view.version,
      lease: view.lease)
  }
}
