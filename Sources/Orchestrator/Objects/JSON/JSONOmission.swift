/// Parts of a document that a reader does not want: they are skipped, not parsed. Elements of arrays are treated alike.
public struct JSONOmission: Sendable, Hashable {
  /// Whether all of it is left out.
  private(set) var isEverything = false
  /// What is left out of the members with these keys.
  private var members: [String: JSONOmission] = [:]

  private init() {}

  /// Nothing is left out.
  public static let nothing = JSONOmission()

  /// The members at the ends of these paths, such as `metadata.managedFields`.
  public init(_ paths: [String]) {
    for path in paths { add(path.split(separator: ".").map(String.init)[...]) }
  }

  private mutating func add(_ path: ArraySlice<String>) {
    if let key = path.first {
      members[key, default: .nothing].add(path.dropFirst())
    } else {
      isEverything = true
    }
  }

  /// Whether nothing is left out.
  var isNothing: Bool { members.isEmpty && !isEverything }

  /// What is left out of a member.
  subscript(key: String) -> JSONOmission { members[key] ?? .nothing }
}

extension JSON {
  /// The place behind the value that begins at `start`, in JSON that is known to be well formed; nil if it has no end.
  public static func endOfValue(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var position = start
    var depth = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
          position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard position < bytes.count else { return nil }
        if depth == 0 { return position + 1 }
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return position }
        depth -= 1
        if depth == 0 { return position + 1 }
      case UInt8(ascii: ","): if depth == 0 { return position }
      default: break
      }
      position += 1
    }
    return nil
  }
}
