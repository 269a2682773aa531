internal import NIOCore

/// A kind of object that a kube-apiserver stores, with the place and size of its objects in the store.
///
/// Sizes are those of protobuf-encoded objects of small real clusters; numbers follow from the number of nodes.
enum KubernetesResource: Int, Sendable, CaseIterable {
  /// A node's heartbeat (coordination.k8s.io Lease in kube-node-lease), and those of leader elections.
  case leases
  /// Nodes, under the name they have in the store.
  case minions
  case pods
  case events
  case configmaps
  case secrets
  case services
  case endpointslices
  case deployments
  case replicasets
  case serviceaccounts
  /// What the API servers tell of themselves.
  case masterleases

  static let podsPerNode = 30
  private static let podsPerNamespace = 50
  private static let podsPerWorkload = 5

  /// Where its objects are, with a slash at the end.
  var prefix: String {
    switch self {
    case .services: "/registry/services/specs/"
    default: "/registry/\(self)/"
    }
  }

  /// The first key behind its objects.
  var prefixEnd: String { prefix.dropLast() + "0" }

  /// Bytes of its objects.
  var bytes: ClosedRange<Int> {
    switch self {
    case .leases: 400...720
    case .minions: 4_000...12_000
    case .pods: 1_500...6_000
    case .events: 280...1_100
    case .configmaps: 260...2_100
    case .secrets: 300...4_000
    case .services: 350...1_000
    case .endpointslices: 400...2_500
    case .deployments: 1_050...2_500
    case .replicasets: 1_450...2_500
    case .serviceaccounts: 100...250
    case .masterleases: 62...62
    }
  }

  /// Objects in a cluster of so many nodes; events come and go.
  func count(nodes: Int, apiServers: Int) -> Int {
    let pods = nodes * Self.podsPerNode
    return switch self {
    case .leases: nodes + Self.electedComponents
    case .minions: nodes
    case .pods: pods
    case .events: 0
    case .configmaps, .secrets, .serviceaccounts: max(1, pods / Self.podsPerNamespace) * 2
    case .services, .endpointslices, .deployments, .replicasets: max(1, pods / Self.podsPerWorkload)
    case .masterleases: max(1, apiServers)
    }
  }

  /// The components of the control plane that elect a leader by a Lease; theirs are the first.
  static let electedComponents = 3

  /// The key of object `number`; another `generation` has another name, as when a pod replaces one that is gone.
  func key(_ number: Int, generation: Int = 0) -> String {
    let workload = number / Self.podsPerWorkload
    return switch self {
    case .leases:
      number < Self.electedComponents
        ? "\(prefix)kube-system/component-\(number)"
        : "\(prefix)kube-node-lease/\(Self.node(number - Self.electedComponents))"
    case .minions: prefix + Self.node(number)
    case .pods:
      prefix + Self.namespace(number / Self.podsPerNamespace)
        + "/app-\(workload)-\(Self.suffix(workload, 0, 10))-\(Self.suffix(number, generation, 5))"
    case .events:
      prefix + Self.namespace(number) + "/app-\(number)." + Self.suffix(number, generation, 16)
    case .configmaps, .secrets, .serviceaccounts:
      prefix + Self.namespace(number / 2) + "/object-\(number % 2)"
    case .services, .deployments:
      prefix + Self.namespace(number * Self.podsPerWorkload / Self.podsPerNamespace) + "/app-\(number)"
    case .endpointslices, .replicasets:
      prefix + Self.namespace(number * Self.podsPerWorkload / Self.podsPerNamespace)
        + "/app-\(number)-\(Self.suffix(number, 0, 5))"
    case .masterleases: "\(prefix)192.0.2.\(number + 1)"
    }
  }

  private static func node(_ number: Int) -> String { "node-\(padded(number, 5))" }
  private static func namespace(_ number: Int) -> String { "team-\(padded(number, 4))" }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// Letters and digits as the API server puts behind the name of what it generates.
  private static func suffix(_ number: Int, _ generation: Int, _ length: Int) -> String {
    var random = SplitMix64(seed: UInt64(generation), index: UInt64(number))
    let letters = Array("bcdfghjklmnpqrstvwxz2456789")
    return String((0..<length).map { _ in letters[random.below(letters.count)] })
  }
}

/// The values of objects.
enum KubernetesValue {
  /// How a protobuf-encoded object begins.
  private static let magic: [UInt8] = [0x6B, 0x38, 0x73, 0x00]
  /// Where the time of sending stands: behind the magic number.
  static let stampOffset = 4
  private static let text = Array("\u{12}\u{0A}kubernetes.io/metadata.labels.app-team\u{1A}".utf8)
  /// Bytes of noise for each piece of text: the names, digests and times in an object.
  private static let noiseBytes = 16

  /// A value of `length` bytes, which compresses about as well as real objects do.
  static func make(_ length: Int, stamp: UInt64, _ random: inout SplitMix64) -> ByteBuffer {
    var value = ByteBuffer()
    value.reserveCapacity(length + text.count + noiseBytes)
    value.writeBytes(magic)
    value.writeInteger(stamp)
    while value.readableBytes < length {
      value.writeBytes(text)
      for _ in 0..<noiseBytes / 8 { value.writeInteger(random.next()) }
    }
    return value.getSlice(at: 0, length: length) ?? value
  }
}
