import Testing

@testable import Objects

@Suite("Rules for the other kinds of the core group")
struct CoreRuleTests {
  private static func created(_ object: JSON, _ kind: String) -> [String] {
    Validation.validate(create: object, group: "", version: "v1", kind: kind).map(\.description)
  }

  /// What is said of a change, without what is said again.
  private static func updated(_ new: JSON, _ old: JSON, _ kind: String) -> [String] {
    var said: [String] = []
    for error in Validation.validate(update: new, old: old, group: "", version: "v1", kind: kind)
    where !said.contains(error.description) {
      said.append(error.description)
    }
    return said
  }

  private static let map: JSON = ["metadata": ValidationSample.metadata("x"), "data": ["k": "v"]]
  private static let secret: JSON = [
    "metadata": ValidationSample.metadata("x"), "data": ["k": "dg=="], "type": "Opaque",
  ]

  private static let samples: [String: JSON] = [
    "ConfigMap": map, "Secret": secret, "Service": ValidationSample.service,
    "PersistentVolumeClaim": ValidationSample.claim, "PersistentVolume": ValidationSample.volume,
    "Namespace": [
      "metadata": ValidationSample.metadata("x", namespace: nil), "spec": ["finalizers": ["kubernetes"]],
    ],
    "Node": ["metadata": ValidationSample.metadata("x", namespace: nil)],
    "ServiceAccount": ["metadata": ValidationSample.metadata("x")],
    "Endpoints": [
      "metadata": ValidationSample.metadata("x"),
      "subsets": [["addresses": [["ip": "10.0.0.1"]], "ports": [["port": 80, "protocol": "TCP"]]]],
    ],
    "ResourceQuota": ["metadata": ValidationSample.metadata("x"), "spec": ["hard": ["pods": "1"]]],
    "LimitRange": [
      "metadata": ValidationSample.metadata("x"),
      "spec": ["limits": [["type": "Container", "max": ["cpu": "1"], "default": ["cpu": "1"]]]],
    ],
    "PodTemplate": ["metadata": ValidationSample.metadata("x"), "template": ValidationSample.template],
    "ReplicationController": [
      "metadata": ValidationSample.metadata("x"),
      "spec": ["replicas": 1, "selector": ["a": "b"], "template": ValidationSample.template],
    ],
    "Event": [
      "metadata": ValidationSample.metadata("x"),
      "involvedObject": ["namespace": "g", "name": "x", "kind": "Pod"],
    ],
  ]

  @Test("Right objects have no errors, nor have their updates", arguments: samples.keys.sorted())
  func right(kind: String) throws {
    let object = try #require(Self.samples[kind])
    #expect(Self.created(object, kind).isEmpty)
    let stored = ValidationSample.stored(object)
    #expect(Self.updated(stored, stored, kind).isEmpty)
  }

  @Test("Metadata that a server sets stays", arguments: metadataChanges)
  func metadata(wrong: WrongObject) {
    let old = ValidationSample.stored(Self.map)
    #expect(Self.updated(wrong.applied(to: old), old, "ConfigMap") == wrong.errors)
  }

  private static let metadataChanges = [
    WrongObject(
      "metadata/resourceVersion", nil,
      "metadata.resourceVersion: Invalid value: \"\": must be specified for an update"),
    WrongObject("metadata/uid", "w", "metadata.uid: Invalid value: \"w\": field is immutable"),
    WrongObject("metadata/name", "y", "metadata.name: Invalid value: \"y\": field is immutable"),
    WrongObject("metadata/namespace", "h", "metadata.namespace: Invalid value: \"h\": field is immutable"),
    WrongObject(
      "metadata/creationTimestamp", "2027-01-01T00:00:00Z",
      "metadata.creationTimestamp: Invalid value: \"2027-01-01T00:00:00Z\": field is immutable"),
  ]

  @Test("What is being deleted gets no finalizers")
  func finalizers() {
    var old = ValidationSample.stored(Self.map)
    old["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
    old["metadata", "deletionGracePeriodSeconds"] = 0
    old["metadata", "finalizers"] = ["a.b/c"]
    let new = ValidationSample.changed(old, ["metadata", "finalizers"], ["a.b/c", "d.e/f"])
    let errors = Validation.validate(update: new, old: old, group: "", version: "v1", kind: "ConfigMap")
    let words =
      "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers"
      + " []string{\"d.e/f\"}"
    #expect(
      errors.invalidMessage(group: "", kind: "ConfigMap", name: "l1")
        == "ConfigMap \"l1\" is invalid: metadata.finalizers: " + words)
    #expect(errors.map(\.body) == [words, words])
    #expect(errors.map(\.field) == ["metadata.finalizers", "metadata.finalizers"])
  }

  @Test("Wrong config maps", arguments: wrongMaps)
  func configMaps(wrong: WrongObject) {
    #expect(Self.created(wrong.applied(to: Self.map), "ConfigMap") == wrong.errors)
  }

