public import Objects

/// What a role allows (Kubernetes API: `PolicyRule`).
public struct PolicyRule: Sendable, Hashable {
  /// Such as `get`; `*` is all.
  public var verbs: [String]
  /// The API groups; `*` is all.
  public var apiGroups: [String]
  /// Such as `pods`, `pods/log`, `*/scale`; `*` is all.
  public var resources: [String]
  /// The only objects that the rule is about; empty for all.
  public var resourceNames: [String]
  /// Paths, of which a last `*` stands for anything.
  public var nonResourceURLs: [String]

  /// A rule in parts.
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

  /// A rule as a role holds it.
  public init(_ json: JSON) {
    self.init(
      verbs: json.strings("verbs"), apiGroups: json.strings("apiGroups"),
      resources: json.strings("resources"),
      resourceNames: json.strings("resourceNames"), nonResourceURLs: json.strings("nonResourceURLs"))
  }

  /// The rules of a role.
  public static func rules(of role: JSON) -> [PolicyRule] {
    (role["rules"]?.array ?? []).map(PolicyRule.init)
  }

  /// The rule as a role holds it.
  public var json: JSON {
    var json: JSON = ["verbs": .strings(verbs)]
    if !apiGroups.isEmpty { json["apiGroups"] = .strings(apiGroups) }
    if !resources.isEmpty { json["resources"] = .strings(resources) }
    if !resourceNames.isEmpty { json["resourceNames"] = .strings(resourceNames) }
    if !nonResourceURLs.isEmpty { json["nonResourceURLs"] = .strings(nonResourceURLs) }
    return json
  }

  /// Whether the rule allows what is asked for.
  public func allows(_ attributes: Attributes) -> Bool {
    guard Self.contains(verbs, attributes.verb) else { return false }
    guard attributes.isResource else {
      return nonResourceURLs.contains { Self.matches(pattern: $0, path: attributes.path) }
    }
    return Self.contains(apiGroups, attributes.group)
      && resources.contains { Self.matches($0, attributes.resource, attributes.subresource) }
      && (resourceNames.isEmpty || resourceNames.contains(attributes.name))
  }

  private static func contains(_ allowed: [String], _ one: String) -> Bool {
    allowed.contains { $0 == "*" || $0 == one }
  }

  private static func matches(_ pattern: String, _ resource: String, _ subresource: String) -> Bool {
    if pattern == "*" { return true }
    if subresource.isEmpty { return pattern == resource }
    // Compared without making the joined text: this is on the way of every request.
    let pattern = pattern.utf8
    guard let slash = pattern.firstIndex(of: UInt8(ascii: "/")) else { return false }
    let head = pattern[..<slash]
    guard pattern[pattern.index(after: slash)...].elementsEqual(subresource.utf8) else { return false }
    return head.elementsEqual("*".utf8) || head.elementsEqual(resource.utf8)
  }

  private static func matches(pattern: String, path: String) -> Bool {
    if pattern == "*" || pattern == path { return true }
    guard pattern.hasSuffix("*") else { return false }
    return path.utf8.starts(with: pattern.utf8.dropLast())
  }

  /// The rule in one line, as errors show it: `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`.
  var compactText: String {
    let parts = [
      ("APIGroups", apiGroups), ("Resources", resources), ("NonResourceURLs", nonResourceURLs),
      ("ResourceNames", resourceNames), ("Verbs", verbs),
    ]
    let texts = parts.filter { !$0.1.isEmpty }.map { $0.0 + ":" + GoText.quoted($0.1) }
    return "{" + texts.joined(separator: ", ") + "}"
  }
}

extension PolicyRule {
  /// How many single permissions of a rule are looked at when no rule of the owner has all of them.
  static let breakdownLimit = 100_000

  /// What of `wanted` is in none of the `owned` rules, broken down where a part of a rule is.
  public static func uncovered(_ wanted: [PolicyRule], by owned: [PolicyRule]) -> [PolicyRule] {
    var missing: [PolicyRule] = []
    for rule in wanted.flatMap(\.apart) where !owned.contains(where: { $0.covers(rule) }) {
      guard let single = rule.breakdown else {
        missing.append(rule)
        continue
      }
      missing += single.filter { part in !owned.contains { $0.covers(part) } }
    }
    return missing
  }

  /// What a rule says of resources and of paths, each as a rule of its own: no valid rule speaks of both, but this must
  /// hold for any.
  private var apart: [PolicyRule] {
    guard !nonResourceURLs.isEmpty, !resources.isEmpty else { return [self] }
    var aboutResources = self
    aboutResources.nonResourceURLs = []
    return [aboutResources, PolicyRule(verbs: verbs, nonResourceURLs: nonResourceURLs)]
  }

  /// Whether everything that the other rule allows is allowed by this one.
  func covers(_ other: PolicyRule) -> Bool {
    func all(_ parts: [String], in own: [String]) -> Bool {
      own.contains("*") || parts.allSatisfy { own.contains($0) }
    }
    guard all(other.verbs, in: verbs) else { return false }
    if !other.nonResourceURLs.isEmpty {
      return other.nonResourceURLs.allSatisfy { path in
        nonResourceURLs.contains { Self.matches(pattern: $0, path: path) }
      }
    }
    guard all(other.apiGroups, in: apiGroups) else { return false }
    let hasResources = other.resources.allSatisfy { wanted in
      resources.contains { own in
        if own == "*" || own == wanted { return true }
        guard let slash = wanted.firstIndex(of: "/") else { return false }
        return own == "*" + wanted[slash...]
      }
    }
    guard hasResources else { return false }
    if other.resourceNames.isEmpty { return resourceNames.isEmpty }
    return resourceNames.isEmpty || other.resourceNames.allSatisfy { resourceNames.contains($0) }
  }

  /// The rule as rules of one verb for one thing each; nil if they are too many.
  private var breakdown: [PolicyRule]? {
    let names = resourceNames.isEmpty ? 1 : resourceNames.count
    var count = verbs.count
    for factor in nonResourceURLs.isEmpty
      ? [apiGroups.count, resources.count, names] : [nonResourceURLs.count]
    {
      let (product, isTooLarge) = count.multipliedReportingOverflow(by: factor)
      guard !isTooLarge, product <= Self.breakdownLimit else { return nil }
      count = product
    }
    var single: [PolicyRule] = []
    single.reserveCapacity(count)
    if !nonResourceURLs.isEmpty {
      for path in nonResourceURLs {
        for verb in verbs { single.append(PolicyRule(verbs: [verb], nonResourceURLs: [path])) }
      }
      return single
    }
    for group in apiGroups {
      for resource in resources {
        for verb in verbs {
          if resourceNames.isEmpty {
            single.append(PolicyRule(verbs: [verb], apiGroups: [group], resources: [resource]))
          }
          for name in resourceNames {
            single.append(
              PolicyRule(verbs: [verb], apiGroups: [group], resources: [resource], resourceNames: [name]))
          }
        }
      }
    }
    return single
  }

  /// The rules with those for the same thing joined, in the order of their texts.
  static func compacted(_ rules: [PolicyRule]) -> [PolicyRule] {
    var joined: [PolicyRule] = []
    var places: [PolicyRule: Int] = [:]
    for rule in rules {
      var key = rule
      key.verbs = []
      guard let place = places[key] else {
        places[key] = joined.count
        joined.append(rule)
        continue
      }
      joined[place].verbs += rule.verbs.filter { !joined[place].verbs.contains($0) }
    }
    return joined.map { ($0, $0.compactText) }.sorted { $0.1 < $1.1 }.map(\.0)
  }
}
