/// What a patch may ask for at most. The first two are Kubernetes' own.
public enum PatchLimits {
  /// Operations in a JSON patch.
  public static let operations = 10_000
  /// Bytes of JSON that the `copy` operations of one JSON patch may add together.
  public static let copiedBytes = 3 * 1024 * 1024
  /// Arrays and objects inside each other, in a patch and where a JSON patch puts a value. All that recurses over a
  /// patch is bounded by it.
  public static let depth = 256
  /// Units of work of one JSON patch: 16 elements or members shifted by an insertion or removal, or 16 bytes of JSON
  /// moved. Without it, 10,000 small operations on one huge array would keep a processor for a minute.
  public static let effort = 5_000_000
}

extension JSON {
  /// How much there is of a value.
  struct Extent: Hashable {
    /// Arrays and objects on the longest way into it.
    var depth = 0
    /// About how many bytes it has as JSON: escapes are not counted.
    var bytes = 0
  }

  /// The extent of this value; nil where it is deeper than this.
  func extent(maximumDepth: Int = PatchLimits.depth) -> Extent? {
    switch self {
    case .null: return Extent(bytes: 4)
    case .boolean(let value): return Extent(bytes: value ? 4 : 5)
    case .integer(let value): return Extent(bytes: String(value).utf8.count)
    case .number(let value): return Extent(bytes: value.description.utf8.count)
    case .string(let value): return Extent(bytes: value.utf8.count + 2)
    case .array(let elements):
      guard maximumDepth > 0 else { return nil }
      var whole = Extent(depth: 0, bytes: 1)
      for element in elements {
        guard let part = element.extent(maximumDepth: maximumDepth - 1) else { return nil }
        whole.depth = max(whole.depth, part.depth)
        whole.bytes += part.bytes + 1
      }
      whole.depth += 1
      return whole
    case .object(let members):
      guard maximumDepth > 0 else { return nil }
      var whole = Extent(depth: 0, bytes: 1)
      for member in members {
        guard let part = member.value.extent(maximumDepth: maximumDepth - 1) else { return nil }
        whole.depth = max(whole.depth, part.depth)
        whole.bytes += member.key.utf8.count + part.bytes + 4
      }
      whole.depth += 1
      return whole
    }
  }

  /// Whether this is deeper than a patch may be.
  var isTooDeep: Bool { extent() == nil }
}
