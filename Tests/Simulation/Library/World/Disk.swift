import Glibc
import WAL

/// A disk in memory that knows what of it would survive a loss of power.
///
/// What was written to a file since its last sync may survive in any combination of its sectors; what was done to a
/// directory since its last sync, in any combination of its steps.
///
/// Safe: because one thread at a time runs a world.
final class Disk: FileSystem, @unchecked Sendable {
  static let sectorBytes = 512

  enum Change {
    case write(offset: Int, bytes: [UInt8])
    case extend(to: Int)
  }

  enum NameChange {
    case link(String, Int)
    case unlink(String)
    case rename(String, String)
  }

  struct Node {
    var durable: [UInt8] = []
    var current: [UInt8] = []
    var changes: [Change] = []
    var isLocked = false
  }

  var nodes: [Int: Node] = [:]
  private(set) var names: [String: Int] = [:]
  private var durableNames: [String: Int] = [:]
  private var nameChanges: [NameChange] = []
  private var nextNode = 0

  /// Operations that change something until the power goes; nil for never.
  private var operationsLeft: Int?
  private var whenPowerGoes: (() -> Void)?
  /// Nothing works any more.
  private(set) var isDead = false
  /// The next sync fails.
  var failsNextSync = false
  /// How many reads there were.
  private(set) var readCount = 0
  /// Bytes that were lost or torn in the crash that this disk is the result of.
  private(set) var lostChanges = 0

  /// Lets the power go after so many more operations that change something.
  func losePower(afterOperations count: Int, _ then: @escaping () -> Void) {
    operationsLeft = count
    whenPowerGoes = then
  }

  /// The process that used the disk is gone.
  func disconnect() {
    isDead = true
    whenPowerGoes = nil
  }

  // MARK: what survives

  /// The disk as the next process finds it when the one before has ended; nothing is lost.
  func restarted() -> Disk {
    let copy = Disk()
    copy.names = names
    copy.durableNames = durableNames
    copy.nameChanges = nameChanges
    copy.nextNode = nextNode
    copy.nodes = nodes
    for node in nodes.keys { copy.nodes[node]?.isLocked = false }
    return copy
  }

  /// The disk as it may be found after a loss of power.
  func crashed(_ random: inout SeededRandom) -> Disk {
    let image = Disk()
    image.nextNode = nextNode
    image.durableNames = durableNames
    let keepNames = random.below(5)
    for change in nameChanges where keepNames == 0 || (keepNames > 1 && random.chance(50)) {
      image.durableNames.apply(change)
    }
    image.names = image.durableNames
    let keepData = random.below(6)
    for number in image.names.values.sorted() {
      guard let node = nodes[number] else { continue }
      var bytes = node.durable
      for change in node.changes {
        switch (keepData, random.below(4)) {
        case (0, _), (2..., 0): bytes.apply(change)
        case (1, _), (2..., 1): image.lostChanges += 1
        default:
          image.lostChanges += 1
          for part in change.torn(&random) { bytes.apply(part) }
        }
      }
      image.nodes[number] = Node(durable: bytes, current: bytes)
    }
    return image
  }

  /// Changes a bit somewhere in what the log has written; false when there is nothing to change.
  func damage(_ random: inout SeededRandom) -> Bool {
    let files = names.filter { $0.key.hasSuffix(".wal") }.sorted { $0.key < $1.key }
    guard !files.isEmpty else { return false }
    let node = random.pick(files).value
    let used = (nodes[node]?.durable ?? []).lastIndex { $0 != 0 } ?? 0
    guard used > 0 else { return false }
    let place = random.below(used)
    let bit = UInt8(1 << random.below(8))
    nodes[node]?.durable[place] ^= bit
    nodes[node]?.current[place] ^= bit
    return true
  }

  // MARK: FileSystem

  fileprivate func change(_ operation: FileOperation, _ path: String) throws(FileError) {
    try begin(operation, path)
    guard let left = operationsLeft else { return }
    if left > 0 {
      operationsLeft = left - 1
      return
    }
    isDead = true
    operationsLeft = nil
    whenPowerGoes?()
    whenPowerGoes = nil
    throw FileError(code: EIO, operation: operation, path: path)
  }

  fileprivate func begin(_ operation: FileOperation, _ path: String) throws(FileError) {
    if isDead { throw FileError(code: EIO, operation: operation, path: path) }
    if operation == .read { readCount += 1 }
  }

  func createDirectory(_ path: String) throws(FileError) { try begin(.createDirectory, path) }

  func list(_ directory: String) throws(FileError) -> [String] {
    try begin(.list, directory)
    // Swift's own order differs from run to run.
    return names.keys.filter { $0.hasPrefix(directory + "/") }.map {
      String($0.dropFirst(directory.utf8.count + 1))
    }.sorted()
  }

