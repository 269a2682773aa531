import Synchronization

/// What one step of background work did.
public enum MaintenanceStep: Sendable, Equatable {
  /// There is nothing to do.
  case idle
  /// Reads under way need what physical compaction would remove next: try again a little later.
  case waiting
  /// A part is done; there may be more.
  case worked
  /// Physical compaction to `revision` is done, and removed so many versions.
  case compacted(revision: Int64, removedVersions: Int)
  /// Free pages of so many bytes were given back to the file system; 0 when there were none.
  case reclaimed(bytes: Int)
}

/// The flush thread's work between flushes, a bounded step at a time: compaction first, then packing what it left,
/// then giving back what that freed.
///
/// Safe: because one thread at a time maintains, the one that flushes.
final class Maintainer: @unchecked Sendable {
  private let state: StoreState
  private let flusher: Flusher
  private var compactor: Compactor
  private var packer: Packer
  private var reclaimer: SpaceReclaimer
  /// Whether it is known that the tree of versions need not be packed.
  private var isPackingChecked = false

  init(_ state: StoreState, flusher: Flusher, progress: CompactionProgress) {
    self.state = state
    self.flusher = flusher
    compactor = Compactor(state, flusher: flusher, progress: progress)
    packer = Packer(state, flusher.environment)
    reclaimer = SpaceReclaimer(state, flusher.environment)
  }

  func requestReclaim() {
    reclaimer.request()
    if compactor.progress.removedRows > 0 { packer.begin() }
  }

  func step(now: UInt64) throws(StoreError) -> MaintenanceStep {
    var isWaiting = false
    switch try compact(now: now) {
    case .worked: return .worked
    case .completed(let revision, let versions):
      state.physicalRevision.store(revision, ordering: .releasing)
      isPackingChecked = false
      try flusher.measure()
      return .compacted(revision: revision, removedVersions: versions)
    case .waiting: isWaiting = true
    case .none: break
    }
    if try pack() { return .worked }
    switch try reclaimer.step() {
    case .worked: return .worked
    case .completed(let bytes): return .reclaimed(bytes: bytes)
    case .none: return isWaiting ? .waiting : .idle
    }
  }

  private func compact(now: UInt64) throws(StoreError) -> Compactor.Step {
    do throws(StoreError) {
      return try compactor.step(now: now)
    } catch {
      compactor.reset()
      throw error
    }
  }

  /// Whether there was something to pack.
  private func pack() throws(StoreError) -> Bool {
    if !isPackingChecked {
      isPackingChecked = true
      let session = try ReadSession(flusher.environment, counted: false)
      let rows = Int64(try session.rows(flusher.environment.databases.versions))
      let removed = compactor.progress.removedRows
      if removed > 0 && removed * Packer.dueShare >= rows { packer.begin() }
    }
    guard packer.isRunning else { return false }
    if try packer.step(through: compactor.progress.target) { return true }
    try compactor.didPack()
    try flusher.measure()
    return true
  }
}
