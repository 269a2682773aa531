/// Which nodes have which images, and how large they are.
struct ImageSpread: Sendable {
  /// Bytes, by image name and node slot.
  private(set) var sizes: [String: [Int: Int64]] = [:]

  mutating func setNode(_ slot: Int, from old: [String: Int64], to new: [String: Int64]) {
    guard old != new else { return }
    for name in old.keys where new[name] == nil {
      sizes[name]?[slot] = nil
      if sizes[name]?.isEmpty ?? false { sizes[name] = nil }
    }
    for (name, size) in new { sizes[name, default: [:]][slot] = size }
  }
}
