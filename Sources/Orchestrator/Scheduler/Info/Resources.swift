internal import Objects

/// Amounts of what every node has. Trivial to copy; arithmetic wraps, so that adding and taking away again always
/// restores what was. (Amounts are bounded where they are read, see `Resources.limit`.)
struct CoreResources: Sendable, Hashable {
  var milliCPU: Int64 = 0
  /// Bytes.
  var memory: Int64 = 0
  /// Bytes.
  var ephemeralStorage: Int64 = 0

  static func &+= (left: inout CoreResources, right: CoreResources) {
    left.milliCPU &+= right.milliCPU
    left.memory &+= right.memory
    left.ephemeralStorage &+= right.ephemeralStorage
  }

  static func &-= (left: inout CoreResources, right: CoreResources) {
    left.milliCPU &-= right.milliCPU
    left.memory &-= right.memory
    left.ephemeralStorage &-= right.ephemeralStorage
  }
}

/// Amounts of resources: those that every node has, and extended ones by name (huge pages among them).
struct Resources: Sendable, Hashable {
  var core = CoreResources()
  var extended: [String: Int64] = [:]

  /// No amount counts for more: 2⁵³, so that no sum of a node's pods overflows.
  static let limit: Int64 = 1 << 53

  /// What containers without a request are taken to need when nodes are scored.
  static let assumedMilliCPU: Int64 = 100
  /// Bytes.
  static let assumedMemory: Int64 = 200 << 20

  init() {}

  /// The amounts of a resource list, such as `requests`. Other names than those of schedulable resources are left out.
  init(json: JSON?, assumingMissing: Bool = false) {
    var hasCPU = false
    var hasMemory = false
    for member in json?.object ?? [:] {
      guard let quantity = Quantity(member.value) else { continue }
      switch member.key {
      case "cpu":
        core.milliCPU = Self.bounded(quantity.milliValue)
        hasCPU = true
      case "memory":
        core.memory = Self.bounded(quantity.value)
        hasMemory = true
      case "ephemeral-storage": core.ephemeralStorage = Self.bounded(quantity.value)
      case let name where Self.isExtended(name): extended[name] = Self.bounded(quantity.value)
      default: break
      }
    }
    if assumingMissing {
      if !hasCPU { core.milliCPU = Self.assumedMilliCPU }
      if !hasMemory { core.memory = Self.assumedMemory }
    }
  }

  static func bounded(_ amount: Int64) -> Int64 { max(0, min(limit, amount)) }

  /// Whether the resource of this name is counted like an extended one.
  static func isExtended(_ name: String) -> Bool {
    name.utf8.contains(UInt8(ascii: "/")) || name.hasPrefix("hugepages-")
      || name.hasPrefix("attachable-volumes-")
  }

  mutating func add(_ other: Resources) {
    core.milliCPU = Self.bounded(core.milliCPU &+ other.core.milliCPU)
    core.memory = Self.bounded(core.memory &+ other.core.memory)
    core.ephemeralStorage = Self.bounded(core.ephemeralStorage &+ other.core.ephemeralStorage)
    for (name, amount) in other.extended { extended[name] = Self.bounded((extended[name] ?? 0) &+ amount) }
  }

  /// Raises every amount to at least that of the other.
  mutating func formMaximum(_ other: Resources) {
    core.milliCPU = max(core.milliCPU, other.core.milliCPU)
    core.memory = max(core.memory, other.core.memory)
    core.ephemeralStorage = max(core.ephemeralStorage, other.core.ephemeralStorage)
    for (name, amount) in other.extended { extended[name] = max(extended[name] ?? 0, amount) }
  }
}
