/// A domain name, as it is on the wire: labels with their lengths, then the root's length of zero. Its spelling is
/// kept; `lowercased` is what names are compared by.
public struct DNSName: Sendable, Hashable {
  /// Labels, each behind its length, and a zero.
  let wire: [UInt8]

  /// The root.
  public static let root = DNSName(trusted: [0])

  /// Bytes that are known to be a name.
  init(trusted wire: [UInt8]) { self.wire = wire }

  /// A name in text, with or without the dot at its end. `\.` and `\065` stand for bytes that are no part of the
  /// notation. Nil for labels or names that are empty or too long.
  public init?(_ text: String) {
    var wire: [UInt8] = []
    var label: [UInt8] = []
    var bytes = Array(text.utf8)[...]
    if bytes.elementsEqual(".".utf8) {
      self = .root
      return
    }
    while let byte = bytes.popFirst() {
      switch byte {
      case UInt8(ascii: "."):
        guard Self.append(label, to: &wire) else { return nil }
        label = []
      case UInt8(ascii: "\\"):
        guard let escaped = Self.escaped(&bytes) else { return nil }
        label.append(escaped)
      default: label.append(byte)
      }
      if wire.count + label.count > DNSLimits.nameBytes { return nil }
    }
    if !label.isEmpty, !Self.append(label, to: &wire) { return nil }
    guard !wire.isEmpty, wire.count < DNSLimits.nameBytes else { return nil }
    wire.append(0)
    self.wire = wire
  }

  private static func append(_ label: [UInt8], to wire: inout [UInt8]) -> Bool {
    guard (1...DNSLimits.labelBytes).contains(label.count) else { return false }
    wire.append(UInt8(label.count))
    wire += label
    return true
  }

  private static func escaped(_ bytes: inout ArraySlice<UInt8>) -> UInt8? {
    guard let first = bytes.popFirst() else { return nil }
    guard (0x30...0x39).contains(first) else { return first }
    guard let second = bytes.popFirst(), let third = bytes.popFirst(),
      (0x30...0x39).contains(second), (0x30...0x39).contains(third)
    else { return nil }
    return UInt8(exactly: Int(first - 0x30) * 100 + Int(second - 0x30) * 10 + Int(third - 0x30))
  }

  /// A label before this name; nil if either becomes too long.
  public func prepending(_ label: String) -> DNSName? { prepending(Array(label.utf8)[...]) }

  func prepending(_ label: ArraySlice<UInt8>) -> DNSName? {
    guard (1...DNSLimits.labelBytes).contains(label.count),
      wire.count + label.count + 1 <= DNSLimits.nameBytes
    else { return nil }
    return DNSName(trusted: [UInt8(label.count)] + label + wire)
  }

  /// Whether this is the root.
  public var isRoot: Bool { wire.count == 1 }

  /// The name with A to Z as a to z.
  public var lowercased: DNSName {
    // Lengths are below 64 and no letters.
    guard wire.contains(where: { (0x41...0x5A).contains($0) }) else { return self }
    return DNSName(trusted: wire.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 })
  }

  /// The name without its first label; nil for the root.
  public var parent: DNSName? {
    isRoot ? nil : DNSName(trusted: Array(wire[(Int(wire[0]) + 1)...]))
  }

  /// The labels, first one first.
  var labels: [ArraySlice<UInt8>] {
    var labels: [ArraySlice<UInt8>] = []
    var place = 0
    while wire[place] != 0 {
      let end = place + 1 + Int(wire[place])
      labels.append(wire[(place + 1)..<end])
      place = end
    }
    return labels
  }

  /// Whether this is the other name or below it. Both are in lower case.
  func isWithin(_ other: DNSName) -> Bool {
    let start = wire.count - other.wire.count
    guard start >= 0, wire[start...].elementsEqual(other.wire) else { return false }
    // The bytes agree; they count if a label begins there.
    var place = 0
    while place < start { place += Int(wire[place]) + 1 }
    return place == start
  }

  /// The labels before the end that this name shares with another; nil if it is not within that. Both are in lower
  /// case.
  func labels(below other: DNSName) -> ArraySlice<ArraySlice<UInt8>>? {
    guard isWithin(other) else { return nil }
    let labels = labels
    return labels.prefix(labels.count - other.labels.count)
  }
}

extension DNSName: CustomStringConvertible {
  /// The name in text, with the dot at its end.
  public var description: String {
    if isRoot { return "." }
    var text = ""
    for label in labels {
      for byte in label {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "\\"):
          text += "\\"
          text.unicodeScalars.append(Unicode.Scalar(byte))
        case 0x21...0x7E: text.unicodeScalars.append(Unicode.Scalar(byte))
        default:
          let digits = String(byte)
          text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }
      }
      text += "."
    }
    return text
  }
}
