import Objects

/// Which numbers of a range are taken, as Kubernetes keeps it: `data` of a `RangeAllocation` is a number in big-endian
/// bytes without leading zeros, whose bit `n` stands for the `n`-th number.
public struct AllocationBitmap: Sendable, Hashable {
  /// How many numbers the range has.
  public let count: Int
  /// How many of them are taken.
  public private(set) var taken = 0
  private var words: [UInt64]

  /// Nothing is taken of `count` numbers.
  public init(count: Int) {
    self.count = max(0, count)
    words = [UInt64](repeating: 0, count: (self.count + 63) / 64)
  }

  /// What a `RangeAllocation` says about a range of `count` numbers; nil if that is not to be read.
  public init?(count: Int, base64: String) {
    self.init(count: count)
    guard let bytes = try? Base64.decode(base64) else { return nil }
    for (index, byte) in bytes.reversed().enumerated() where byte != 0 {
      for bit in 0..<8 where byte & (1 << bit) != 0 {
        guard insert(index * 8 + bit) else { return nil }
      }
    }
  }

  /// How `RangeAllocation` has it.
  public var base64: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(words.count * 8)
    for word in words.reversed() {
      for shift in stride(from: 56, through: 0, by: -8) {
        let byte = UInt8(truncatingIfNeeded: word >> UInt64(shift))
        if byte != 0 || !bytes.isEmpty { bytes.append(byte) }
      }
    }
    return Base64.encode(bytes)
  }

  /// Whether a number is taken; one outside the range is not.
  public func contains(_ number: Int) -> Bool {
    guard number >= 0, number < count else { return false }
    return words[number / 64] & (1 << UInt64(number % 64)) != 0
  }

  /// Takes a number.
  /// - Returns: whether it was free and is in the range.
  public mutating func insert(_ number: Int) -> Bool {
    guard number >= 0, number < count, !contains(number) else { return false }
    words[number / 64] |= 1 << UInt64(number % 64)
    taken += 1
    return true
  }

  /// Gives a number back.
  /// - Returns: whether it was taken.
  @discardableResult
  public mutating func remove(_ number: Int) -> Bool {
    guard contains(number) else { return false }
    words[number / 64] &= ~(1 << UInt64(number % 64))
    taken -= 1
    return true
  }

  /// Takes any free number. Those below `reserved` are for whoever names a number: they are taken last.
  /// - Parameter random: a number below its argument, which is above 0.
  /// - Returns: nil if all are taken.
  public mutating func insertAny(reserved: Int, random: (Int) -> Int) -> Int? {
    guard taken < count else { return nil }
    let reserved = min(max(0, reserved), count)
    for band in [reserved..<count, 0..<reserved] where !band.isEmpty {
      let start = band.lowerBound + min(max(0, random(band.count)), band.count - 1)
      if let number = firstFree(in: start..<band.upperBound) ?? firstFree(in: band.lowerBound..<start) {
        _ = insert(number)
        return number
      }
    }
    return nil
  }

  private func firstFree(in numbers: Range<Int>) -> Int? {
    var number = numbers.lowerBound
    while number < numbers.upperBound {
      let free = ~words[number / 64] >> UInt64(number % 64)
      if free != 0 {
        let found = number + free.trailingZeroBitCount
        return found < numbers.upperBound ? found : nil
      }
      number += 64 - number % 64
    }
    return nil
  }

  /// The numbers that are taken, in order.
  public var numbers: [Int] {
    var numbers: [Int] = []
    for (index, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        numbers.append(index * 64 + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
    return numbers
  }
}
