import Admission
import Exchange
import Objects
import Registry
import Synchronization

/// Objects that there are, for plug-ins to look at.
final class FakeObjects: ObjectSource {
  private let objects: Mutex<[JSON]>

  init(_ objects: [JSON]) { self.objects = Mutex(objects) }

  func add(_ object: JSON) { objects.withLock { $0.append(object) } }

  /// Replaces the object of this kind and name if it still has this version.
  func replace(_ object: JSON) -> Bool {
    objects.withLock { objects in
      let place = objects.firstIndex {
        $0["kind"] == object["kind"] && $0["metadata", "name"] == object["metadata", "name"]
      }
      guard let place, objects[place]["metadata", "resourceVersion"] == object["metadata", "resourceVersion"]
      else { return false }
      objects[place] = object
      let version = object["metadata", "resourceVersion"]?.integer ?? 0
      objects[place]["metadata", "resourceVersion"] = .integer(version + 1)
      return true
    }
  }

  func get(_ resource: Resource, namespace: String, name: String) async throws(StatusError) -> JSON? {
    find(resource, namespace).first { $0["metadata", "name"]?.string == name }
  }

  func list(_ resource: Resource, namespace: String?) async throws(StatusError) -> [JSON] {
    find(resource, namespace)
  }

  private func find(_ resource: Resource, _ namespace: String?) -> [JSON] {
    objects.withLock { objects in
      objects.filter { object in
        object["kind"]?.string == resource.kind
          && (namespace == nil || object["metadata", "namespace"]?.string ?? "" == namespace)
      }
    }
  }
}

/// The built-in resource, which the tests know to be there.
func resource(_ name: String, group: String = "", version: String = "v1") -> Resource {
  guard let resource = Resource.builtIn(group: group, version: version, resource: name) else {
    preconditionFailure("there is no resource \(name)")
  }
  return resource
}

/// JSON that the tests know to be right.
func json(_ text: String) -> JSON {
  guard let json = try? JSON.parse(text) else { preconditionFailure("no JSON: \(text)") }
  return json
}

/// What became of a write: the object, or the code and the message of the refusal.
func outcome(
  _ plugin: any AdmissionPlugin, _ request: AdmissionRequest, _ objects: [JSON] = []
) async -> (object: JSON?, refusal: String?) {
  await outcome(plugin, request, FakeObjects(objects))
}

func outcome(
  _ plugin: any AdmissionPlugin, _ request: AdmissionRequest, _ source: FakeObjects
) async -> (object: JSON?, refusal: String?) {
  var request = request
  guard plugin.handles(request) else { return (request.object, nil) }
  do throws(StatusError) {
    try await plugin.admit(&request, source)
    try await plugin.validate(request, source)
    return (request.object, nil)
  } catch {
    return (nil, "\(error.code) \(error.message)")
  }
}

/// A creation in namespace `n`.
func creation(_ object: JSON, _ resource: Resource, user: UserInfo = UserInfo(name: "u")) -> AdmissionRequest
{
  AdmissionRequest(
    operation: .create, resource: resource, namespace: resource.isNamespaced ? "n" : "",
    name: object["metadata", "name"]?.string ?? "", object: object, user: user)
}
