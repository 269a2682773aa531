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
    public var shape: Shape
    /// Whether the declaration calls it required. Validation is by hand; this is for OpenAPI.
    public var isRequired = false
    /// Whether nothing is written for an empty value (Go's `omitempty`). Without it an absent field is written with
    /// its zero value.
    public var omitsEmpty = true
    /// Whether absent and zero differ (a pointer in Go).
    public var isOptionalPointer = false
    public var patchStrategy = PatchStrategy()
    /// The field that tells the elements of a list apart in a strategic merge patch.
    public var mergeKey: String?
    /// The declared default.
    public var defaultValue: JSON?
    /// The values allowed, where they are declared; empty for any.
    public var enumeration: [String] = []
    /// The field number in protobuf, 0 if there is none.
    public var protobufNumber = 0

    public init(name: String, shape: Shape) {
      self.name = name
      self.shape = shape
    }
  }

  /// An object with known fields.
  public struct Structure: Sendable {
    /// Such as `core/v1.Pod`.
    public let name: String
    /// Inlined ones included.
    public let fields: [Field]
    /// Whether the structure as a whole has one owner under server-side apply.
    public let isAtomic: Bool
    private let places: [String: Int]

    public init(name: String, fields: [Field], isAtomic: Bool = false) {
      self.name = name
      self.fields = fields
      self.isAtomic = isAtomic
      places = Dictionary(uniqueKeysWithValues: fields.enumerated().map { ($1.name, $0) })
    }

    /// The field of this name in JSON.
    public subscript(field: String) -> Field? { places[field].map { fields[$0] } }
  }

  public let structures: [Structure]
  private let numbers: [String: Int]

  public init(structures: [Structure]) {
    self.structures = structures
    numbers = Dictionary(uniqueKeysWithValues: structures.enumerated().map { ($1.name, $0) })
  }

  /// The shape of a structure, by its name; nil when there is none of that name.
  public func shape(of structure: String) -> Shape? { numbers[structure].map { .structure($0) } }
}
