import Admission
import Exchange
import Objects
import Synchronization
import Testing

private func service(_ name: String, _ address: String, port: Int64 = 0) -> JSON {
  [
    "metadata": ["name": .string(name), "namespace": "n"],
    "spec": [
      "type": "NodePort", "clusterIP": .string(address), "clusterIPs": [.string(address)],
      "ports": [["nodePort": .integer(port)]],
    ],
  ]
}

private func bitmap(_ count: Int, _ numbers: [Int]) -> AllocationBitmap {
  var bitmap = AllocationBitmap(count: count)
  for number in numbers { _ = bitmap.insert(number) }
  return bitmap
}

@Suite struct AllocationRepairTests {
  @Test func `addresses that services have are taken, and people are told`() {
    let range = ServiceAddressRange.standard
    var repair = AllocationRepair()
    let services = [
      service("a", "10.96.0.1"), service("b", "10.96.0.2"), service("c", "10.96.0.2"),
      service("d", "1.2.3.4"),
      service("e", "None"),
    ]
    let result = repair.repair(addresses: range, of: services, taken: bitmap(range.count, [0]))
    #expect(result.bitmap.numbers == [0, 1])
    #expect(
      result.notes.map { "\($0.namespace)/\($0.name) \($0.reason): \($0.message)" } == [
        "n/b ClusterIPNotAllocated: Cluster IP [IPv4]:10.96.0.2 is not allocated; repairing",
        "n/c ClusterIPAlreadyAllocated: Cluster IP [IPv4]:10.96.0.2 was assigned to multiple services; please recreate service",
        "n/d ClusterIPOutOfRange: Cluster IP [IPv4]:1.2.3.4 is not within the configured Service CIDR 10.96.0.0/16; please recreate service",
      ])
  }

  @Test func `ports that services have are taken, and people are told`() {
    let range = NodePortRange.standard
    var repair = AllocationRepair()
    let services = [
      service("a", "", port: 30_000), service("b", "", port: 30_000), service("c", "", port: 80),
    ]
    let result = repair.repair(ports: range, of: services, taken: bitmap(range.count, []))
    #expect(result.bitmap.numbers == [0])
    #expect(result.notes.map(\.reason) == ["PortNotAllocated", "PortAlreadyAllocated", "PortOutOfRange"])
  }

  @Test func `a number without a service is free after three rounds in a row`() {
    let range = NodePortRange.standard
    var repair = AllocationRepair()
    var taken = bitmap(range.count, [5])
    func round(_ services: [JSON]) -> [Int] {
      taken = repair.repair(ports: range, of: services, taken: taken).bitmap
      return taken.numbers
    }
    #expect(round([]) == [5])
    #expect(round([]) == [5])
    // It was just being stored.
    #expect(round([service("a", "", port: 30_005)]) == [5])
    #expect(round([]) == [5])
    #expect(round([]) == [5])
    #expect(round([]) == [])
  }

  @Test func `a round that others disturb is done again`() async throws {
    let addresses = FakeAllocationStore()
    let ports = FakeAllocationStore()
    let disturbances = Mutex(2)
    let loop = AllocationRepairLoop(
      addressStore: addresses, portStore: ports,
      services: { () async throws(StatusError) in
        let isDisturbed = disturbances.withLock {
          $0 -= 1
          return $0 >= 0
        }
        if isDisturbed {
          let (_, revision) = try await addresses.load()
          _ = try await addresses.save(
            json(#"{"range":"10.96.0.0/16","data":"Ag=="}"#), expecting: revision)
        }
        return [service("a", "10.96.0.1", port: 30_001)]
      }, note: { _ in })
    var state = AllocationRepairLoop.State()
    try await loop.runOnce(&state)
    #expect(addresses.numbers(of: ServiceAddressRange.standard) == [0, 1])
    #expect(ports.numbers(of: NodePortRange.standard) == [1])
  }
}
