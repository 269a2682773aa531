/// How the files of a log are named within its directory.
struct SegmentNames {
  static let suffix = ".wal"

  let directory: String

  var lock: String { directory + "/lock" }
  var ballast: String { directory + "/ballast" }
  /// Where the first segment is made; it gets its name when it is whole.
  var unfinished: String { directory + "/first.tmp" }

  /// The path of a segment: its sequence number as 16 hexadecimal digits, so that names sort as segments do.
  func segment(_ sequence: UInt64) -> String {
    let digits = String(sequence, radix: 16)
    return directory + "/" + String(repeating: "0", count: 16 - digits.count) + digits + SegmentNames.suffix
  }

  /// The sequence number that a segment's file name tells; nil if it is not such a name.
  static func sequence(_ name: String) -> UInt64? {
    guard name.hasSuffix(suffix), name.utf8.count == 16 + suffix.utf8.count else { return nil }
    let digits = name.dropLast(suffix.count)
    guard digits.allSatisfy({ $0.isHexDigit && !$0.isUppercase }) else { return nil }
    // Counting on from a made-up number must not overflow.
    return UInt64(digits, radix: 16).flatMap { $0 <= UInt64.max / 2 ? $0 : nil }
  }

  /// The directory that holds the log's directory.
  var parent: String {
    var path = Substring(directory)
    while path.count > 1 && path.hasSuffix("/") { path = path.dropLast() }
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
