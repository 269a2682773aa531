import Objects

/// `/openapi/v2`, as far as anybody still asks for it: which resources can be patched, and that PATCH takes
/// `fieldValidation` and `dryRun`. kubectl looks there for what the newer documents do not name, such as `List`.
enum OpenAPIv2 {
  static let protobufType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

  private static let parameters = ["dryRun", "fieldManager", "fieldValidation", "force", "pretty"]

  private static func path(_ resource: Resource) -> String {
    let root =
      resource.group.isEmpty ? "/api/" + resource.version : "/apis/" + resource.group + "/" + resource.version
    return root + (resource.isNamespaced ? "/namespaces/{namespace}/" : "/") + resource.resource + "/{name}"
  }

  private static var patched: [Resource] { Resource.builtIn.filter { $0.verbs.contains("patch") } }

  /// As JSON.
  static func json(version: String) -> JSON {
    let paths = patched.map { resource -> (String, JSON) in
      let patch: JSON = [
        "consumes": ["application/json-patch+json", "application/merge-patch+json"],
        "parameters": .array(
          parameters.map { ["in": "query", "name": .string($0), "type": "string", "uniqueItems": true] }),
        "responses": ["200": ["description": "OK"]], "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": [
          "group": .string(resource.group), "kind": .string(resource.kind),
          "version": .string(resource.version),
        ],
      ]
      return (path(resource), ["patch": patch])
    }
    return [
      "swagger": "2.0", "info": ["title": "Kubernetes", "version": .string(version)],
      "paths": .object(JSONObject(paths)), "definitions": [:],
    ]
  }

  /// As protobuf (gnostic: `openapi.v2.Document`).
  static func protobuf(version: String) -> [UInt8] {
    var document = Message()
    document.text(1, "2.0")
    document.message(2) { info in
      info.text(1, "Kubernetes")
      info.text(2, version)
    }
    document.message(8) { paths in
      for resource in patched {
        paths.message(2) { named in
          named.text(1, path(resource))
          named.message(2) { item in item.message(8) { operation(resource, &$0) } }
        }
      }
    }
    return document.bytes
  }

  private static func operation(_ resource: Resource, _ patch: inout Message) {
    for name in parameters {
      patch.message(8) { item in
        item.message(1) { parameter in
          parameter.message(2) { plain in
            plain.message(3) { query in
              query.text(2, "query")
              query.text(4, name)
              query.text(6, "string")
            }
          }
        }
      }
    }
    let kind =
      "group: \"\(resource.group)\"\nkind: \(resource.kind)\nversion: \(resource.version)\n"
    patch.message(13) { named in
      named.text(1, "x-kubernetes-group-version-kind")
      named.message(2) { $0.text(2, kind) }
    }
  }

  /// A message that is being written.
  private struct Message {
    var bytes: [UInt8] = []

    private mutating func varint(_ number: Int) {
      var rest = UInt64(number)
      while rest >= 0x80 {
        bytes.append(UInt8(rest & 0x7f) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }

    mutating func text(_ field: Int, _ text: String) {
      varint(field << 3 | 2)
      varint(text.utf8.count)
      bytes += Array(text.utf8)
    }

    mutating func message(_ field: Int, _ write: (inout Message) -> Void) {
      var inner = Message()
      write(&inner)
      varint(field << 3 | 2)
      varint(inner.bytes.count)
      bytes += inner.bytes
    }
  }
}
