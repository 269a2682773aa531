import RaftKV

/// One start of a member on a machine. Once it is gone, nothing of it runs any more.
///
/// Safe: because one thread at a time runs a world.
final class Process: @unchecked Sendable {
  unowned let world: World
  let machine: Machine
  /// Counts the starts of the machine.
  let number: Int
  let startedAt: Nanoseconds
  private(set) var isAlive = true
  private var executors: [StageExecutor] = []
  /// The member; nil while it starts.
  var node: Node?
  let transport: MemberTransport
  /// The way of its watches to their clients.
  let outlet = ProcessOutlet()
  /// What the decoder read last: the entry that is applied next.
  var decodedOperation: UInt64 = 0
  /// The last entry that was applied.
  var appliedIndex: UInt64 = 0
  /// Why it cannot go on.
  private(set) var failure: String?
  /// The cluster told it that it was removed.
  var wasTold = false

  init(_ machine: Machine, number: Int, transport: MemberTransport) {
    world = machine.world
    self.machine = machine
    self.number = number
    self.transport = transport
    startedAt = machine.world.now
  }

  /// Lets something happen in this process later, unless it is gone by then; a process that is held up does it when it
  /// goes on.
  func after(_ delay: Nanoseconds, _ body: @escaping @Sendable () -> Void) {
    world.after(delay) { [self] in run(body) }
  }

  private func run(_ body: @escaping @Sendable () -> Void) {
    guard isAlive else { return }
    if machine.isPaused {
      machine.postpone { [self] in run(body) }
    } else {
      body()
    }
  }

  func note(
    _ kind: Trace.Kind, _ first: UInt64 = 0, _ second: UInt64 = 0, _ text: () -> String = { "" }
  ) {
    world.note(kind, machine.number, first, second, text)
  }

  func makeExecutor(_ name: String) -> any Executor {
    let executor = StageExecutor(name: name, process: self)
    executors.append(executor)
    return executor
  }

  /// Does all that waits, for an orderly end.
  func finishWork() {
    var isBusy = true
    while isBusy {
      isBusy = false
      for executor in executors where executor.runOne() { isBusy = true }
    }
  }

  /// The member says that it cannot go on.
  func failed(_ message: String) {
    guard isAlive, failure == nil else { return }
    failure = message
    note(.failure) { message }
    world.after(0) { [self] in machine.processFailed(self) }
  }

  /// Nothing of it runs from here on. Its memory is given back.
  func kill() {
    isAlive = false
    for executor in executors { executor.discard() }
    transport.close()
    // With nothing running behind it, a stop is only the end of the references among the member's parts.
    node?.stop()
    node = nil
    executors = []
  }

  /// An orderly end.
  func stop() {
    node?.stop()
    isAlive = false
    for executor in executors { executor.discard() }
    transport.close()
    node = nil
    executors = []
  }
}
