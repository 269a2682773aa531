public import Exchange
public import Objects
import Registry

/// Repairs the allocations of services from time to time.
public struct AllocationRepairLoop: Sendable {
  /// How often a round is tried when services are written at the same time.
  static let attempts = 5

  private let addresses: ServiceAddressRange
  private let addressStore: any AllocationStore
  private let ports: NodePortRange
  private let portStore: any AllocationStore
  private let services: @Sendable () async throws(StatusError) -> [JSON]
  private let note: @Sendable (AllocationRepair.Note) -> Void

  /// A loop.
  /// - Parameters:
  ///   - services: all services as they are in the store now, not as they were a while ago.
  ///   - note: told what people should know, for events about services.
  public init(
    addresses: ServiceAddressRange = .standard, addressStore: any AllocationStore,
    ports: NodePortRange = .standard, portStore: any AllocationStore,
    services: @escaping @Sendable () async throws(StatusError) -> [JSON],
    note: @escaping @Sendable (AllocationRepair.Note) -> Void
  ) {
    self.addresses = addresses
    self.addressStore = addressStore
    self.ports = ports
    self.portStore = portStore
    self.services = services
    self.note = note
  }

  /// What rounds remember of those before.
  public struct State: Sendable {
    var addresses = AllocationRepair()
    var ports = AllocationRepair()

    /// Nothing.
    public init() {}
  }

  /// One round, such as once before services are written at all. Does nothing to a range whose allocations others
  /// keep changing.
  public func runOnce(_ state: inout State) async throws(StatusError) {
    let addresses = self.addresses
    let ports = self.ports
    try await round(addresses, addressStore, &state.addresses) { repair, services, taken in
      repair.repair(addresses: addresses, of: services, taken: taken)
    }
    try await round(ports, portStore, &state.ports) { repair, services, taken in
      repair.repair(ports: ports, of: services, taken: taken)
    }
  }

  /// Rounds until the task is cancelled. A round that fails is left out.
  /// - Parameter pause: waits until the next round, such as three minutes; throws when the task is cancelled.
  public func run(pause: @Sendable () async throws -> Void) async {
    var state = State()
    while !Task.isCancelled {
      try? await runOnce(&state)
      do { try await pause() } catch { return }
    }
  }

  private func round(
    _ range: some AllocationRange, _ store: any AllocationStore, _ repair: inout AllocationRepair,
    _ step: (inout AllocationRepair, [JSON], AllocationBitmap) -> AllocationRepair.Result
  ) async throws(StatusError) {
    for _ in 0..<Self.attempts {
      // First the allocations, then the services: what is allocated between the two makes the save fail.
      let stored = try await store.load()
      let taken = RangeAllocation(stored: stored.object, of: range)
      var next = repair
      let result = step(&next, try await services(), taken.bitmap)
      let isChanged = result.bitmap != taken.bitmap || stored.object?["range"]?.string != range.text
      if isChanged {
        let object = RangeAllocation(range: range.text, bitmap: result.bitmap).json
        guard try await store.save(object, expecting: stored.revision) != nil else { continue }
      }
      repair = next
      for note in result.notes { self.note(note) }
      return
    }
  }
}
