import Testing

@testable import Objects

@Suite("Rules for changes of pods")
struct PodUpdateTests {
  /// A pod as a server stores it.
  private static let pod: JSON = ValidationSample.stored([
    "metadata": ["name": "b1", "namespace": "g"],
    "spec": [
      "volumes": [
        [
          "name": "kube-api-access-krvrc",
          "projected": [
            "sources": [
              ["serviceAccountToken": ["expirationSeconds": 3607, "path": "token"]],
              ["configMap": ["name": "kube-root-ca.crt", "items": [["key": "ca.crt", "path": "ca.crt"]]]],
              [
                "downwardAPI": [
                  "items": [
                    [
                      "path": "namespace",
                      "fieldRef": ["apiVersion": "v1", "fieldPath": "metadata.namespace"],
                    ]
                  ]
                ]
              ],
              [
                "configMap": [
                  "name": "openshift-service-ca.crt",
                  "items": [["key": "service-ca.crt", "path": "service-ca.crt"]],
                ]
              ],
            ], "defaultMode": 420,
          ],
        ]
      ],
      "containers": [
        [
          "name": "c", "image": "nginx", "resources": ["limits": ["cpu": "1"], "requests": ["cpu": "100m"]],
          "volumeMounts": [
            [
              "name": "kube-api-access-krvrc", "readOnly": true,
              "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
            ]
          ], "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
          "imagePullPolicy": "Always",
        ]
      ], "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
      "serviceAccountName": "default", "serviceAccount": "default", "nodeName": "n1", "securityContext": [:],
      "schedulerName": "default-scheduler",
      "tolerations": [
        [
          "key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute",
          "tolerationSeconds": 300,
        ],
        [
          "key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute",
          "tolerationSeconds": 300,
        ],
      ], "priority": 0, "enableServiceLinks": true, "preemptionPolicy": "PreemptLowerPriority",
    ],
  ])

  private static func errors(_ new: JSON, _ old: JSON) -> [FieldError] {
    Validation.validate(update: new, old: old, group: "", version: "v1", kind: "Pod")
  }

  private static let refusal =
    "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    + "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing"
    + " tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"

  @Test("The refusal of a changed specification shows the difference of Kubernetes' own form")
  func difference() {
    let new = ValidationSample.changed(
      Self.pod, ["spec", "containers", "0", "env"], [["name": "Z", "value": "1"]])
    let message = Self.errors(new, Self.pod).invalidMessage(group: "", kind: "Pod", name: "b1")
    let lines = [
      "@@ -116,7 +116,13 @@", "    \"WorkingDir\": \"\",", "    \"Ports\": null,", "    \"EnvFrom\": null,",
      "-   \"Env\": null,", "+   \"Env\": [", "+    {", "+     \"Name\": \"Z\",", "+     \"Value\": \"1\",",
      "+     \"ValueFrom\": null", "+    }", "+   ],", "    \"Resources\": {", "     \"Limits\": {",
      "      \"cpu\": \"1\"",
    ]
    let difference = lines.map { $0 + "\n" }.joined()
    #expect(message == "Pod \"b1\" is invalid: " + Self.refusal + difference)
  }

  @Test("What may change may change", arguments: allowed)
  func changes(change: WrongObject) {
    #expect(Self.errors(change.applied(to: Self.pod), Self.pod).isEmpty)
  }

  private static let allowed = [
    WrongObject("spec/containers/0/image", "nginx:2"),
    WrongObject("spec/activeDeadlineSeconds", 5),
    WrongObject("metadata/labels", ["a": "b"]),
    WrongObject("spec/tolerations/2", ["key": "k", "operator": "Exists", "effect": "NoExecute"]),
    WrongObject("spec/tolerations/1/tolerationSeconds", 5),
  ]

  @Test("What may not change is refused", arguments: refused)
  func refusals(change: WrongObject) {
    let errors = Self.errors(change.applied(to: Self.pod), Self.pod).map(\.description)
    #expect(errors.map { $0.prefix { $0 != "\n" } } == change.errors.map { $0[...] })
  }

  private static let refused = [
    // What is wrong with the new pod is there as well as what is wrong with the change.
    WrongObject(
      "spec/containers/0/image", "", "spec.containers[0].image: Required value",
      "spec.containers[0].image: Required value"),
    WrongObject(
      "spec/containers/0/name", "d", String(refusal.dropLast())),
    WrongObject("spec/nodeName", "n2", String(refusal.dropLast())),
    WrongObject("spec/hostNetwork", true, String(refusal.dropLast())),
    WrongObject("spec/terminationGracePeriodSeconds", 1, String(refusal.dropLast())),
    WrongObject(
      "spec/tolerations", [],
      "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"),
    WrongObject(
      "spec/containers",
      [ValidationSample.container, ValidationSample.changed(ValidationSample.container, ["name"], "d")],
      "spec.containers: Forbidden: pod updates may not add or remove containers"),
    WrongObject(
      "metadata/resourceVersion", nil,
      "metadata.resourceVersion: Invalid value: \"\": must be specified for an update",
      "metadata.resourceVersion: Invalid value: \"\": must be specified for an update"),
  ]

  @Test("A deadline only becomes shorter")
  func deadline() {
    let old = ValidationSample.changed(Self.pod, ["spec", "activeDeadlineSeconds"], 5)
    let path = ["spec", "activeDeadlineSeconds"]
    #expect(Self.errors(ValidationSample.changed(old, path, 4), old).isEmpty)
    #expect(
      Self.errors(ValidationSample.changed(old, path, 6), old).map(\.description) == [
        "spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value"
      ])
    #expect(
      Self.errors(Self.pod, old).map(\.description) == [
        "spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value"
      ])
  }

  @Test("A pod that waits for its gates may narrow where it goes")
  func gates() {
    let old = ValidationSample.changed(
      ValidationSample.changed(Self.pod, ["spec", "nodeName"], nil), ["spec", "schedulingGates"],
      [["name": "a.b/c"]])
    #expect(Self.errors(ValidationSample.changed(old, ["spec", "nodeSelector"], ["a": "b"]), old).isEmpty)
    #expect(Self.errors(ValidationSample.changed(old, ["spec", "schedulingGates"], nil), old).isEmpty)
    let more = ValidationSample.changed(old, ["spec", "schedulingGates"], [["name": "a.b/d"]])
    #expect(
      Self.errors(more, old).map(\.description) == [
        "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a.b/d'"
      ])
  }

  @Test("Ephemeral containers are only added")
  func ephemeralContainers() {
    let debugger: JSON = [
      "name": "e", "image": "x", "terminationMessagePolicy": "File", "imagePullPolicy": "Always",
    ]
    let new = ValidationSample.changed(Self.pod, ["spec", "ephemeralContainers"], [debugger])
    #expect(Validation.validate(ephemeralContainersUpdate: new, old: Self.pod).isEmpty)
    #expect(
      Validation.validate(ephemeralContainersUpdate: Self.pod, old: new).map(\.description) == [
        "spec.ephemeralContainers: Forbidden: existing ephemeral containers \"e\" may not be removed\n"
      ])
    let other = ValidationSample.changed(new, ["spec", "ephemeralContainers", "0", "image"], "y")
    let errors = Validation.validate(ephemeralContainersUpdate: other, old: new).map(\.description)
    #expect(errors.count == 1)
    #expect(
      errors.first?.hasPrefix(
        "spec.ephemeralContainers: Forbidden: existing ephemeral containers \"e\" may not be changed\n@@ ")
        == true)
  }
}
