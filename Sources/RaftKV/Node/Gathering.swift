/// Decides when a sync of the log waits a little for more entries to share it.
///
/// A fast disk finishes a sync before the next few requests have come in, so that under load each sync would
/// serve two or three of them: the tail page of the log would be written over and over, and the processors would
/// be busy with syncs. So a small batch waits, in short pauses, for as long as each pause brings more. A pause
/// that brings nothing means that everybody is waiting for this very sync, as a few clients in a closed loop do:
/// then no batch waits for a good while.
struct Gathering {
  /// One pause.
  static let pauseNanoseconds: UInt64 = 100_000
  /// A batch of so many entries does not wait.
  static let enoughEntries = 64
  /// Nor does any after so many pauses.
  static let maximumPauses = 8
  /// Syncs without a wait after a pause that brought nothing.
  static let syncsWithoutWaiting = 256

  private var syncsLeftWithoutWaiting = 0
  private var pauses = 0
  private var entriesBeforePause = 0

  /// Whether a batch of so many entries should wait for one more pause before it is synced.
  mutating func shouldWait(entries: Int) -> Bool {
    if pauses > 0, entries == entriesBeforePause { syncsLeftWithoutWaiting = Self.syncsWithoutWaiting }
    if syncsLeftWithoutWaiting > 0 {
      syncsLeftWithoutWaiting -= 1
      pauses = 0
      return false
    }
    if entries >= Self.enoughEntries || pauses == Self.maximumPauses {
      pauses = 0
      return false
    }
    pauses += 1
    entriesBeforePause = entries
    return true
  }
}