  func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
    try begin(.open, path)
    switch (names[path], mode) {
    case (_?, .createNew): throw FileError(code: EEXIST, operation: .open, path: path)
    case (let node?, _): return DiskFile(self, node, path)
    case (nil, .readOnly), (nil, .readWrite):
      throw FileError(code: ENOENT, operation: .open, path: path)
    case (nil, _):
      let node = nextNode
      nextNode += 1
      nodes[node] = Node()
      names[path] = node
      nameChanges.append(.link(path, node))
      return DiskFile(self, node, path)
    }
  }

  func rename(_ path: String, to target: String) throws(FileError) {
    try change(.rename, path)
    guard names[path] != nil else { throw FileError(code: ENOENT, operation: .rename, path: path) }
    names.apply(.rename(path, target))
    nameChanges.append(.rename(path, target))
  }

  func remove(_ path: String) throws(FileError) {
    try change(.remove, path)
    guard names[path] != nil else { throw FileError(code: ENOENT, operation: .remove, path: path) }
    names[path] = nil
    nameChanges.append(.unlink(path))
  }

  func syncDirectory(_ path: String) throws(FileError) {
    try change(.syncDirectory, path)
    durableNames = names
    nameChanges = []
    if nodes.count > 2 * names.count + 32 { forgetUnnamed() }
  }

  /// Files without a name that a process may still have open are few: the log's own.
  private func forgetUnnamed() {
    let named = Set(names.values)
    let newest = nextNode - 16
    for node in nodes.keys.sorted() where !named.contains(node) && node < newest { nodes[node] = nil }
  }
}

extension [String: Int] {
  fileprivate mutating func apply(_ change: Disk.NameChange) {
    switch change {
    case .link(let path, let node): self[path] = node
    case .unlink(let path): self[path] = nil
    case .rename(let path, let target):
      if let node = removeValue(forKey: path) { self[target] = node }
    }
  }
}

extension [UInt8] {
  fileprivate mutating func apply(_ change: Disk.Change) {
    let end =
      switch change {
      case .write(let offset, let bytes): offset + bytes.count
      case .extend(let end): end
      }
    if count < end { self += [UInt8](repeating: 0, count: end - count) }
    guard case .write(let offset, let bytes) = change else { return }
    withUnsafeMutableBytes { target in
      bytes.withUnsafeBytes { source in
        UnsafeMutableRawBufferPointer(rebasing: target[offset..<end]).copyMemory(from: source)
      }
    }
  }
}

extension Disk.Change {
  /// Some of the sectors of a write, in any combination.
  fileprivate func torn(_ random: inout SeededRandom) -> [Self] {
    guard case .write(let offset, let bytes) = self else { return [self] }
    var parts: [Self] = []
    var position = 0
    while position < bytes.count {
      let sector = (offset + position) / Disk.sectorBytes
      let end = min(bytes.count, (sector + 1) * Disk.sectorBytes - offset)
      if random.chance(50) {
        parts.append(.write(offset: offset + position, bytes: Array(bytes[position..<end])))
      }
      position = end
    }
    return parts
  }
}

/// An open file of a simulated disk.
///
/// Safe: because one thread at a time runs a world.
private final class DiskFile: File, @unchecked Sendable {
  private let disk: Disk
  private let node: Int
  private let path: String
  private var holdsLock = false

  init(_ disk: Disk, _ node: Int, _ path: String) {
    self.disk = disk
    self.node = node
    self.path = path
  }

  deinit { if holdsLock { disk.nodes[node]?.isLocked = false } }

  func read(into buffer: inout MutableRawSpan, at offset: Int) throws(FileError) -> Int {
    try disk.begin(.read, path)
    let current = disk.nodes[node]?.current ?? []
    let end = min(offset + buffer.byteCount, current.count)
    if offset >= end { return 0 }
    buffer.withUnsafeMutableBytes { target in
      current.withUnsafeBytes { source in
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[offset..<end]))
      }
    }
    return end - offset
  }

  func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
    try disk.change(.write, path)
    let change = Disk.Change.write(offset: offset, bytes: bytes.withUnsafeBytes { Array($0) })
    disk.nodes[node]?.current.apply(change)
    disk.nodes[node]?.changes.append(change)
  }

  func size() throws(FileError) -> Int {
    try disk.begin(.size, path)
    return disk.nodes[node]?.current.count ?? 0
  }

  func nextData(from offset: Int) throws(FileError) -> Int? {
    try disk.begin(.size, path)
    let current = disk.nodes[node]?.current ?? []
    guard offset < current.count else { return nil }
    // As coarse as a real one.
    return current[offset...].firstIndex { $0 != 0 }.map { max(offset, $0 & ~4095) }
  }

  func preallocate(_ count: Int) throws(FileError) {
    try disk.change(.preallocate, path)
    disk.nodes[node]?.current.apply(.extend(to: count))
    disk.nodes[node]?.changes.append(.extend(to: count))
  }

  func sync() throws(FileError) {
    try disk.change(.sync, path)
    if disk.failsNextSync {
      disk.failsNextSync = false
      throw FileError(code: EIO, operation: .sync, path: path)
    }
    guard let changes = disk.nodes[node]?.changes else { return }
    for change in changes { disk.nodes[node]?.durable.apply(change) }
    disk.nodes[node]?.changes = []
  }

  func lock() throws(FileError) -> Bool {
    try disk.begin(.lock, path)
    guard disk.nodes[node]?.isLocked == false else { return false }
    disk.nodes[node]?.isLocked = true
    holdsLock = true
    return true
  }
}
