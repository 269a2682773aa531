public import Exchange
public import Objects
public import Registry

/// Gives services their cluster IPs and node ports, and takes them back.
///
/// What a service gives up is free for others only when that is stored; what it gets is taken before.
public final class ServiceAllocation: WriteHook {
  private let addresses: RangeAllocator<ServiceAddressRange>
  private let ports: RangeAllocator<NodePortRange>

  /// Allocation out of two ranges.
  /// - Parameter random: a number below its argument, which is above 0.
  public init(
    addresses: ServiceAddressRange = .standard, addressStore: any AllocationStore,
    ports: NodePortRange = .standard, portStore: any AllocationStore,
    random: @escaping @Sendable (Int) -> Int
  ) {
    self.addresses = RangeAllocator(range: addresses, store: addressStore, random: random)
    self.ports = RangeAllocator(range: ports, store: portStore, random: random)
  }

  /// Services.
  public func handles(_ resource: Resource) -> Bool {
    resource.resource == "services" && resource.group.isEmpty
  }

  /// Fills in address families, cluster IPs and node ports.
  /// - Throws: 422 for what cannot be had, 500 if nothing is left.
  public func beforeStore(
    _ new: inout JSON, old: JSON?, resource: Resource, dryRun: Bool
  ) async throws(StatusError) -> (any HookUndo)? {
    var errors = ServiceFamilies.fill(&new, cluster: [addresses.range.family])
    let held = ServiceHoldings(old)
    let addressWishes = AddressWishes(new, old: old, range: addresses.range)
    let plan = PortPlan(new, holding: held.ports)
    let portWishes = wishes(for: plan, new, held, &errors)
    errors = addressWishes.errors + errors
    guard errors.isEmpty else { throw Self.invalid(new, errors) }

    let takenAddresses = try await take(addresses: addressWishes, new, dryRun: dryRun)
    let takenPorts: [Int]
    do throws(StatusError) {
      takenPorts = try await take(ports: portWishes, new, dryRun: dryRun)
    } catch {
      if !dryRun { await addresses.release(takenAddresses) }
      throw error
    }
    fill(&new, addresses: takenAddresses, addressWishes)
    fill(&new, ports: takenPorts, portWishes, plan)
    if dryRun { return nil }

    let kept = ServiceHoldings(new)
    let undo = ServiceAllocationUndo(
      allocation: self, takenAddresses: takenAddresses, takenPorts: takenPorts,
      droppedAddresses: held.addresses.filter { !kept.addresses.contains($0) }
        .compactMap(addresses.range.number(of:)),
      droppedPorts: held.ports.filter { !kept.ports.contains($0) }.compactMap(ports.range.number(of:)))
    return undo.isEmpty ? nil : undo
  }

  /// Gives back what the service had.
  public func afterDelete(_ old: JSON, resource: Resource) async {
    let held = ServiceHoldings(old)
    await release(
      addresses: held.addresses.compactMap(addresses.range.number(of:)),
      ports: held.ports.compactMap(ports.range.number(of:)))
  }

  fileprivate func release(addresses numbers: [Int], ports portNumbers: [Int]) async {
    await addresses.release(numbers)
    await ports.release(portNumbers)
  }
}

extension ServiceAllocation {
  /// The cluster IPs that a service needs and does not have.
  private struct AddressWishes {
    var wishes: [AllocationWish] = []
    /// As they were asked for, for messages; empty for any.
    var asked: [String] = []
    var errors: [FieldError] = []

    /// What validation refuses anyway, in better words, is passed over: what is no address, and another address than
    /// the service has.
    init(_ service: JSON, old: JSON?, range: ServiceAddressRange) {
      guard ServiceNeeds(service).address, let spec = service["spec"] else { return }
      let given = ServiceHoldings(service).addresses
      let fixed = old.map(Self.fixedAddresses) ?? []
      for index in 0..<min(2, max(given.count, spec.list("ipFamilies").count)) {
        guard given.indices.contains(index) else {
          wishes.append(.any)
          asked.append("")
          continue
        }
        if fixed.indices.contains(index) || !ServiceAddressRange.isAddress(given[index]) { continue }
        guard let number = range.number(of: given[index]) else {
          let problem = "the provided network does not match the current range"
          errors.append(ServiceAllocation.addressError(spec, given[index], problem))
          continue
        }
        wishes.append(.exact(number))
        asked.append(given[index])
      }
    }

    /// The addresses, or `None`, that a service keeps for as long as its type has any.
    private static func fixedAddresses(_ old: JSON) -> [String] {
      guard let spec = old["spec"], spec.text("type") != "ExternalName" else { return [] }
      return spec.list("clusterIPs").compactMap(\.string)
    }
  }

  private static func addressError(_ spec: JSON, _ address: String, _ problem: String) -> FieldError {
    .invalid(
      FieldPath("spec", "clusterIPs"), .array(spec.list("clusterIPs")),
      "failed to allocate IP \(address): \(problem)")
  }

