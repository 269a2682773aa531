import CLMDB
import CSparseFile
import Glibc

/// Gives the disk space of free pages back to the file system, by punching holes into `data.mdb`. The flush
/// thread's.
///
/// **Which pages may be punched.** LMDB lists the pages that transaction T freed under T, in a database of its own.
/// In its next write transaction it may itself overwrite the pages of every T older than the newest committed
/// transaction N and older than the oldest reader's, and this punches those and no others, while it holds LMDB's
/// write lock:
/// - Nothing that is committed refers to them. Snapshots T and later do not (T freed them, and a page that is handed
///   out again leaves the list in the same transaction, as N's list shows); readers and both meta pages, of N and
///   N − 1, are at snapshots no older than T.
/// - Nobody is about to use them. LMDB takes pages from the list only inside a write transaction, which the lock
///   excludes, and it forgets at the transaction's end what it had taken and not used. When it does take a page
///   again it writes the whole of it before it reads it.
/// - A reader that begins meanwhile begins at N, since nothing can be committed.
/// - A crash at any time leaves N, or N − 1, whose pages are untouched. Nothing has to be committed with the
///   punching, and whether the holes survive makes no difference.
///
/// Holes are found by the file system (`SEEK_DATA`), so there is nothing to remember, either.
struct SpaceReclaimer {
  /// What a step did.
  enum Step {
    case none
    case worked(bytes: Int)
    /// The pass is over, and has given back so many bytes.
    case completed(bytes: Int)
  }

  /// The pages that one step looks at, a bit each in memory.
  private static let windowPages = 1 << 18
  /// Long runs go first: punching single pages fragments the file, and is done only where those do not suffice.
  private static let longRunPages = 16

  private struct Pass {
    /// The end of the pages still to look at. From the end of the file on down, for LMDB takes low pages first.
    var end: Int
    var minimumPages: Int
    /// Give back all, not only what is beyond the reserve.
    var isThorough: Bool
    var bytes = 0
  }

  private let state: StoreState
  private let environment: Environment
  private var pass: Pass?
  /// What the last pass could not give back.
  private var remainder = 0
  private var isUnsupported = false
  private var isRequested = false

  init(_ state: StoreState, _ environment: Environment) {
    self.state = state
    self.environment = environment
  }

  /// Asks for a pass that keeps no reserve.
  mutating func request() { isRequested = true }

  /// Punches a bounded part of what is free, if there is enough of it.
  mutating func step() throws(StoreError) -> Step {
    if isUnsupported {
      guard isRequested else { return .none }
      isRequested = false
      return .completed(bytes: 0)
    }
    if pass == nil || isRequested && pass?.isThorough == false {
      let isThorough = isRequested
      // As much again as is kept: passes come seldom, and each is worth its while.
      let least = remainder + state.configuration.reclaimReserveBytes
      if !isThorough, surplus(isThorough: false) <= least { return .none }
      pass = Pass(
        end: environment.pageCount, minimumPages: Self.longRunPages, isThorough: isThorough,
        bytes: pass?.bytes ?? 0)
      isRequested = false
    }
    guard var open = pass else { return .none }
    if surplus(isThorough: open.isThorough) <= 0 || open.end == 0 && open.minimumPages == 1 {
      remainder = max(0, surplus(isThorough: false))
      pass = nil
      return .completed(bytes: open.bytes)
    }
    if open.end == 0 {
      open.end = environment.pageCount
      open.minimumPages = 1
    }
    let punched = try punch(&open)
    open.bytes += punched
    pass = open
    return .worked(bytes: punched)
  }

  /// Bytes of the file that hold free pages beyond the reserve.
  private func surplus(isThorough: Bool) -> Int {
    let free = state.shared.with { $0.freePages }
    let used = max(environment.pageCount - free, 0) * environment.pageSize
    let reserve = isThorough ? 0 : max(state.configuration.reclaimReserveBytes, used / 8)
    return environment.allocatedBytes - used - reserve
  }

  private mutating func punch(_ pass: inout Pass) throws(StoreError) -> Int {
    let lock = try WriteTransaction(environment)
    var failure: StoreError?
    var punched = 0
    do throws(StoreError) {
      punched = try punchLocked(&pass)
    } catch {
      failure = error
    }
    // It changed nothing.
    lock.abort()
    if let failure { throw failure }
    return punched
  }

