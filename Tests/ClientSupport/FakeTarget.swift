import Exchange
import Objects

/// What a path of the API means.
struct FakeTarget {
  let resource: Resource
  var namespace = ""
  var name = ""
  var subresource = ""

  init(path: String) throws(StatusError) {
    var parts = path.split(separator: "/").map { String($0) }[...]
    guard let root = parts.popFirst(), parts.count >= 2 else { throw .noSuchPath }
    let group = root == "api" ? "" : parts.removeFirst()
    guard let version = parts.popFirst() else { throw .noSuchPath }
    if parts.first == "namespaces", parts.count >= 3, let space = parts.dropFirst().first,
      Resource.builtIn(group: group, version: version, resource: parts[parts.startIndex + 2])?.isNamespaced
        == true
    {
      namespace = space
      parts = parts.dropFirst(2)
    }
    guard let plural = parts.popFirst(),
      let resource = Resource.builtIn(group: group, version: version, resource: plural)
    else { throw .noSuchPath }
    self.resource = resource
    name = parts.popFirst() ?? ""
    subresource = parts.popFirst() ?? ""
  }
}

/// Which objects of a resource a list or watch is about.
struct Filter: Sendable {
  private let namespace: String
  private let labels: LabelRequirements
  private let fields: FieldSelector
  private let selectable: SelectableFields

  init(_ target: FakeTarget, _ request: APIRequest) throws(StatusError) {
    namespace = target.namespace
    selectable = SelectableFields.of(group: target.resource.group, kind: target.resource.kind)
    do {
      labels = try LabelRequirements(parsing: request.parameter("labelSelector") ?? "")
      fields = try selectable.selector(parsing: request.parameter("fieldSelector") ?? "")
    } catch {
      throw .badRequest("\(error)")
    }
  }

  func matches(_ object: JSON) -> Bool {
    (namespace.isEmpty || object["metadata", "namespace"]?.string == namespace)
      && labels.matches(object["metadata", "labels"]) && selectable.matches(fields, object)
  }
}
