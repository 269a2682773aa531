/// What the objects of an API look like: their structures, and for each field what decoding, patches, server-side apply
/// and OpenAPI need to know about it. `Schema.builtIn` has Kubernetes' own kinds.
public struct Schema: Sendable {
  /// What a value must be.
  public indirect enum Shape: Sendable, Hashable {
    case string
    case boolean
    case int32
    case int64
    case number
    /// Base64 in a string.
    case bytes
    /// A `Quantity`: a string or a number.
    case quantity
    case intOrString
    /// RFC 3339 with seconds; null for none.
    case time
    /// RFC 3339 with microseconds; null for none.
    case microTime
    /// A duration in Go's form, such as `1h30m`.
    case duration
    /// Any JSON object, kept as it is: embedded objects, `FieldsV1`.
    case rawObject
    /// Any JSON at all.
    case any
    /// The structure with this number: `schema.structures[number]`.
    case structure(Int)
    case list(Shape, ListKind)
    /// From strings to values; an atomic map has one owner as a whole under server-side apply.
    case map(Shape, isAtomic: Bool)
  }

  /// How the elements of a list are told apart under server-side apply (`x-kubernetes-list-type`).
  public enum ListKind: Sendable, Hashable {
    case atomic
    case set
    /// By the values of these fields.
    case map(keys: [String])
  }

  /// How a strategic merge patch treats a field (`x-kubernetes-patch-strategy`).
  public struct PatchStrategy: Sendable, Hashable {
    /// Lists are merged instead of replaced: by `mergeKey`, or as sets of scalars.
    public var merges = false
    /// `$retainKeys` may name the fields that stay.
    public var retainsKeys = false
    /// An object is replaced instead of merged.
    public var replaces = false

    /// A strategy; replacing lists and merging objects is the usual one.
    public init(merges: Bool = false, retainsKeys: Bool = false, replaces: Bool = false) {
      self.merges = merges
      self.retainsKeys = retainsKeys
      self.replaces = replaces
    }
  }

  /// A field of a structure.
  public struct Field: Sendable, Hashable {
    /// Its name in JSON.
    public var name: String
    /// What its value must be.
    public var shape: Shape
    /// Whether the declaration calls it required. Validation is by hand; this is for OpenAPI.
    public var isRequired = false
    /// Whether nothing is written for an empty value (Go's `omitempty`). Without it an absent field is written with
    /// its zero value.
    public var omitsEmpty = true
    /// Whether absent and zero differ (a pointer in Go).
    public var isOptionalPointer = false
    /// How a strategic merge patch treats it.
    public var patchStrategy = PatchStrategy()
    /// The field that tells the elements of a list apart in a strategic merge patch.
    public var mergeKey: String?
    /// The declared default.
    public var defaultValue: JSON?
    /// The values allowed, where they are declared; empty for any.
    public var enumeration: [String] = []
    /// The field number in protobuf, 0 if there is none.
    public var protobufNumber = 0
    /// The type as Kubernetes' messages name it, such as `v1.Protocol` or `[]v1.PodIP`; nil where the shape tells it.
    public var typeName: String?

    /// An optional field without further properties.
    public init(name: String, shape: Shape) {
      self.name = name
      self.shape = shape
    }
  }

  /// An object with known fields.
  public struct Structure: Sendable {
    /// Such as `core/v1.Pod`.
    public let name: String
    /// Sorted by name, inlined ones included.
    public let fields: [Field]
    /// Whether the structure as a whole has one owner under server-side apply.
    public let isAtomic: Bool

    /// A structure of fields in any order, each name once.
    public init(name: String, fields: [Field], isAtomic: Bool = false) {
      self.name = name
      // Decoding walks the fields and a document's members side by side, and the latter are sorted.
      var place = 1
      while place < fields.count, fields[place - 1].name < fields[place].name { place += 1 }
      self.fields = place >= fields.count ? fields : fields.sorted { $0.name < $1.name }
      self.isAtomic = isAtomic
    }

    /// The field of this name in JSON.
    public subscript(field: String) -> Field? {
      var low = 0
      var high = fields.count
      while low < high {
        let middle = (low + high) / 2
        if fields[middle].name < field { low = middle + 1 } else { high = middle }
      }
      return low < fields.count && fields[low].name == field ? .some(fields[low]) : nil
    }
  }

  /// All structures; shapes refer to them by their places.
  public let structures: [Structure]
  private let numbers: [String: Int]

  /// A schema of structures with different names.
  public init(structures: [Structure]) {
    self.structures = structures
    numbers = Dictionary(uniqueKeysWithValues: structures.enumerated().map { ($1.name, $0) })
  }

  /// The shape of a structure, by its name; nil when there is none of that name.
  public func shape(of structure: String) -> Shape? { numbers[structure].map { .structure($0) } }
}
