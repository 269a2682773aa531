extension [FieldError] {
  /// The errors as one text: a single one as it is, several in brackets, none twice.
  public var aggregateText: String {
    var seen: Set<String> = []
    let texts = map(\.description).filter { seen.insert($0).inserted }
    return texts.count == 1 ? texts[0] : "[" + texts.joined(separator: ", ") + "]"
  }

  /// The message of the answer to a request with an invalid object:
  /// `Deployment.apps "x" is invalid: spec.selector: Required value`.
  public func invalidMessage(group: String, kind: String, name: String) -> String {
    let qualifiedKind = group.isEmpty ? kind : kind + "." + group
    let text = qualifiedKind + " " + MessageText.quoted(name) + " is invalid"
    return isEmpty ? text : text + ": " + aggregateText
  }

  /// The causes of a Status: `reason`, `message` and `field` of each error, also of those that are there twice.
  public var causes: [JSON] {
    map { error in
      ["reason": .string(error.kind.rawValue), "message": .string(error.body), "field": .string(error.field)]
    }
  }

  /// The Status that answers a request with an invalid object: 422, reason `Invalid`.
  public func invalidStatus(group: String, kind: String, name: String) -> JSON {
    var details: JSON = ["kind": .string(kind), "causes": .array(causes)]
    if !group.isEmpty { details["group"] = .string(group) }
    if !name.isEmpty { details["name"] = .string(name) }
    return [
      "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure",
      "message": .string(invalidMessage(group: group, kind: kind, name: name)),
      "reason": "Invalid", "details": details, "code": 422,
    ]
  }
}
