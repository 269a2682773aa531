public import Objects

/// Brings what a range has handed out in line with what the services have: they count.
///
/// A number without a service may belong to one that is just being stored; so it is given back only when it has had
/// none several times in a row.
public struct AllocationRepair: Sendable {
  /// How often a number must be found without a service before it is free.
  public static let roundsBeforeRelease = 3

  /// What people should know about a service.
  public struct Note: Sendable, Hashable {
    /// The namespace of the service.
    public var namespace: String
    /// The name of the service.
    public var name: String
    /// The reason of the event, such as `ClusterIPNotAllocated`.
    public var reason: String
    /// The text of the event.
    public var message: String

    /// A note.
    public init(namespace: String, name: String, reason: String, message: String) {
      self.namespace = namespace
      self.name = name
      self.reason = reason
      self.message = message
    }
  }

  /// What comes of a round.
  public struct Result: Sendable {
    /// What is to be stored.
    public var bitmap: AllocationBitmap
    /// For events about the services.
    public var notes: [Note]
  }

  /// In how many rounds in a row a number had no service.
  private var leaks: [Int: Int] = [:]

  /// A repair that has seen nothing yet.
  public init() {}

  /// One round over cluster IPs.
  public mutating func repair(
    addresses range: ServiceAddressRange, of services: [JSON], taken: AllocationBitmap
  ) -> Result {
    var round = Round(taken: taken, count: range.count)
    for service in services {
      for address in ServiceHoldings(service).addresses {
        guard let number = range.number(of: address) else {
          round.note(
            service, "ClusterIPOutOfRange",
            "Cluster IP [\(ServiceFamilies.family(of: address))]:\(address) is not within the configured "
              + "Service CIDR \(range.text); please recreate service")
          continue
        }
        let shown = "Cluster IP [\(range.family)]:\(address)"
        round.use(
          number, by: service,
          doubled: (
            "ClusterIPAlreadyAllocated", "\(shown) was assigned to multiple services; please recreate service"
          ),
          missing: ("ClusterIPNotAllocated", "\(shown) is not allocated; repairing"))
      }
    }
    return finish(round)
  }

  /// One round over node ports.
  public mutating func repair(
    ports range: NodePortRange, of services: [JSON], taken: AllocationBitmap
  ) -> Result {
    var round = Round(taken: taken, count: range.count)
    for service in services {
      for port in ServiceHoldings(service).ports {
        guard let number = range.number(of: port) else {
          round.note(
            service, "PortOutOfRange",
            "Port \(port) is not within the port range \(range.text); please recreate service")
          continue
        }
        round.use(
          number, by: service,
          doubled: (
            "PortAlreadyAllocated", "Port \(port) was assigned to multiple services; please recreate service"
          ),
          missing: ("PortNotAllocated", "Port \(port) is not allocated; repairing"))
      }
    }
    return finish(round)
  }

  private mutating func finish(_ round: Round) -> Result {
    var result = Result(bitmap: round.used, notes: round.notes)
    var leaks: [Int: Int] = [:]
    for number in round.taken.numbers where !round.used.contains(number) {
      let rounds = (self.leaks[number] ?? 0) + 1
      guard rounds < Self.roundsBeforeRelease else { continue }
      leaks[number] = rounds
      _ = result.bitmap.insert(number)
    }
    self.leaks = leaks
    return result
  }

  private struct Round {
    let taken: AllocationBitmap
    var used: AllocationBitmap
    var notes: [Note] = []

    init(taken: AllocationBitmap, count: Int) {
      self.taken = taken
      used = AllocationBitmap(count: count)
    }

    mutating func note(_ service: JSON, _ reason: String, _ message: String) {
      notes.append(
        Note(
          namespace: service.text("metadata", "namespace"), name: service.text("metadata", "name"),
          reason: reason, message: message))
    }

    mutating func use(
      _ number: Int, by service: JSON, doubled: (reason: String, message: String),
      missing: (reason: String, message: String)
    ) {
      if !used.insert(number) {
        note(service, doubled.reason, doubled.message)
      } else if !taken.contains(number) {
        note(service, missing.reason, missing.message)
      }
    }
  }
}
