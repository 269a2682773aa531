/// The parts of the cluster's range of pod addresses (IPv4), one for each node.
public struct PodRanges: Sendable, Hashable {
  private let first: UInt32
  /// How many addresses a part has.
  private let size: UInt64
  private let count: Int
  private let maskSize: Int
  /// Numbers of parts that nodes have.
  private var taken: Set<Int> = []
  /// Where the search goes on: a part that was given back is used again late.
  private var next = 0

  /// Parts of a range in CIDR notation.
  /// - Parameter nodeMaskSize: how many bits the addresses of a node share. Nil if that does not fit the range, or leaves
  ///   no room for pods.
  public init?(_ clusterCIDR: String, nodeMaskSize: Int) {
    guard let range = Self.parse(clusterCIDR), (range.bits...30).contains(nodeMaskSize),
      nodeMaskSize - range.bits <= 16
    else { return nil }
    first = range.first
    size = 1 << UInt64(32 - nodeMaskSize)
    count = 1 << (nodeMaskSize - range.bits)
    maskSize = nodeMaskSize
  }

  private static func parse(_ text: String) -> (first: UInt32, bits: Int)? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let bits = Int(parts[1]), (1...32).contains(bits) else { return nil }
    let bytes = parts[0].split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    guard bytes.count == 4, !bytes.contains(nil) else { return nil }
    let address = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1 ?? 0) }
    let mask = UInt32.max << UInt32(32 - bits)
    // A range begins where it says.
    return address & ~mask == 0 ? (address, bits) : nil
  }

  /// The numbers of the parts that a range overlaps.
  private func parts(of range: String) -> Range<Int> {
    guard let (address, bits) = Self.parse(range) else { return 0..<0 }
    let (begin, length) = (Int64(address) - Int64(first), Int64(1) << Int64(32 - bits))
    let (low, high) = (begin / Int64(size), (begin + length - 1) / Int64(size))
    guard begin + length > 0, low < Int64(count) else { return 0..<0 }
    return Int(max(0, low))..<Int(min(Int64(count), high + 1))
  }

  /// A node has this range.
  public mutating func take(_ range: String) { taken.formUnion(parts(of: range)) }

  /// No node has this range any more.
  public mutating func giveBack(_ range: String) { taken.subtract(parts(of: range)) }

  /// A range for a node; nil if there is none left.
  public mutating func allocate() -> String? {
    guard taken.count < count else { return nil }
    while taken.contains(next) { next = (next + 1) % count }
    defer { next = (next + 1) % count }
    taken.insert(next)
    let address = first + UInt32(UInt64(next) * size)
    return [24, 16, 8, 0].map { String(address >> $0 & 0xFF) }.joined(separator: ".") + "/\(maskSize)"
  }
}
