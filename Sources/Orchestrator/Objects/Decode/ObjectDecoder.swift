/// Makes the canonical JSON of objects: what is stored and served.
///
/// Canonical is what is left after a round trip through Kubernetes' own types: fields that the structure does not have
/// are gone; so are empty values of fields that are omitted when empty; zero values stand where a field always is;
/// quantities, times and durations are written in their one form.
public struct ObjectDecoder: Sendable {
  /// An object, and what was wrong with it but did no harm.
  public struct Decoded: Sendable {
    /// The canonical JSON.
    public let value: JSON
    /// Fields that are unknown or occur again, in the order of the text: `unknown field "spec.x"`. At most 100.
    public let problems: [String]
  }

  private static let maximumProblems = 100

  /// The structures that are known.
  public let schema: Schema

  /// A decoder for the objects of a schema.
  public init(schema: Schema = .builtIn) { self.schema = schema }

  /// Decodes a document.
  /// - Throws: `DecodeError` when a value has not the shape it must have.
  public func decode(_ document: JSONDocument, as shape: Schema.Shape) throws(DecodeError) -> Decoded {
    var run = DecodeRun(schema: schema)
    let value = run.document(document.value, shape)
    if run.findings.isEmpty, document.duplicates.isEmpty { return Decoded(value: value, problems: []) }
    if let error = error(of: run.findings, in: document) { throw error }
    return Decoded(value: value, problems: problems(run.findings, document, shape))
  }

  /// Decodes a body.
  /// - Throws: `DecodeError` when it is no JSON, or a value has not the shape it must have.
  public func decode(_ body: [UInt8], as shape: Schema.Shape) throws(DecodeError) -> Decoded {
    let document: JSONDocument
    do throws(JSONError) {
      document = try JSONDocument(body)
    } catch {
      throw DecodeError(error.description)
    }
    return try decode(document, as: shape)
  }

  /// Decodes a value that never was a text of its own, such as a patched object.
  /// - Throws: `DecodeError` when a value has not the shape it must have.
  public func decode(_ value: JSON, as shape: Schema.Shape) throws(DecodeError) -> Decoded {
    try decode(JSONDocument(value), as: shape)
  }

  /// The canonical JSON of a value of any shape, such as a pod template; what has not its shape is left out.
  public func prune(_ value: JSON, as shape: Schema.Shape) -> JSON {
    var run = DecodeRun(schema: schema)
    return run.document(value, shape)
  }

  // MARK: Findings

  /// The error that Kubernetes' decoder would report: the first that stops it, else the first it meets.
  private func error(of findings: [DecodeRun.Finding], in document: JSONDocument) -> DecodeError? {
    let errors = findings.filter { if case .unknown = $0.kind { false } else { true } }
    let stopping = errors.filter(\.isStop)
    let candidates = stopping.isEmpty ? errors : stopping
    let places = document.offsets(of: candidates.map { JSONLocator.Target(path: $0.path) })
    guard let first = candidates.indices.min(by: { (places[$0]?.key ?? 0) < (places[$1]?.key ?? 0) }) else {
      return nil
    }
    switch candidates[first].kind {
    case .unknown: return nil
    case .message(let message): return DecodeError(message)
    case .number(let before, let number, let after):
      let written = places[first].flatMap { document.number(at: $0.value) }
      return DecodeError(before + (written ?? number) + after)
    }
  }

  private func problems(
    _ findings: [DecodeRun.Finding], _ document: JSONDocument, _ shape: Schema.Shape
  ) -> [String] {
    var targets: [JSONLocator.Target] = []
    for finding in findings {
      if case .unknown = finding.kind { targets.append(JSONLocator.Target(path: finding.path)) }
    }
    for path in document.duplicates where isChecked(path, shape) {
      targets.append(JSONLocator.Target(path: path, isRepetition: true))
    }
    let places = document.offsets(of: targets)
    var seen: Set<String> = []
    var problems: [String] = []
    let order = targets.indices.sorted { (places[$0]?.key ?? 0, $0) < (places[$1]?.key ?? 0, $1) }
    for place in order where problems.count < Self.maximumProblems {
      let target = targets[place]
      let word = target.isRepetition ? "duplicate" : "unknown"
      let problem = "\(word) field \(GoFormat.quoted(target.path.description))"
      if seen.insert(problem).inserted { problems.append(problem) }
    }
    return problems
  }

  /// Whether repeated keys matter there: not in values that are kept as they are, nor below unknown fields.
  private func isChecked(_ path: JSONPath, _ shape: Schema.Shape) -> Bool {
    var shape = shape
    for step in path.steps {
      switch (shape, step) {
      case (.structure(let number), .key(let key)):
        guard let field = schema.structures[number][key] else { return false }
        shape = field.shape
      case (.list(let element, _), .index), (.map(let element, _), .key): shape = element
      default: return false
      }
    }
    return true
  }
}
