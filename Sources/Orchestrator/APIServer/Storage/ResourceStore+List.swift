public import Exchange
public import Objects

/// Which objects to list, and as of when.
public struct ListQuery: Sendable {
  /// Nil or empty for all.
  public var namespace: String?
  /// What labels they must have.
  public var labels: LabelRequirements
  /// What selectable fields they must have.
  public var fields: FieldSelector
  /// 0 for all.
  public var limit: Int
  /// Where an earlier list was cut; empty at its beginning.
  public var continueToken: String
  /// Empty for now, `0` for any that this server has, or a version.
  public var resourceVersion: String
  /// `Exact`, `NotOlderThan`, or empty.
  public var resourceVersionMatch: String

  /// All objects of a namespace, or of all.
  public init(
    namespace: String? = nil, labels: LabelRequirements = .everything,
    fields: FieldSelector = FieldSelector([]),
    limit: Int = 0, continueToken: String = "", resourceVersion: String = "",
    resourceVersionMatch: String = ""
  ) {
    self.namespace = namespace
    self.labels = labels
    self.fields = fields
    self.limit = limit
    self.continueToken = continueToken
    self.resourceVersion = resourceVersion
    self.resourceVersionMatch = resourceVersionMatch
  }
}

/// Objects in the order of their names.
public struct ObjectList: Sendable {
  /// The objects.
  public var items: [StoredObject]
  /// The version of the list.
  public var revision: Int64
  /// Where the rest begins; empty if this is all.
  public var continueToken: String
  /// How many follow, where that is known.
  public var remainingItemCount: Int64?
}

extension ResourceStore {
  /// Lists objects.
  /// - Throws: 400 and 422 for parameters that make no sense, 410 for a version that is compacted, with a token to go on
  ///   with, 504 for one that has not been reached.
  public func list(_ query: ListQuery) async throws(StatusError) -> ObjectList {
    var reader = try await read(query)
    return try await reader.all()
  }

  /// Begins a list, whose first page is then there.
  /// - Throws: as `list`.
  public func read(_ query: ListQuery) async throws(StatusError) -> ListReader {
    try ResourceVersion.check(
      version: query.resourceVersion, match: query.resourceVersionMatch, continueToken: query.continueToken,
      sendsInitialEvents: nil, isWatch: false)
    let version = try ResourceVersion.parse(query.resourceVersion)
    let range = keys.range(namespace: query.namespace)
    var read = StoreRange(start: range.start, end: range.end)
    var limit = max(0, query.limit)
    if !query.continueToken.isEmpty {
      guard query.resourceVersion.isEmpty || query.resourceVersion == "0" else {
        throw .badRequest("specifying resource version is not allowed when using continue")
      }
      let token = try ContinueToken(query.continueToken)
      read.start = range.start + token.start
      read.revision = max(0, token.revision)
    } else if let version, version > 0,
      query.resourceVersionMatch == "Exact" || query.resourceVersionMatch.isEmpty && limit > 0
    {
      read.revision = version
    } else if version == 0 {
      // As from a cache: any state will do, and all of it.
      read.isSerializable = true
      limit = 0
    }
    let filter = ObjectFilter(labels: query.labels, fields: query.fields, selectable: fields)
    var reader = ListReader(store: self, read: read, rangeStart: range.start, filter: filter, limit: limit)
    try await reader.begin()
    if let version, version > reader.revision {
      throw ResourceVersion.tooLarge(version, current: reader.revision)
    }
    return reader
  }

  fileprivate func page(
    _ read: StoreRange, rangeStart: [UInt8]
  ) async throws(StatusError) -> StorePage {
    do {
      return try await client.range(read)
    } catch .compacted {
      guard read.start.count > rangeStart.count else {
        throw .expired(
          "The resourceVersion for the provided list is too old.")
      }
      // The client may go on with what there is now, knowing that it is of another moment.
      let token = ContinueToken(revision: -1, start: Array(read.start[rangeStart.count...])).text
      var error = StatusError.expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
          + "the continue parameter, or use the continue token in this response to retrieve the remainder of the "
          + "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
          + "modified, or deleted between the time the first chunk was returned and now may show up in the list."
      )
      error.status["metadata", "continue"] = .string(token)
      throw error
    } catch .futureRevision {
      let current = try await calling { () async throws(StoreError) in
        try await client.range(StoreRange(start: rangeStart, end: read.end, limit: 1, content: .count))
      }
      throw ResourceVersion.tooLarge(read.revision, current: current.revision)
    } catch {
      throw error.status
    }
  }
}