  private func take(
    addresses wishes: AddressWishes, _ service: JSON, dryRun: Bool
  ) async throws(StatusError) -> [Int] {
    do throws(AllocationFailure) {
      return dryRun
        ? try await addresses.preview(wishes.wishes) : try await addresses.take(wishes.wishes)
    } catch {
      switch error {
      case .taken(let index):
        let error = Self.addressError(
          service["spec"] ?? [:], wishes.asked[index], "provided IP is already allocated")
        throw Self.invalid(service, [error])
      case .full: throw .internalError("failed to allocate a serviceIP: range is full")
      case .store(let error): throw error
      }
    }
  }

  private func fill(_ service: inout JSON, addresses numbers: [Int], _ wishes: AddressWishes) {
    let new = zip(wishes.wishes, numbers).filter { $0.0 == .any }.map { addresses.range.address($0.1) }
    guard !new.isEmpty else { return }
    let all = ServiceHoldings(service).addresses + new
    service["spec", "clusterIPs"] = .array(all.map { .string($0) })
    service["spec", "clusterIP"] = .string(all[0])
  }
}

extension ServiceAllocation {
  /// The wishes for the ports of a plan, and behind them that for health checks.
  private struct PortWishes {
    var wishes: [AllocationWish] = []
    var hasHealthCheck = false
    /// Where health checks are to be, if the service says so.
    var healthCheckPort: Int64 = 0
  }

  private func wishes(
    for plan: PortPlan, _ service: JSON, _ held: ServiceHoldings, _ errors: inout [FieldError]
  ) -> PortWishes {
    let range = ports.range
    let problem = "provided port is not in the valid range. The range of valid ports is \(range.text)"
    var result = PortWishes()
    for want in plan.wants {
      guard let port = want.port else {
        result.wishes.append(.any)
        continue
      }
      if let number = range.number(of: port) {
        result.wishes.append(.exact(number))
      } else {
        errors.append(.invalid(Self.path(want), .integer(port), problem))
      }
    }
    guard ServiceNeeds(service).healthCheckPort else { return result }
    let port = service["spec", "healthCheckNodePort"]?.integer ?? 0
    if port != 0, held.ports.contains(port) { return result }
    result.hasHealthCheck = true
    result.healthCheckPort = port
    if port == 0 {
      result.wishes.append(.any)
    } else if let number = range.number(of: port) {
      result.wishes.append(.exact(number))
    } else {
      errors.append(.invalid(FieldPath("spec", "healthCheckNodePort"), .integer(port), problem))
    }
    return result
  }

  private static func path(_ want: PortPlan.Want) -> FieldPath {
    FieldPath("spec", "ports")[want.places.first ?? 0]["nodePort"]
  }

  private func take(
    ports wishes: PortWishes, _ service: JSON, dryRun: Bool
  ) async throws(StatusError) -> [Int] {
    do throws(AllocationFailure) {
      return dryRun ? try await ports.preview(wishes.wishes) : try await ports.take(wishes.wishes)
    } catch {
      switch error {
      case .taken(let index): throw taken(index, wishes, service)
      case .full: throw .internalError("failed to allocate a nodePort: range is full")
      case .store(let error): throw error
      }
    }
  }

  private func taken(_ index: Int, _ wishes: PortWishes, _ service: JSON) -> StatusError {
    let problem = "provided port is already allocated"
    guard case .exact(let number) = wishes.wishes[index] else { return .internalError(problem) }
    let port = ports.range.port(number)
    if wishes.hasHealthCheck, index == wishes.wishes.count - 1 {
      return Self.invalid(
        service, [.invalid(FieldPath("spec", "healthCheckNodePort"), .integer(port), problem)])
    }
    let place = service["spec"]?.list("ports").firstIndex { $0["nodePort"]?.integer == port } ?? 0
    return Self.invalid(
      service, [.invalid(FieldPath("spec", "ports")[place]["nodePort"], .integer(port), problem)])
  }

  private func fill(_ service: inout JSON, ports numbers: [Int], _ wishes: PortWishes, _ plan: PortPlan) {
    var found: [Int: Int64] = [:]
    for (place, port) in plan.known { found[place] = port }
    for (want, number) in zip(plan.wants, numbers) {
      for place in want.places { found[place] = ports.range.port(number) }
    }
    if !found.isEmpty, var elements = service["spec"]?.list("ports") {
      for (place, port) in found where elements.indices.contains(place) {
        elements[place]["nodePort"] = .integer(port)
      }
      service["spec", "ports"] = .array(elements)
    }
    if wishes.hasHealthCheck, let number = numbers.last {
      service["spec", "healthCheckNodePort"] = .integer(ports.range.port(number))
    }
  }

  private static func invalid(_ service: JSON, _ errors: [FieldError]) -> StatusError {
    .invalid(errors, group: "", kind: "Service", name: service.text("metadata", "name"))
  }
}

/// What one write of a service took and drops.
private struct ServiceAllocationUndo: HookUndo {
  let allocation: ServiceAllocation
  let takenAddresses: [Int]
  let takenPorts: [Int]
  let droppedAddresses: [Int]
  let droppedPorts: [Int]

  var isEmpty: Bool {
    takenAddresses.isEmpty && takenPorts.isEmpty && droppedAddresses.isEmpty && droppedPorts.isEmpty
  }

  func commit() async { await allocation.release(addresses: droppedAddresses, ports: droppedPorts) }

  func undo() async { await allocation.release(addresses: takenAddresses, ports: takenPorts) }
}
