import Glibc
import Synchronization
import WAL

/// A disk in memory that knows what of it would survive a crash.
///
/// What was written to a file since its last sync may survive in any combination of its sectors; what was done to
/// a directory since its last sync, in any combination of its steps.
final class SimulatedFileSystem: FileSystem {
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

  struct Faults: Sendable {
    /// The disk's size.
    var capacityBytes = Int.max
    /// How many more operations succeed before every one fails with EIO, as if the power were gone.
    var operationsLeft = Int.max
    /// Operations that fail on paths with this ending.
    var failing: [Failure] = []
  }

  struct Failure: Sendable {
    var operation: FileOperation
    var suffix: String
    var code: Int32
  }

  struct State {
    var nodes: [Int: Node] = [:]
    var names: [String: Int] = [:]
    var durableNames: [String: Int] = [:]
    var nameChanges: [NameChange] = []
    var nextNode = 0
    var faults = Faults()
    var writeCount = 0
    var readBytes = 0

    mutating func begin(_ operation: FileOperation, _ path: String) throws(FileError) {
      for fault in faults.failing where fault.operation == operation && path.hasSuffix(fault.suffix) {
        throw FileError(code: fault.code, operation: operation, path: path)
      }
      if faults.operationsLeft == 0 { throw FileError(code: EIO, operation: operation, path: path) }
      if faults.operationsLeft != Int.max { faults.operationsLeft -= 1 }
    }
  }

  private let state: Mutex<State>

  init(_ state: sending State = State()) { self.state = Mutex(state) }

  func with<Result: Sendable>(_ body: (inout State) throws(FileError) -> Result) throws(FileError) -> Result {
    try state.withLock { state throws(FileError) in try body(&state) }
  }

  /// What goes wrong from now on.
  var faults: Faults {
    get { state.withLock { $0.faults } }
    set { state.withLock { $0.faults = newValue } }
  }

  var writeCount: Int { state.withLock { $0.writeCount } }

  /// How many bytes were asked for.
  var readBytes: Int { state.withLock { $0.readBytes } }

  /// The disk as a process sees it that starts when the one before has died; nothing is lost.
  func restarted() -> SimulatedFileSystem {
    var copy = snapshot()
    copy.faults = Faults()
    for node in copy.nodes.keys { copy.nodes[node]!.isLocked = false }
    return SimulatedFileSystem(copy)
  }

  /// The disk as it may be found after a loss of power.
  func crashed(_ random: inout SeededRandom) -> SimulatedFileSystem {
    let state = snapshot()
    var image = State()
    image.nextNode = state.nextNode
    image.durableNames = state.durableNames
    let keepNames = random.next(5)
    for change in state.nameChanges where keepNames == 0 || (keepNames > 1 && random.next(2) == 0) {
      image.durableNames.apply(change)
    }
    image.names = image.durableNames
    let keepData = random.next(6)
    for node in image.names.values.sorted() {
      var bytes = state.nodes[node]!.durable
      for change in state.nodes[node]!.changes {
        switch (keepData, random.next(4)) {
        case (0, _), (2..., 0): bytes.apply(change)
        case (1, _), (2..., 1): break
        default: for part in change.torn(&random) { bytes.apply(part) }
        }
      }
      image.nodes[node] = Node(durable: bytes, current: bytes)
    }
    return SimulatedFileSystem(image)
  }

  /// The disk after a loss of power that took all that was not durable.
  func crashedKeepingNothing() -> SimulatedFileSystem {
    let state = snapshot()
    var image = State()
    image.nextNode = state.nextNode
    image.durableNames = state.durableNames
    image.names = state.durableNames
    for node in image.names.values {
      let bytes = state.nodes[node]!.durable
      image.nodes[node] = Node(durable: bytes, current: bytes)
    }
    return SimulatedFileSystem(image)
  }

  private func snapshot() -> State { state.withLock { Snapshot(state: $0) }.state }

  private struct Snapshot: Sendable {
    var state: State
  }

  /// The bytes of a file, for a test to look at.
  func bytes(_ path: String) -> [UInt8]? {
    state.withLock { state in state.names[path].map { state.nodes[$0]!.current } }
  }

  /// Puts a file in place, durable.
  func setBytes(_ path: String, _ bytes: [UInt8]) {
    state.withLock { state in
      let node = state.names[path] ?? state.nextNode
      state.nextNode = max(state.nextNode, node + 1)
      state.names[path] = node
      state.durableNames[path] = node
      state.nodes[node] = Node(durable: bytes, current: bytes)
    }
  }

  func createDirectory(_ path: String) throws(FileError) {
    try with { state throws(FileError) in try state.begin(.createDirectory, path) }
  }

  func list(_ directory: String) throws(FileError) -> [String] {
    try with { state throws(FileError) in
      try state.begin(.list, directory)
      return state.names.keys.filter { $0.hasPrefix(directory + "/") }.map {
        String($0.dropFirst(directory.count + 1))
      }
    }
  }

