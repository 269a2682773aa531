import Testing

@testable import Objects

@Suite("Rules for the kinds of the other groups")
struct OtherRuleTests {
  private struct Sample: Sendable {
    let group: String
    let kind: String
    let object: JSON
  }

  private static let samples: [String: Sample] = {
    let whole = ValidationSample.metadata("x", namespace: nil)
    let inside = ValidationSample.metadata("x")
    var samples: [String: Sample] = [:]
    func add(_ group: String, _ kind: String, _ object: JSON) {
      samples[kind] = Sample(group: group, kind: kind, object: object)
    }
    add(
      "rbac.authorization.k8s.io", "Role",
      ["metadata": inside, "rules": [["verbs": ["get"], "apiGroups": [""], "resources": ["pods"]]]])
    add(
      "rbac.authorization.k8s.io", "RoleBinding",
      [
        "metadata": inside,
        "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"],
        "subjects": [["kind": "ServiceAccount", "name": "s", "namespace": "g"]],
      ])
    add(
      "networking.k8s.io", "Ingress",
      [
        "metadata": inside,
        "spec": [
          "rules": [
            [
              "host": "a.b",
              "http": [
                "paths": [
                  [
                    "path": "/", "pathType": "Prefix",
                    "backend": ["service": ["name": "s", "port": ["number": 80]]],
                  ]
                ]
              ],
            ]
          ]
        ],
      ])
    add(
      "networking.k8s.io", "NetworkPolicy",
      [
        "metadata": inside,
        "spec": [
          "podSelector": [:], "policyTypes": ["Ingress"],
          "ingress": [["from": [["ipBlock": ["cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]]]]]],
        ],
      ])
    add("policy", "PodDisruptionBudget", ["metadata": inside, "spec": ["minAvailable": 1, "selector": [:]]])
    add(
      "autoscaling", "HorizontalPodAutoscaler",
      [
        "metadata": inside,
        "spec": [
          "minReplicas": 1, "maxReplicas": 2,
          "scaleTargetRef": ["apiVersion": "apps/v1", "kind": "Deployment", "name": "d"],
        ],
      ])
    add(
      "storage.k8s.io", "StorageClass",
      [
        "metadata": whole, "provisioner": "a.b/c", "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
        "parameters": ["a": "b"],
      ])
    add("scheduling.k8s.io", "PriorityClass", ["metadata": whole, "value": 5])
    add("coordination.k8s.io", "Lease", ["metadata": inside, "spec": ["leaseDurationSeconds": 5]])
    return samples
  }()

  private static func said(_ errors: [FieldError]) -> [String] {
    errors.reduce(into: []) { if !$0.contains($1.description) { $0.append($1.description) } }
  }

  private static func created(_ sample: Sample, _ object: JSON) -> [String] {
    Validation.validate(create: object, group: sample.group, version: "v1", kind: sample.kind).map(
      \.description)
  }

  private static func updated(_ sample: Sample, _ new: JSON, _ old: JSON) -> [String] {
    said(Validation.validate(update: new, old: old, group: sample.group, version: "v1", kind: sample.kind))
  }

  @Test("Right objects have no errors, nor have their updates", arguments: samples.keys.sorted())
  func right(kind: String) throws {
    let sample = try #require(Self.samples[kind])
    #expect(Self.created(sample, sample.object).isEmpty)
    let stored = ValidationSample.stored(sample.object)
    #expect(Self.updated(sample, stored, stored).isEmpty)
  }

  @Test("Wrong objects", arguments: wrong)
  func wrongObjects(kind: String, wrong: WrongObject) throws {
    let sample = try #require(Self.samples[kind])
    #expect(Self.created(sample, wrong.applied(to: sample.object)) == wrong.errors)
  }

  private static let wrong: [(String, WrongObject)] = [
    (
      "Role",
      WrongObject(
        "rules", [[:]], "rules[0].verbs: Required value: verbs must contain at least one value",
        "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
        "rules[0].resources: Required value: resource rules must supply at least one resource")
    ),
    (
      "RoleBinding",
      WrongObject(
        "roleRef/kind", "x",
        "roleRef.kind: Unsupported value: \"x\": supported values: \"Role\", \"ClusterRole\"")
    ),
    (
      "RoleBinding",
      WrongObject(
        "subjects/0/kind", "x",
        "subjects[0].kind: Unsupported value: \"x\": supported values: \"ServiceAccount\", \"User\", \"Group\""
      )
    ),
    (
      "Ingress",
      WrongObject(
        "spec", [:],
        "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified")
    ),
    (
      "Ingress",
      WrongObject(
        "spec/rules/0/http/paths/0/path", "x",
        "spec.rules[0].http.paths[0].path: Invalid value: \"x\": must be an absolute path")
    ),
    (
      "Ingress",
      WrongObject(
        "spec/rules/0/host", "10.0.0.1",
        "spec.rules[0].host: Invalid value: \"10.0.0.1\": must be a DNS name, not an IP address")
    ),
    (
      "NetworkPolicy",
      WrongObject(
        "spec/ingress/0/from/0", [:], "spec.ingress[0].from[0]: Required value: must specify a peer")
    ),
    (
      "PodDisruptionBudget",
      WrongObject(
        "spec/minAvailable", -1, "spec.minAvailable: Invalid value: -1: must be greater than or equal to 0")
    ),
    (
      "HorizontalPodAutoscaler",
      WrongObject(
        "spec/maxReplicas", 0, "spec.maxReplicas: Invalid value: 0: must be greater than 0",
        "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`")
    ),
    ("StorageClass", WrongObject("provisioner", "", "provisioner: Required value")),
    (
      "PriorityClass",
      WrongObject(
        "value", 1_000_000_001,
        "value: Forbidden: maximum allowed value of a user defined priority is 1000000000")
    ),
    (
      "Lease",
      WrongObject(
        "spec/leaseDurationSeconds", 0,
        "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0")
    ),
  ]

  @Test("Wrong changes", arguments: changes)
  func wrongChanges(kind: String, wrong: WrongObject) throws {
    let sample = try #require(Self.samples[kind])
    let old = ValidationSample.stored(sample.object)
    #expect(Self.updated(sample, wrong.applied(to: old), old) == wrong.errors)
  }

  private static let changes: [(String, WrongObject)] = [
    (
      "RoleBinding",
      WrongObject(
        "roleRef/name", "s",
        "roleRef: Invalid value: {\"APIGroup\":\"rbac.authorization.k8s.io\",\"Kind\":\"Role\",\"Name\":\"s\"}:"
          + " cannot change roleRef")
    ),
    (
      "StorageClass",
      WrongObject("parameters", ["a": "c"], "parameters: Forbidden: updates to parameters are forbidden.")
    ),
    (
      "StorageClass",
      WrongObject("provisioner", "d.e/f", "provisioner: Forbidden: updates to provisioner are forbidden.")
    ),
    ("PriorityClass", WrongObject("value", 6, "value: Forbidden: may not be changed in an update.")),
  ]
}
