internal import Objects

/// One of the terms of a node affinity: expressions over labels and over `metadata.name`, all of which must hold.
struct NodeSelectorTerm: Sendable, Hashable {
  let expressions: [LabelRequirement]
  let fields: [LabelRequirement]

  init(json: JSON) {
    expressions = (json["matchExpressions"]?.array ?? []).map { LabelRequirement(json: $0) }
    fields = (json["matchFields"]?.array ?? []).map { LabelRequirement(json: $0) }
  }

  /// A term that asks for nothing matches nothing.
  func matches(_ node: NodeInfo) -> Bool {
    guard !expressions.isEmpty || !fields.isEmpty else { return false }
    for expression in expressions where !expression.matches(node.labels) { return false }
    for field in fields where !field.matches(value: field.key == "metadata.name" ? node.name : nil) {
      return false
    }
    return true
  }

  /// The only nodes that the term can match by their names; nil if the term does not say.
  var nodeNames: Set<String>? {
    var names: Set<String>?
    for field in fields where field.key == "metadata.name" {
      guard case .isIn(let values) = field.test else { continue }
      names = names?.intersection(values) ?? Set(values)
    }
    return names
  }
}

/// A preferred term of a node affinity.
struct WeightedNodeSelectorTerm: Sendable, Hashable {
  let weight: Int64
  let term: NodeSelectorTerm
}

/// Which nodes a pod demands and which it prefers: `nodeSelector` and `affinity.nodeAffinity`.
struct NodeSelection: Sendable, Hashable {
  let labels: [Labels.Pair]
  /// One of them must match; nil for no such demand.
  let required: [NodeSelectorTerm]?
  let preferred: [WeightedNodeSelectorTerm]
  /// The only nodes that can match, by their names, if every required term names some; else nil.
  let nodeNames: Set<String>?

  init(spec: JSON) {
    labels = Labels(json: spec["nodeSelector"]).pairs
    let affinity = spec["affinity", "nodeAffinity"]
    let demand = affinity?["requiredDuringSchedulingIgnoredDuringExecution"]
    required =
      demand.flatMap { $0.isNull ? nil : $0 }.map { demand in
        (demand["nodeSelectorTerms"]?.array ?? []).map { NodeSelectorTerm(json: $0) }
      }
    preferred =
      (affinity?["preferredDuringSchedulingIgnoredDuringExecution"]?.array ?? []).map { element in
        WeightedNodeSelectorTerm(
          weight: max(0, min(100, element["weight"]?.integer ?? 0)),
          term: NodeSelectorTerm(json: element["preference"] ?? [:]))
      }
    var names: Set<String>?
    if let required, !required.isEmpty {
      names = []
      for term in required {
        guard let ofTerm = term.nodeNames else {
          names = nil
          break
        }
        names?.formUnion(ofTerm)
      }
    }
    nodeNames = names
  }

  var isUnconstrained: Bool { labels.isEmpty && required == nil }

  func matches(_ node: NodeInfo) -> Bool {
    for pair in labels where node.labels[pair.key] != pair.value { return false }
    guard let required else { return true }
    for term in required where term.matches(node) { return true }
    return false
  }
}