  func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
    let node = try with { state throws(FileError) in
      try state.begin(.open, path)
      switch (state.names[path], mode) {
      case (_?, .createNew): throw FileError(code: EEXIST, operation: .open, path: path)
      case (let node?, _): return node
      case (nil, .readOnly), (nil, .readWrite): throw FileError(code: ENOENT, operation: .open, path: path)
      case (nil, _):
        let node = state.nextNode
        state.nextNode += 1
        state.nodes[node] = Node()
        state.names[path] = node
        state.nameChanges.append(.link(path, node))
        return node
      }
    }
    return SimulatedFile(self, node, path)
  }

  func rename(_ path: String, to target: String) throws(FileError) {
    try with { state throws(FileError) in
      try state.begin(.rename, path)
      guard state.names[path] != nil else { throw FileError(code: ENOENT, operation: .rename, path: path) }
      state.names.apply(.rename(path, target))
      state.nameChanges.append(.rename(path, target))
    }
  }

  func remove(_ path: String) throws(FileError) {
    try with { state throws(FileError) in
      try state.begin(.remove, path)
      guard state.names[path] != nil else { throw FileError(code: ENOENT, operation: .remove, path: path) }
      state.names[path] = nil
      state.nameChanges.append(.unlink(path))
    }
  }

  func syncDirectory(_ path: String) throws(FileError) {
    try with { state throws(FileError) in
      try state.begin(.syncDirectory, path)
      state.durableNames = state.names
      state.nameChanges = []
    }
  }
}

extension [String: Int] {
  fileprivate mutating func apply(_ change: SimulatedFileSystem.NameChange) {
    switch change {
    case .link(let path, let node): self[path] = node
    case .unlink(let path): self[path] = nil
    case .rename(let path, let target):
      if let node = removeValue(forKey: path) { self[target] = node }
    }
  }
}

extension [UInt8] {
  fileprivate mutating func apply(_ change: SimulatedFileSystem.Change) {
    let end =
      switch change {
      case .write(let offset, let bytes): offset + bytes.count
      case .extend(let end): end
      }
    if count < end { self += [UInt8](repeating: 0, count: end - count) }
    if case .write(let offset, let bytes) = change { replaceSubrange(offset..<end, with: bytes) }
  }
}

extension SimulatedFileSystem.Change {
  /// Some of the sectors of a write, in any combination.
  fileprivate func torn(_ random: inout SeededRandom) -> [Self] {
    guard case .write(let offset, let bytes) = self else { return [self] }
    let sector = SimulatedFileSystem.sectorBytes
    var parts: [Self] = []
    var position = 0
    while position < bytes.count {
      let end = min(bytes.count, ((offset + position) / sector + 1) * sector - offset)
      if random.next(2) == 0 {
        parts.append(.write(offset: offset + position, bytes: Array(bytes[position..<end])))
      }
      position = end
    }
    return parts
  }
}

/// An open file of a simulated disk.
final class SimulatedFile: File {
  private let fileSystem: SimulatedFileSystem
  private let node: Int
  private let path: String
  private let holdsLock = Mutex(false)

  init(_ fileSystem: SimulatedFileSystem, _ node: Int, _ path: String) {
    self.fileSystem = fileSystem
    self.node = node
    self.path = path
  }

  deinit {
    guard holdsLock.withLock({ $0 }) else { return }
    try? fileSystem.with { state throws(FileError) in state.nodes[node]?.isLocked = false }
  }

  func read(into buffer: inout MutableRawSpan, at offset: Int) throws(FileError) -> Int {
    let count = buffer.byteCount
    let bytes = try fileSystem.with { state throws(FileError) in
      try state.begin(.read, path)
      state.readBytes += count
      let current = state.nodes[node]!.current
      return Array(current[min(offset, current.count)..<min(offset + count, current.count)])
    }
    buffer.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
    return bytes.count
  }

  func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
    let bytes = bytes.withUnsafeBytes { Array($0) }
    try fileSystem.with { state throws(FileError) in
      try state.begin(.write, path)
      state.writeCount += 1
      state.nodes[node]!.current.apply(.write(offset: offset, bytes: bytes))
      state.nodes[node]!.changes.append(.write(offset: offset, bytes: bytes))
    }
  }

  func size() throws(FileError) -> Int {
    try fileSystem.with { state throws(FileError) in
      try state.begin(.size, path)
      return state.nodes[node]!.current.count
    }
  }

  func nextData(from offset: Int) throws(FileError) -> Int? {
    try fileSystem.with { state throws(FileError) in
      try state.begin(.read, path)
      let current = state.nodes[node]!.current
      guard offset < current.count else { return nil }
      // As coarse as a real one.
      return current[offset...].firstIndex { $0 != 0 }.map { max(offset, $0 & ~4095) }
    }
  }

  func preallocate(_ count: Int) throws(FileError) {
    try fileSystem.with { state throws(FileError) in
      try state.begin(.preallocate, path)
      let used = state.names.values.reduce(0) { $0 + state.nodes[$1]!.current.count }
      let more = max(0, count - state.nodes[node]!.current.count)
      if used + more > state.faults.capacityBytes {
        throw FileError(code: ENOSPC, operation: .preallocate, path: path)
      }
      state.nodes[node]!.current.apply(.extend(to: count))
      state.nodes[node]!.changes.append(.extend(to: count))
    }
  }

  func sync() throws(FileError) {
    try fileSystem.with { state throws(FileError) in
      try state.begin(.sync, path)
      state.nodes[node]!.durable = state.nodes[node]!.current
      state.nodes[node]!.changes = []
    }
  }

  func lock() throws(FileError) -> Bool {
    let taken = try fileSystem.with { state throws(FileError) in
      try state.begin(.lock, path)
      if state.nodes[node]!.isLocked { return false }
      state.nodes[node]!.isLocked = true
      return true
    }
    if taken { holdsLock.withLock { $0 = true } }
    return taken
  }
}

/// A small generator (SplitMix64) that gives the same numbers for the same seed.
struct SeededRandom {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number below `bound`.
  mutating func next(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
