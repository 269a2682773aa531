/// Addresses of 100.64.0.0/10, each given to one pod at a time; those given back come again last.
struct AddressPool: Sendable {
  private static let base: UInt32 = 100 << 24 | 64 << 16
  private let size: UInt32
  private var used: Set<UInt32> = []
  /// What is given next if it is free; the first address of the range is never given.
  private var next: UInt32 = 1

  init(size: UInt32) { self.size = max(2, size) }

  /// An address; nil if all are taken.
  mutating func take() -> String? {
    guard used.count < Int(size) - 1 else { return nil }
    while used.contains(next) { advance() }
    used.insert(next)
    defer { advance() }
    return Self.text(next)
  }

  private mutating func advance() { next = next + 1 < size ? next + 1 : 1 }

  /// An address is taken, as was seen.
  mutating func reserve(_ address: String) {
    if let offset = offset(address) { used.insert(offset) }
  }

  /// An address is free again.
  mutating func giveBack(_ address: String) {
    if let offset = offset(address) { used.remove(offset) }
  }

  private func offset(_ address: String) -> UInt32? {
    let parts = address.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
    guard parts.count == 4 else { return nil }
    let number = parts.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    guard number > Self.base, number - Self.base < size else { return nil }
    return number - Self.base
  }

  private static func text(_ offset: UInt32) -> String {
    let number = base + offset
    return [24, 16, 8, 0].map { String(number >> $0 & 255) }.joined(separator: ".")
  }
}