  private mutating func punchLocked(_ pass: inout Pass) throws(StoreError) -> Int {
    let pageSize = environment.pageSize
    let start = max(0, (pass.end - 1) / Self.windowPages * Self.windowPages)
    let free = try freePages(in: start..<pass.end)
    let descriptor = try environment.descriptor
    var punched = 0
    var holes = 0
    // From the end of the window to its start.
    var page = pass.end
    while page > start {
      guard let run = free.lastRun(before: page) else {
        page = start
        break
      }
      page = run.lowerBound
      if run.count < pass.minimumPages { continue }
      for extent in try dataExtents(descriptor, run, pageSize).reversed() {
        if punched >= state.configuration.reclaimStepBytes || holes >= state.configuration.reclaimStepHoles {
          // The rest of the run is the next step's.
          pass.end = extent.upperBound
          return punched
        }
        let length = extent.count * pageSize
        let code = sparse_file_punch(descriptor, Int64(extent.lowerBound * pageSize), Int64(length))
        if code == EOPNOTSUPP || code == ENOSYS {
          isUnsupported = true
          pass.end = 0
          pass.minimumPages = 1
          return punched
        }
        if code != 0 {
          throw .storage("cannot give free space back to the file system: \(String(cString: strerror(code)))")
        }
        punched += length
        holes += 1
      }
    }
    pass.end = page
    return punched
  }

  /// The pages of the window that LMDB could reuse in this write transaction.
  private func freePages(in window: Range<Int>) throws(StoreError) -> PageSet {
    let session = try ReadSession(environment, counted: false)
    let newest = UInt64(mdb_txn_id(session.handle))
    let oldest = min(newest, environment.oldestReader ?? newest)
    var free = PageSet(window)
    try session.forEachFreePage(before: oldest) { free.insert($0) }
    return free
  }

  /// The parts of a run of pages that take up disk space, at most `reclaimStepBytes` long each.
  private func dataExtents(
    _ descriptor: Int32, _ run: Range<Int>, _ pageSize: Int
  ) throws(StoreError) -> [Range<Int>] {
    var extents: [Range<Int>] = []
    let end = run.upperBound * pageSize
    var position = run.lowerBound * pageSize
    while position < end {
      let data = sparse_file_next_data(descriptor, Int64(position))
      if data == -Int64(ENXIO) || data >= Int64(end) { break }
      if data < 0 {
        throw .storage("cannot find the holes of the checkpoint: \(String(cString: strerror(Int32(-data))))")
      }
      var hole = sparse_file_next_hole(descriptor, data)
      if hole < 0 { hole = Int64(end) }
      let first = Int(data) / pageSize
      let last = min(end, Int(hole) + pageSize - 1) / pageSize
      for lower in stride(from: first, to: last, by: max(1, state.configuration.reclaimStepBytes / pageSize))
      {
        extents.append(lower..<min(last, lower + max(1, state.configuration.reclaimStepBytes / pageSize)))
      }
      position = max(Int(hole), position + pageSize)
    }
    return extents
  }
}

/// Pages of a window of the file, a bit each.
private struct PageSet {
  private let window: Range<Int>
  private var words: [UInt64]

  init(_ window: Range<Int>) {
    self.window = window
    words = Array(repeating: 0, count: (window.count + 63) / 64)
  }

  mutating func insert(_ page: Int) {
    guard window.contains(page) else { return }
    let bit = page - window.lowerBound
    words[bit / 64] |= 1 << UInt64(bit % 64)
  }

  private func contains(_ page: Int) -> Bool {
    let bit = page - window.lowerBound
    return words[bit / 64] & 1 << UInt64(bit % 64) != 0
  }

  /// The last pages in a row that end at or before `end`.
  func lastRun(before end: Int) -> Range<Int>? {
    var upper = end
    while upper > window.lowerBound {
      let bit = upper - 1 - window.lowerBound
      // Whole words without a page are passed over.
      if bit % 64 == 63 && words[bit / 64] == 0 {
        upper -= 64
      } else if contains(upper - 1) {
        break
      } else {
        upper -= 1
      }
    }
    if upper <= window.lowerBound { return nil }
    var lower = upper - 1
    while lower > window.lowerBound && contains(lower - 1) { lower -= 1 }
    return lower..<upper
  }
}

extension Environment {
  /// The file's descriptor, which LMDB owns.
  var descriptor: Int32 {
    get throws(StoreError) {
      var descriptor: mdb_filehandle_t = -1
      try check(mdb_env_get_fd(pointer, &descriptor), "finding the checkpoint's file")
      return descriptor
    }
  }

  /// Bytes of disk that the file takes.
  var allocatedBytes: Int {
    guard let descriptor = try? descriptor else { return 0 }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return 0 }
    return Int(status.st_blocks) * 512
  }

  /// The snapshot of the reader that began first, of those under way now; nil when there is none.
  var oldestReader: UInt64? {
    var oldest = UInt64.max
    _ = withUnsafeMutablePointer(to: &oldest) { oldest in
      // One line a reader: process, thread, and the transaction it reads, or "-".
      mdb_reader_list(
        pointer,
        { message, context in
          guard let message, let context else { return 0 }
          let fields = String(cString: message).split(whereSeparator: \.isWhitespace)
          if fields.count == 3, let transaction = UInt64(fields[2]) {
            let oldest = context.assumingMemoryBound(to: UInt64.self)
            oldest.pointee = min(oldest.pointee, transaction)
          }
          return 0
        }, oldest)
    }
    return oldest == .max ? nil : oldest
  }
}
