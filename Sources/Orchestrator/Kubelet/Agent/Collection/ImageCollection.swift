public import Objects

/// Which images go when the disk fills up. Pure.
public struct ImageCollection: Sendable, Hashable {
  /// An image that is present.
  public struct Item: Sendable, Hashable {
    /// The runtime's id.
    public var id: String
    /// Bytes.
    public var size: UInt64
    /// When it was seen first.
    public var firstSeen: Timestamp
    /// When a container used it last; the zero time if none has.
    public var lastUsed: Timestamp
    /// It is never to go.
    public var isPinned: Bool

    /// An image.
    public init(
      id: String, size: UInt64, firstSeen: Timestamp, lastUsed: Timestamp = .zero, isPinned: Bool = false
    ) {
      self.id = id
      self.size = size
      self.firstSeen = firstSeen
      self.lastUsed = lastUsed
      self.isPinned = isPinned
    }
  }

  /// Collection begins when the disk is as full, in percent.
  public var highThreshold: UInt64 = 85
  /// Collection ends when the disk is as full, in percent.
  public var lowThreshold: UInt64 = 80
  /// Younger images stay: their containers may be about to start.
  public var minimumAge = Duration.seconds(120)

  /// A stock kubelet's thresholds.
  public init() {}

  /// The images to remove, in order: those unused for longest first. Stop when enough is free.
  ///
  /// - Parameters:
  ///   - inUse: ids of images that containers have, running or not.
  public func remove(
    _ images: [Item], inUse: Set<String>, capacity: UInt64, available: UInt64, now: Timestamp
  ) -> [String] {
    var missing = missing(capacity: capacity, available: available)
    var removed: [String] = []
    let candidates = images.filter { image in
      !image.isPinned && !inUse.contains(image.id) && now.since(image.firstSeen) >= minimumAge
    }.sorted { ($0.lastUsed, $0.firstSeen, $0.id) < ($1.lastUsed, $1.firstSeen, $1.id) }
    for image in candidates where missing > 0 {
      removed.append(image.id)
      missing -= min(missing, image.size)
    }
    return removed
  }

  /// How many bytes have to become free; 0 while the disk is not full enough.
  public func missing(capacity: UInt64, available: UInt64) -> UInt64 {
    guard capacity > 0, available <= capacity else { return 0 }
    let used = Double(capacity - available) / Double(capacity) * 100
    guard used >= Double(highThreshold) else { return 0 }
    let wanted = UInt64(Double(capacity) * Double(100 - min(100, lowThreshold)) / 100)
    return wanted > available ? wanted - available : 0
  }
}
