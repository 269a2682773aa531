import Glibc
import MVCC

/// A folder that lasts as long as the value.
final class TemporaryFolder: Sendable {
  let path: String

  init() {
    // In memory where possible: these tests flush thousands of times, and need no disk.
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(parent)/mvcc-tests-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { buffer in
      String(cString: mkdtemp(buffer.baseAddress!)!)
    }
  }

  var dataFile: String { path + "/data.mdb" }

  deinit {
    for name in ["data.mdb", "lock.mdb", "LOCK"] { unlink(path + "/" + name) }
    rmdir(path)
  }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func chance(_ one: Int, in many: Int) -> Bool { Int.random(in: 0..<many, using: &self) < one }
}

extension Store.Configuration {
  /// A small map, so that many stores fit the address space of one test process.
  static func small(_ change: (inout Store.Configuration) -> Void = { _ in }) -> Store.Configuration {
    var configuration = Store.Configuration()
    configuration.mapBytes = 1 << 30
    configuration.memtableBytes = 1 << 20
    change(&configuration)
    return configuration
  }
}

func bytes(_ text: String) -> Bytes { Bytes(text.utf8) }

func put(_ key: String, _ value: String) -> Command { .put(PutCommand(key: bytes(key), value: bytes(value))) }

let allKeys = KeyRange(start: [0], end: .unbounded)

/// A store whose entries are numbered here, and whose memtables are flushed as soon as they are full.
final class NumberedStore {
  let store: Store
  var index: UInt64

  init(_ folder: TemporaryFolder, _ configuration: Store.Configuration = .small()) throws(StoreError) {
    store = try Store(directory: folder.path, configuration: configuration)
    index = store.applied.index
    // A flush that fails is tried again by the next one, or by the test.
    store.onFlushNeeded = { [unowned store] in _ = try? store.flushOldest() }
  }

  @discardableResult
  func apply(_ command: Command) -> Outcome {
    index += 1
    return store.apply(command, index: index, term: 1)
  }

  func flushAll() throws(StoreError) {
    store.rotate()
    while try store.flushOldest() {}
  }
}

func copiedValue(_ view: borrowing KeyValueView) throws(StoreError) -> Bytes {
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(view.valueLength, 1), alignment: 1)
  defer { memory.deallocate() }
  try view.copyValue(to: memory.baseAddress!)
  return Bytes(memory[..<view.valueLength])
}

/// A thread of its own, so that a test may block without starving the others.
struct TestThread: Sendable {
  private let thread: pthread_t

  init(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var created = pthread_t()
    pthread_create(
      &created, nil,
      { argument in
        Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
        return nil
      }, Unmanaged.passRetained(Box(body)).toOpaque())
    thread = created
  }

  func join() { pthread_join(thread, nil) }
}
