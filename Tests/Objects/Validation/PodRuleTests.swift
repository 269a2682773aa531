import Testing

@testable import Objects

@Suite("Rules for pods")
struct PodRuleTests {
  private static func errors(_ pod: JSON) -> [String] {
    Validation.validate(create: pod, group: "", version: "v1", kind: "Pod").map(\.description)
  }

  @Test("A right pod has no errors")
  func right() {
    #expect(Self.errors(ValidationSample.pod).isEmpty)
  }

  @Test("A wrong pod is answered as a stock server answers", arguments: answers)
  func stockAnswers(wrong: WrongObject) {
    let pod = wrong.applied(to: ValidationSample.pod)
    let errors = Validation.validate(create: pod, group: "", version: "v1", kind: "Pod")
    let name = pod["metadata", "name"]?.string ?? ""
    #expect(errors.invalidMessage(group: "", kind: "Pod", name: name) == wrong.errors[0])
  }

  private static let answers = [
    WrongObject(
      "spec", ["restartPolicy": "Always", "dnsPolicy": "Default", "terminationGracePeriodSeconds": 30],
      "Pod \"bad\" is invalid: spec.containers: Required value"),
    WrongObject(
      "metadata/name", "Bad_Name",
      "Pod \"Bad_Name\" is invalid: metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain must consist"
        + " of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
        + " (e.g. 'example.com', regex used for validation is"
        + " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"),
    WrongObject(
      "spec/containers", [ValidationSample.container, ValidationSample.container],
      "Pod \"bad\" is invalid: spec.containers[1].name: Duplicate value: \"c\""),
    WrongObject(
      "spec/containers/0/ports", [["containerPort": 70_000, "protocol": "TCP"]],
      "Pod \"bad\" is invalid: spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and"
        + " 65535, inclusive"),
    WrongObject(
      "spec/containers/0/imagePullPolicy", "Sometimes",
      "Pod \"bad\" is invalid: spec.containers[0].imagePullPolicy: Unsupported value: \"Sometimes\": supported values:"
        + " \"Always\", \"IfNotPresent\", \"Never\""),
    WrongObject(
      "spec/containers/0/volumeMounts", [["name": "nope", "mountPath": "/x"]],
      "Pod \"bad\" is invalid: spec.containers[0].volumeMounts[0].name: Not found: \"nope\""),
    WrongObject(
      "spec/containers/0/resources", ["limits": ["cpu": "1"], "requests": ["cpu": "2"]],
      "Pod \"bad\" is invalid: spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to"
        + " cpu limit of 1"),
    WrongObject(
      "metadata/labels", ["a b": "c"],
      "Pod \"bad\" is invalid: metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters,"
        + " '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or"
        + " '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"),
    WrongObject(
      "spec/restartPolicy", "x",
      "Pod \"bad\" is invalid: spec.restartPolicy: Unsupported value: \"x\": supported values: \"Always\", \"OnFailure\","
        + " \"Never\""),
  ]

  @Test("What is wrong is said in order", arguments: wrong)
  func wrongPods(wrong: WrongObject) {
    #expect(Self.errors(wrong.applied(to: ValidationSample.pod)) == wrong.errors)
  }