/// A list that is read page by page, all pages as of one moment.
public struct ListReader: Sendable {
  private let store: ResourceStore
  private let rangeStart: [UInt8]
  private let filter: ObjectFilter
  private var read: StoreRange
  /// What may still be delivered; nil for all.
  private var left: Int?
  /// The first page, until it is asked for.
  private var first: [StoredObject]?
  /// The version of the list.
  public private(set) var revision: Int64
  /// Whether everything has been read.
  public private(set) var isAtEnd = false
  /// Where the rest begins once the limit is reached; empty if there is none.
  public private(set) var continueToken = ""
  /// How many follow there, where that is known.
  public private(set) var remainingItemCount: Int64?

  /// Whether the list is cut at a number of objects, and so can say only at its end where it goes on.
  public var hasLimit: Bool { left != nil }

  fileprivate init(
    store: ResourceStore, read: StoreRange, rangeStart: [UInt8], filter: ObjectFilter, limit: Int
  ) {
    self.store = store
    self.read = read
    self.rangeStart = rangeStart
    self.filter = filter
    left = limit > 0 ? limit : nil
    revision = read.revision
  }

  fileprivate mutating func begin() async throws(StatusError) { first = try await next() }

  /// Everything that has not been asked for.
  public mutating func all() async throws(StatusError) -> ObjectList {
    var items: [StoredObject] = []
    while let page = try await next() { items += page }
    return ObjectList(
      items: items, revision: revision, continueToken: continueToken, remainingItemCount: remainingItemCount)
  }

  /// The objects of the next page that match, perhaps none; nil at the end.
  public mutating func next() async throws(StatusError) -> [StoredObject]? {
    if let first {
      self.first = nil
      return first
    }
    guard !isAtEnd else { return nil }
    read.limit = store.options.pageValues
    if let left, filter.matchesAll { read.limit = min(left, read.limit) }
    let page = try await store.page(read, rangeStart: rangeStart)
    if revision == 0 {
      revision = page.revision
      // What follows is of the same moment.
      read.revision = page.revision
    }
    var objects: [StoredObject] = []
    objects.reserveCapacity(page.values.count)
    for (index, value) in page.values.enumerated() {
      let object = StoredObject(value: value.value, revision: value.modRevision)
      guard filter.matches(object) else { continue }
      objects.append(object)
      guard let left else { continue }
      self.left = left - 1
      guard left == 1 else { continue }
      let rest = page.count - index - 1
      if rest > 0 {
        continueToken =
          ContinueToken(revision: revision, start: Array(value.key[rangeStart.count...]) + [0]).text
        if filter.matchesAll { remainingItemCount = Int64(rest) }
      }
      isAtEnd = true
      return objects
    }
    if page.hasMore, let last = page.values.last { read.start = last.key + [0] } else { isAtEnd = true }
    return objects
  }
}

/// Which objects a list or a watch is about.
struct ObjectFilter: Sendable {
  let labels: LabelRequirements
  let fields: FieldSelector
  let selectable: SelectableFields
  /// A text that the JSON of every match has; nil if there is none.
  private let needle: [UInt8]?

  init(labels: LabelRequirements, fields: FieldSelector, selectable: SelectableFields) {
    self.labels = labels
    self.fields = fields
    self.selectable = selectable
    // Names of nodes and objects are written without escapes.
    let value = fields.requiredValue(of: "spec.nodeName") ?? fields.requiredValue(of: "metadata.name") ?? ""
    let isPlain = value.utf8.allSatisfy { $0 >= 0x2d && $0 < 0x7b && $0 != 0x3c && $0 != 0x3e && $0 != 0x5c }
    needle = value.isEmpty || !isPlain ? nil : Array(("\"" + value + "\"").utf8)
  }

  /// Whether every object matches.
  var matchesAll: Bool { labels.isEmpty && fields.isEmpty && !labels.matchesNothing }

  func matches(_ object: StoredObject) -> Bool {
    if matchesAll { return true }
    if let needle, !Self.contains(object.value, needle) { return false }
    let json = object.json
    return labels.matches(json["metadata", "labels"]) && (fields.isEmpty || selectable.matches(fields, json))
  }

  private static func contains(_ value: [UInt8], _ needle: [UInt8]) -> Bool {
    guard let first = needle.first, value.count >= needle.count else { return false }
    return value.withUnsafeBufferPointer { value in
      needle.withUnsafeBufferPointer { needle in
        for start in 0...(value.count - needle.count) where value[start] == first {
          if value[start..<(start + needle.count)].elementsEqual(needle) { return true }
        }
        return false
      }
    }
  }
}
