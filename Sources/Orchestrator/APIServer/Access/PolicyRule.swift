public import Objects

/// One rule of a Role or ClusterRole: what may be done to what.
public struct PolicyRule: Sendable, Hashable {
  /// `*` for all.
  public var verbs: [String]
  /// Empty text for the core group; `*` for all.
  public var apiGroups: [String]
  /// `pods`, `pods/log`, `*/scale`, `*`.
  public var resources: [String]
  /// Empty for all names.
  public var resourceNames: [String]
  /// `/healthz`, `/apis/*`, `*`.
  public var nonResourceURLs: [String]

  /// A rule about resources.
  public init(
    verbs: [String], apiGroups: [String] = [], resources: [String] = [], resourceNames: [String] = [],
    nonResourceURLs: [String] = []
  ) {
    self.verbs = verbs
    self.apiGroups = apiGroups
    self.resources = resources
    self.resourceNames = resourceNames
    self.nonResourceURLs = nonResourceURLs
  }

  /// A rule as it is stored.
  public init(_ json: JSON) {
    func texts(_ field: String) -> [String] { (json[field]?.array ?? []).compactMap(\.string) }
    self.init(
      verbs: texts("verbs"), apiGroups: texts("apiGroups"), resources: texts("resources"),
      resourceNames: texts("resourceNames"), nonResourceURLs: texts("nonResourceURLs"))
  }

  /// As it is stored.
  public var json: JSON {
    var json: JSON = ["verbs": Self.array(verbs)]
    if !apiGroups.isEmpty { json["apiGroups"] = Self.array(apiGroups) }
    if !resources.isEmpty { json["resources"] = Self.array(resources) }
    if !resourceNames.isEmpty { json["resourceNames"] = Self.array(resourceNames) }
    if !nonResourceURLs.isEmpty { json["nonResourceURLs"] = Self.array(nonResourceURLs) }
    return json
  }

  private static func array(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }

  /// Whether the rule lets this be done.
  public func allows(_ request: Attributes) -> Bool {
    guard Self.has(verbs, request.verb) else { return false }
    guard request.isResource else { return nonResourceURLs.contains { Self.matches($0, path: request.path) } }
    guard Self.has(apiGroups, request.group) else { return false }
    let whole = request.subresource.isEmpty ? request.resource : request.resource + "/" + request.subresource
    guard
      resources.contains(where: {
        $0 == "*" || $0 == whole || !request.subresource.isEmpty && $0 == "*/" + request.subresource
      })
    else { return false }
    return resourceNames.isEmpty || resourceNames.contains(request.name)
  }

  private static func has(_ list: [String], _ text: String) -> Bool {
    list.contains("*") || list.contains(text)
  }

  private static func matches(_ pattern: String, path: String) -> Bool {
    if pattern == "*" || pattern == path { return true }
    return pattern.hasSuffix("*") && path.hasPrefix(pattern.dropLast())
  }

  /// Whether some of these rules together let everything be done that this one does: nobody may grant more than they
  /// have.
  public func isCovered(by rules: [PolicyRule]) -> Bool {
    split.allSatisfy { piece in rules.contains { $0.covers(piece) } }
  }

  /// Rules with one verb and one resource or path each.
  private var split: [PolicyRule] {
    var pieces: [PolicyRule] = []
    for verb in verbs {
      for group in apiGroups {
        for resource in resources {
          guard !resourceNames.isEmpty else {
            pieces.append(PolicyRule(verbs: [verb], apiGroups: [group], resources: [resource]))
            continue
          }
          pieces += resourceNames.map {
            PolicyRule(verbs: [verb], apiGroups: [group], resources: [resource], resourceNames: [$0])
          }
        }
      }
      pieces += nonResourceURLs.map { PolicyRule(verbs: [verb], nonResourceURLs: [$0]) }
    }
    return pieces
  }

  /// Whether this rule alone covers one piece.
  private func covers(_ piece: PolicyRule) -> Bool {
    guard let verb = piece.verbs.first, Self.has(verbs, verb) else { return false }
    if let path = piece.nonResourceURLs.first {
      return nonResourceURLs.contains { Self.matches($0, path: path) }
    }
    guard let group = piece.apiGroups.first, let resource = piece.resources.first, Self.has(apiGroups, group),
      resources.contains(where: { pattern in
        pattern == "*" || pattern == resource
          || pattern.hasPrefix("*/") && resource.hasSuffix(pattern.dropFirst())
      })
    else { return false }
    guard let name = piece.resourceNames.first else { return resourceNames.isEmpty }
    return resourceNames.isEmpty || resourceNames.contains(name)
  }
}