  private static let wrong = [
    WrongObject("metadata/name", nil, "metadata.name: Required value: name or generateName is required"),
    WrongObject("metadata/namespace", nil, "metadata.namespace: Required value"),
    WrongObject(
      "metadata/finalizers", ["mine"],
      "metadata.finalizers[0]: Invalid value: \"mine\": name is neither a standard finalizer name nor is it fully"
        + " qualified"),
    WrongObject(
      "metadata/ownerReferences",
      [
        ["apiVersion": "v1", "kind": "A", "name": "a", "uid": "1", "controller": true],
        ["apiVersion": "v1", "kind": "B", "name": "b", "uid": "2", "controller": true],
      ],
      "metadata.ownerReferences: Invalid value: [{\"apiVersion\":\"v1\",\"kind\":\"A\",\"name\":\"a\",\"uid\":\"1\","
        + "\"controller\":true},{\"apiVersion\":\"v1\",\"kind\":\"B\",\"name\":\"b\",\"uid\":\"2\",\"controller\":true}]:"
        + " Only one reference can have Controller set to true. Found \"true\" in references for A/a and B/b"),
    WrongObject(
      "metadata/annotations", ["a": .string(String(repeating: "x", count: 262_144))],
      "metadata.annotations: Too long: may not be more than 262144 bytes"),
    WrongObject(
      "spec/containers/0", ["terminationMessagePolicy": "File", "imagePullPolicy": "Always"],
      "spec.containers[0].name: Required value", "spec.containers[0].image: Required value"),
    WrongObject(
      "spec/containers/0/image", " x",
      "spec.containers[0].image: Invalid value: \" x\": must not have leading or trailing whitespace"),
    WrongObject(
      "spec/containers/0/env",
      [
        ["name": "a=b"], ["name": "b", "valueFrom": [:]],
        ["name": "c", "valueFrom": ["fieldRef": ["apiVersion": "v1", "fieldPath": "metadata.labels"]]],
      ],
      "spec.containers[0].env[0].name: Invalid value: \"a=b\": a valid environment variable name must consist only of"
        + " printable ASCII characters other than '='",
      "spec.containers[0].env[1].valueFrom: Invalid value: \"\": must specify one of: `fieldRef`, `resourceFieldRef`,"
        + " `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
      "spec.containers[0].env[2].valueFrom.fieldRef.fieldPath: Unsupported value: \"metadata.labels\": supported values:"
        + " \"metadata.name\", \"metadata.namespace\", \"metadata.uid\", \"spec.nodeName\", \"spec.serviceAccountName\","
        + " \"status.hostIP\", \"status.hostIPs\", \"status.podIP\", \"status.podIPs\""),
    WrongObject(
      "spec/containers/0/env",
      [["name": "c", "valueFrom": ["fieldRef": ["apiVersion": "v1", "fieldPath": "spec.foo"]]]],
      "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: \"spec.foo\": error converting fieldPath:"
        + " field label not supported: spec.foo"),
    WrongObject(
      "spec/containers/0/livenessProbe", ["successThreshold": 2, "periodSeconds": -1],
      "spec.containers[0].livenessProbe: Required value: must specify a handler type",
      "spec.containers[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0",
      "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1"),
    WrongObject(
      "spec/containers/0/lifecycle", ["preStop": ["sleep": ["seconds": 31]]],
      "spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than"
        + " terminationGracePeriodSeconds (30)"),
    WrongObject(
      "spec/containers/0/resources",
      ["limits": ["foo": "1", "example.com/gpu": "500m"], "requests": ["example.com/gpu": "500m"]],
      "spec.containers[0].resources.limits[example.com/gpu]: Invalid value: \"500m\": must be an integer",
      "spec.containers[0].resources.limits[foo]: Invalid value: \"foo\": must be a standard resource type or fully"
        + " qualified",
      "spec.containers[0].resources.limits[foo]: Invalid value: \"foo\": must be a standard resource for containers",
      "spec.containers[0].resources.requests[example.com/gpu]: Invalid value: \"500m\": must be an integer"),
    WrongObject(
      "spec/containers/0/resources", ["limits": ["hugepages-2Mi": "3Mi"]],
      "spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: \"3Mi\": 3Mi is not positive integer multiple of"
        + " hugepages-2Mi", "spec.containers[0].resources: Forbidden: HugePages require cpu or memory"),
    WrongObject(
      "spec/containers/0/resources", ["claims": [["name": "gpu"]]],
      "spec.containers[0].resources.claims[0]: Not found: \"gpu\": must be one of the names in pod.spec.resourceClaims"
        + " which is empty"),
    WrongObject(
      "spec/containers/0/securityContext", ["allowPrivilegeEscalation": false, "privileged": true],
      "spec.containers[0].securityContext: Invalid value: {\"Capabilities\":null,\"Privileged\":true,\"SELinuxOptions\":null,"
        + "\"WindowsOptions\":null,\"RunAsUser\":null,\"RunAsGroup\":null,\"RunAsNonRoot\":null,"
        + "\"ReadOnlyRootFilesystem\":null,\"AllowPrivilegeEscalation\":false,\"ProcMount\":null,\"SeccompProfile\":null,"
        + "\"AppArmorProfile\":null}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
    ),
    WrongObject(
      "spec/initContainers",
      [
        [
          "name": "c", "image": "x", "terminationMessagePolicy": "File", "imagePullPolicy": "Always",
          "lifecycle": [:],
        ]
      ],
      "spec.initContainers[0].name: Duplicate value: \"c\"",
      "spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always"
    ),
    WrongObject(
      "spec/volumes",
      [
        ["name": "v"], ["name": "V", "emptyDir": [:]],
        ["name": "w", "emptyDir": [:], "hostPath": ["path": "/"]],
      ],
      "spec.volumes[0]: Required value: must specify a volume type",
      "spec.volumes[1].name: Invalid value: \"V\": a lowercase RFC 1123 label must consist of lower case alphanumeric"
        + " characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc',"
        + " regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      "spec.volumes[2].hostPath: Forbidden: may not specify more than 1 volume type"),
    WrongObject(
      "spec/volumes",
      [["name": "v", "configMap": ["defaultMode": 512, "items": [["key": "k", "path": "../x"]]]]],
      "spec.volumes[0].configMap.name: Required value",
      "spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both"
        + " inclusive",
      "spec.volumes[0].configMap.items[0].path: Invalid value: \"../x\": must not contain '..'"),
    WrongObject(
      "spec/tolerations",
      [["operator": "Equal", "value": "x", "tolerationSeconds": 1], ["key": "k", "operator": "No"]],
      "spec.tolerations[0].operator: Invalid value: \"Equal\": operator must be Exists when `key` is empty, which means"
        + " \"match all values and all keys\"",
      "spec.tolerations[0].effect: Invalid value: \"\": effect must be 'NoExecute' when `tolerationSeconds` is set",
      "spec.tolerations[1].operator: Unsupported value: \"No\": supported values: \"Equal\", \"Exists\""),
    WrongObject(
      "spec/affinity",
      ["nodeAffinity": ["requiredDuringSchedulingIgnoredDuringExecution": ["nodeSelectorTerms": []]]],
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must"
        + " have at least one node selector term"),
    WrongObject(
      "spec/affinity",
      [
        "podAntiAffinity": [
          "preferredDuringSchedulingIgnoredDuringExecution": [
            ["weight": 0, "podAffinityTerm": ["topologyKey": "k"]]
          ]
        ]
      ],
      "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be"
        + " in the range 1-100"),
    WrongObject(
      "spec/topologySpreadConstraints", [["maxSkew": 0, "topologyKey": "", "whenUnsatisfiable": "x"]],
      "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
      "spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty",
      "spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: \"x\": supported values: \"DoNotSchedule\","
        + " \"ScheduleAnyway\""),
    WrongObject(
      "spec/dnsPolicy", "None",
      "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"),
    WrongObject(
      "spec/hostAliases", [["ip": "x", "hostnames": ["A"]]],
      "spec.hostAliases[0].ip: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
      "spec.hostAliases[0].hostnames[0]: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case"
        + " alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g."
        + " 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    ),
    WrongObject(
      "spec/ephemeralContainers", [ValidationSample.container],
      "spec.ephemeralContainers[0].name: Duplicate value: \"c\"",
      "spec.ephemeralContainers: Forbidden: cannot be set on create"),
    WrongObject(
      "spec/activeDeadlineSeconds", 0,
      "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"),
    WrongObject(
      "spec/os", ["name": "beos"],
      "spec.os: Unsupported value: \"beos\": supported values: \"linux\", \"windows\""),
    WrongObject(
      "spec/resourceClaims", [["name": "a"]],
      "spec.resourceClaims[0]: Invalid value: {\"Name\":\"a\",\"ResourceClaimName\":null,\"ResourceClaimTemplateName\":null}:"
        + " must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"),
  ]

  @Test("Host ports are the ports of the containers where the network is the host's")
  func hostNetwork() {
    var pod = ValidationSample.changed(
      ValidationSample.pod, ["spec", "containers", "0", "ports"],
      [["containerPort": 80, "hostPort": 81, "protocol": "TCP"]])
    #expect(Self.errors(pod).isEmpty)
    pod["spec", "hostNetwork"] = true
    #expect(
      Self.errors(pod) == [
        "spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true"
      ])
  }
}