  private static let wrongMaps = [
    WrongObject(
      "data", ["a/b": "c"],
      "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        + " (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
    ),
    WrongObject(
      "binaryData", ["k": "dg=="], "data[k]: Invalid value: \"k\": duplicate of key present in binaryData"),
    WrongObject(
      "data", ["k": .string(String(repeating: "x", count: 1_048_577))],
      "[]: Too long: may not be more than 1048576 bytes"),
  ]

  @Test("What is immutable stays")
  func immutableMaps() {
    let words = "Forbidden: field is immutable when `immutable` is set"
    var map = ValidationSample.stored(Self.map)
    map["immutable"] = true
    #expect(Self.updated(map, map, "ConfigMap").isEmpty)
    #expect(
      Self.updated(ValidationSample.changed(map, ["data"], [:]), map, "ConfigMap") == ["data: " + words])
    #expect(
      Self.updated(ValidationSample.changed(map, ["immutable"], nil), map, "ConfigMap") == [
        "immutable: " + words
      ])
    var secret = ValidationSample.stored(Self.secret)
    #expect(
      Self.updated(ValidationSample.changed(secret, ["type"], "a/b"), secret, "Secret") == [
        "type: Invalid value: \"a/b\": field is immutable"
      ])
    secret["immutable"] = true
    #expect(
      Self.updated(ValidationSample.changed(secret, ["data"], ["k": "eA=="]), secret, "Secret") == [
        "data: " + words
      ])
  }

  @Test("Wrong secrets", arguments: wrongSecrets)
  func secrets(wrong: WrongObject) {
    #expect(Self.created(wrong.applied(to: Self.secret), "Secret") == wrong.errors)
  }

  private static let wrongSecrets = [
    WrongObject(
      "type", "kubernetes.io/tls", "data[tls.crt]: Required value", "data[tls.key]: Required value"),
    WrongObject(
      "type", "kubernetes.io/basic-auth", "data[username]: Required value", "data[password]: Required value"),
    WrongObject("type", "kubernetes.io/ssh-auth", "data[ssh-privatekey]: Required value"),
    WrongObject("type", "kubernetes.io/dockerconfigjson", "data[.dockerconfigjson]: Required value"),
    WrongObject(
      "type", "kubernetes.io/service-account-token",
      "metadata.annotations[kubernetes.io/service-account.name]: Required value"),
  ]

  @Test("Wrong services", arguments: wrongServices)
  func services(wrong: WrongObject) {
    #expect(Self.created(wrong.applied(to: ValidationSample.service), "Service") == wrong.errors)
  }

  private static let wrongServices = [
    WrongObject("spec/ports", nil, "spec.ports: Required value"),
    WrongObject(
      "metadata/name", "1a",
      "metadata.name: Invalid value: \"1a\": a DNS-1035 label must consist of lower case alphanumeric characters or '-',"
        + " start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123',"
        + " regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"),
    WrongObject(
      "spec/ports",
      [
        ["protocol": "TCP", "port": 80, "targetPort": 80],
        ["name": "b", "protocol": "TCP", "port": 80, "targetPort": 0],
      ],
      "spec.ports[0].name: Required value",
      "spec.ports[1].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive",
      "spec.ports[1]: Duplicate value: {\"Name\":\"\",\"Protocol\":\"TCP\",\"AppProtocol\":null,\"Port\":80,"
        + "\"TargetPort\":0,\"NodePort\":0}"),
    WrongObject(
      "spec/ports/0/nodePort", 30_000,
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"),
    WrongObject(
      "spec/type", "x",
      "spec.type: Unsupported value: \"x\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\","
        + " \"NodePort\""),
    WrongObject(
      "spec/externalIPs", ["127.0.0.1"],
      "spec.externalIPs[0]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, ::1/128)",
      "spec.externalTrafficPolicy: Required value"),
    WrongObject(
      "spec/sessionAffinity", "ClientIP",
      "spec.sessionAffinityConfig: Required value: when session affinity type is ClientIP"),
    WrongObject(
      "spec/loadBalancerSourceRanges", ["10.0.0.0/8"],
      "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'"),
    WrongObject(
      "spec/externalTrafficPolicy", "Local",
      "spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible services"
    ),
  ]

  @Test("The address of a service stays")
  func serviceUpdate() {
    let old = ValidationSample.stored(ValidationSample.service)
    var new = old
    new["spec", "clusterIP"] = "10.96.0.8"
    new["spec", "clusterIPs"] = ["10.96.0.8"]
    #expect(
      Self.updated(new, old, "Service") == [
        "spec.clusterIPs[0]: Invalid value: [\"10.96.0.8\"]: may not change once set"
      ])
  }

  @Test("Wrong claims", arguments: wrongClaims)
  func claims(wrong: WrongObject) {
    #expect(Self.created(wrong.applied(to: ValidationSample.claim), "PersistentVolumeClaim") == wrong.errors)
  }

  private static let wrongClaims = [
    WrongObject(
      "spec/accessModes", nil, "spec.accessModes: Required value: at least 1 access mode is required"),
    WrongObject(
      "spec/accessModes", ["x"],
      "spec.accessModes: Unsupported value: \"x\": supported values: \"ReadOnlyMany\", \"ReadWriteMany\","
        + " \"ReadWriteOnce\", \"ReadWriteOncePod\""),
    WrongObject("spec/resources", [:], "spec.resources[storage]: Required value"),
    WrongObject(
      "spec/resources/requests/storage", "0",
      "spec.resources[storage]: Invalid value: \"0\": must be greater than zero"),
    WrongObject(
      "spec/volumeMode", "x",
      "spec.volumeMode: Unsupported value: \"x\": supported values: \"Block\", \"Filesystem\""),
  ]

  @Test("Only the size of a bound claim changes, and only grows")
  func claimUpdate() {
    var old = ValidationSample.stored(ValidationSample.claim)
    let grown = ValidationSample.changed(old, ["spec", "resources", "requests", "storage"], "2Gi")
    let refusal =
      "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for"
      + " bound claims\n"
    let errors = Self.updated(grown, old, "PersistentVolumeClaim")
    #expect(errors.count == 1)
    #expect(errors.first?.hasPrefix(refusal + "@@ ") == true)
    #expect(errors.first?.contains("\n-   \"storage\": \"1Gi\"\n+   \"storage\": \"2Gi\"\n") == true)
    old["status"] = ["phase": "Bound", "capacity": ["storage": "1Gi"]]
    let bound = ValidationSample.changed(old, ["spec", "resources", "requests", "storage"], "2Gi")
    #expect(Self.updated(bound, old, "PersistentVolumeClaim").isEmpty)
    let smaller = ValidationSample.changed(old, ["spec", "resources", "requests", "storage"], "1Mi")
    #expect(
      Self.updated(smaller, old, "PersistentVolumeClaim") == [
        "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
      ])
  }

  @Test("Wrong volumes", arguments: wrongVolumes)
  func volumes(wrong: WrongObject) {
    #expect(Self.created(wrong.applied(to: ValidationSample.volume), "PersistentVolume") == wrong.errors)
  }

  private static let wrongVolumes = [
    WrongObject("spec/hostPath", nil, "spec: Required value: must specify a volume type"),
    WrongObject("spec/accessModes", [], "spec.accessModes: Required value"),
    WrongObject(
      "spec/nfs", ["server": "s", "path": "/"],
      "spec.nfs: Forbidden: may not specify more than 1 volume type"),
    WrongObject(
      "spec/persistentVolumeReclaimPolicy", "x",
      "spec.persistentVolumeReclaimPolicy: Unsupported value: \"x\": supported values: \"Delete\", \"Recycle\","
        + " \"Retain\""),
    WrongObject("metadata/namespace", "g", "metadata.namespace: Forbidden: not allowed on this type"),
  ]

  @Test("The source of a volume stays")
  func volumeUpdate() {
    let old = ValidationSample.stored(ValidationSample.volume)
    let new = ValidationSample.changed(old, ["spec", "hostPath", "path"], "/y")
    let errors = Self.updated(new, old, "PersistentVolume")
    #expect(errors.count == 1)
    #expect(
      errors.first?.hasPrefix(
        "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n@@ "
      ) == true)
    #expect(errors.first?.contains("\n-  \"Path\": \"/x\",\n+  \"Path\": \"/y\",\n") == true)
  }

  @Test("Other wrong objects", arguments: others)
  func otherKinds(kind: String, wrong: WrongObject) throws {
    let object = try #require(Self.samples[kind])
    #expect(Self.created(wrong.applied(to: object), kind) == wrong.errors)
  }

  private static let others: [(String, WrongObject)] = [
    (
      "Namespace",
      WrongObject(
        "metadata/name", "a.b",
        "metadata.name: Invalid value: \"a.b\": must not contain dots")
    ),
    (
      "Node",
      WrongObject(
        "spec", ["taints": [["key": "a", "effect": "x"]]],
        "metadata.taints[0].effect: Unsupported value: \"x\": supported values: \"NoSchedule\", \"PreferNoSchedule\","
          + " \"NoExecute\"")
    ),
    (
      "Endpoints",
      WrongObject(
        "subsets", [[:]], "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`")
    ),
    (
      "ResourceQuota",
      WrongObject(
        "spec/hard/pods", "-1", "spec.hard[pods]: Invalid value: \"-1\": must be greater than or equal to 0")
    ),
    (
      "ReplicationController",
      WrongObject(
        "spec/selector", ["a": "c"],
        "spec.template.metadata.labels: Invalid value: {\"a\":\"b\"}: `selector` does not match template `labels`"
      )
    ),
    (
      "Event",
      WrongObject(
        "involvedObject/namespace", "h",
        "involvedObject.namespace: Invalid value: \"h\": does not match event.namespace")
    ),
  ]
}
