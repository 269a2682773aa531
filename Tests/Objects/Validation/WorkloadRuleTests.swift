import Testing

@testable import Objects

@Suite("Rules for workloads")
struct WorkloadRuleTests {
  private static func created(_ object: JSON, _ kind: String) -> [String] {
    let group = kind.hasSuffix("Job") ? "batch" : "apps"
    return Validation.validate(create: object, group: group, version: "v1", kind: kind).map(\.description)
  }

  /// What is said of a change, without what is said again.
  private static func updated(_ new: JSON, _ old: JSON, _ kind: String) -> [String] {
    let group = kind.hasSuffix("Job") ? "batch" : "apps"
    let errors = Validation.validate(update: new, old: old, group: group, version: "v1", kind: kind)
    var said: [String] = []
    for error in errors where !said.contains(error.description) { said.append(error.description) }
    return said
  }

  private static let samples: [String: JSON] = [
    "Deployment": ValidationSample.deployment, "ReplicaSet": replicaSet,
    "StatefulSet": ValidationSample.statefulSet,
    "DaemonSet": ValidationSample.daemonSet, "Job": ValidationSample.job, "CronJob": ValidationSample.cronJob,
  ]

  private static let replicaSet: JSON = [
    "metadata": ValidationSample.metadata("x"),
    "spec": ["replicas": 1, "selector": ValidationSample.selector, "template": ValidationSample.template],
  ]

  @Test("Right workloads have no errors, nor have their updates", arguments: samples.keys.sorted())
  func right(kind: String) throws {
    let sample = try #require(Self.samples[kind])
    #expect(Self.created(sample, kind).isEmpty)
    let stored = ValidationSample.stored(sample)
    #expect(Self.updated(stored, stored, kind).isEmpty)
  }

  @Test("A deployment with nothing in it is answered as a stock server answers")
  func empty() {
    let deployment: JSON = [
      "metadata": ValidationSample.metadata("x"),
      "spec": [
        "replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
        "strategy": [
          "type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": "25%", "maxSurge": "25%"],
        ],
        "template": [
          "metadata": [:],
          "spec": [
            "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
            "securityContext": [:], "schedulerName": "default-scheduler",
          ],
        ],
      ],
    ]
    let errors = Validation.validate(create: deployment, group: "apps", version: "v1", kind: "Deployment")
    #expect(
      errors.invalidMessage(group: "apps", kind: "Deployment", name: "x")
        == "Deployment.apps \"x\" is invalid: [spec.selector: Required value, spec.template.metadata.labels: Invalid"
        + " value: null: `selector` does not match template `labels`, spec.template.spec.containers: Required value]"
    )
  }

  @Test("The selector of a deployment stays")
  func immutableSelector() {
    let old = ValidationSample.stored(ValidationSample.deployment)
    let new = ValidationSample.changed(old, ["spec", "selector", "matchLabels"], ["a": "z"])
    let labelled = ValidationSample.changed(
      new, ["spec", "template", "metadata", "labels"], ["a": "b", "x": "y"])
    let errors = Validation.validate(
      update: labelled, old: old, group: "apps", version: "v1", kind: "Deployment")
    #expect(
      errors.invalidMessage(group: "apps", kind: "Deployment", name: "d")
        == "Deployment.apps \"d\" is invalid: [spec.template.metadata.labels: Invalid value:"
        + " {\"a\":\"b\",\"x\":\"y\"}: `selector` does not match template `labels`, spec.selector: Invalid value:"
        + " {\"matchLabels\":{\"a\":\"z\"}}: field is immutable]")
    #expect(errors.map(\.field) == ["spec.template.metadata.labels", "spec.selector"])
  }

  @Test("A scale has no fewer than no replicas")
  func scale() {
    let scale: JSON = ["metadata": ["name": "d", "namespace": "g"], "spec": ["replicas": -1]]
    #expect(
      Validation.validate(scale: scale).invalidMessage(group: "autoscaling", kind: "Scale", name: "d")
        == "Scale.autoscaling \"d\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0"
    )
  }

  @Test("Wrong deployments", arguments: wrongDeployments)
  func deployments(wrong: WrongObject) {
    #expect(Self.created(wrong.applied(to: ValidationSample.deployment), "Deployment") == wrong.errors)
  }

  private static let wrongDeployments = [
    WrongObject(
      "spec/template/metadata/labels", ["a": "c"],
      "spec.template.metadata.labels: Invalid value: {\"a\":\"c\"}: `selector` does not match template `labels`"
    ),
    WrongObject("spec/replicas", -1, "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
    WrongObject(
      "spec/selector", [:], "spec.selector: Invalid value: {}: empty selector is invalid for deployment"),
    WrongObject(
      "spec/selector/matchExpressions", [["key": "a", "operator": "In"]],
      "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      "spec.selector: Invalid value: {\"matchLabels\":{\"a\":\"b\"},\"matchExpressions\":[{\"key\":\"a\","
        + "\"operator\":\"In\"}]}: invalid label selector"),
    WrongObject(
      "spec/template/spec/restartPolicy", "Never",
      "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\""),
    WrongObject(
      "spec/strategy/rollingUpdate", ["maxUnavailable": 0, "maxSurge": "0%"],
      "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"),
    WrongObject(
      "spec/strategy/rollingUpdate/maxUnavailable", "101%",
      "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"101%\": must not be greater than 100%"),
    WrongObject(
      "spec/strategy/rollingUpdate/maxSurge", "x",
      "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"x\": a valid percent string must be a numeric string"
        + " followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"),
    WrongObject(
      "spec/strategy/type", "Recreate",
      "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"),
    WrongObject(
      "spec/minReadySeconds", 600,
      "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds"),
  ]

  @Test("Wrong daemon sets", arguments: wrongDaemonSets)
  func daemonSets(wrong: WrongObject) {
    #expect(Self.created(wrong.applied(to: ValidationSample.daemonSet), "DaemonSet") == wrong.errors)
  }

  private static let wrongDaemonSets = [
    WrongObject(
      "spec/updateStrategy/rollingUpdate/maxSurge", 1,
      "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero"
    ),
    WrongObject(
      "spec/updateStrategy/rollingUpdate/maxUnavailable", 0,
      "spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0"),
    WrongObject(
      "spec/selector", [:], "spec.selector: Invalid value: {}: empty selector is invalid for daemonset"),
    WrongObject(
      "spec/template/spec/activeDeadlineSeconds", 1,
      "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported"
    ),
  ]

  @Test("Wrong stateful sets", arguments: wrongStatefulSets)
  func statefulSets(wrong: WrongObject) {
    #expect(Self.created(wrong.applied(to: ValidationSample.statefulSet), "StatefulSet") == wrong.errors)
  }

  private static let wrongStatefulSets = [
    WrongObject("spec/podManagementPolicy", nil, "spec.podManagementPolicy: Required value"),
    WrongObject(
      "spec/podManagementPolicy", "x",
      "spec.podManagementPolicy: Invalid value: \"x\": must be 'OrderedReady' or 'Parallel'"),
    WrongObject(
      "spec/updateStrategy/rollingUpdate/partition", -1,
      "spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0"),
    WrongObject(
      "spec/selector", [:], "spec.selector: Invalid value: {}: empty selector is invalid for statefulset"),
  ]

  @Test("Little of a stateful set changes")
  func statefulSetUpdate() {
    let old = ValidationSample.stored(ValidationSample.statefulSet)
    for path in ["replicas", "minReadySeconds"] {
      #expect(Self.updated(ValidationSample.changed(old, ["spec", path], 2), old, "StatefulSet").isEmpty)
    }
    let new = ValidationSample.changed(old, ["spec", "serviceName"], "t")
    #expect(
      Self.updated(new, old, "StatefulSet") == [
        "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template',"
          + " 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds'"
          + " are forbidden"
      ])
  }

  @Test("Wrong jobs", arguments: wrongJobs)
  func jobs(wrong: WrongObject) {
    #expect(Self.created(wrong.applied(to: ValidationSample.job), "Job") == wrong.errors)
  }

  private static let wrongJobs = [
    WrongObject(
      "spec/template/spec/restartPolicy", "Always",
      "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\""),
    WrongObject(
      "spec/template/spec/restartPolicy", "x",
      "spec.template.spec.restartPolicy: Unsupported value: \"x\": supported values: \"Always\", \"OnFailure\","
        + " \"Never\"",
      "spec.template.spec.restartPolicy: Unsupported value: \"x\": supported values: \"OnFailure\", \"Never\""
    ),
    WrongObject(
      "spec/parallelism", -1, "spec.parallelism: Invalid value: -1: must be greater than or equal to 0"),
    WrongObject(
      "spec/maxFailedIndexes", 1,
      "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified",
      "spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode"),
    WrongObject(
      "spec/completionMode", "x",
      "spec.completionMode: Unsupported value: \"x\": supported values: \"NonIndexed\", \"Indexed\""),
  ]

  @Test("A job's completions, selector and template stay")
  func jobUpdate() {
    let old = ValidationSample.stored(ValidationSample.job)
    let completions = ValidationSample.changed(old, ["spec", "completions"], 2)
    #expect(
      Self.updated(completions, old, "Job") == ["spec.completions: Invalid value: 2: field is immutable"])
    #expect(Self.updated(ValidationSample.changed(old, ["spec", "parallelism"], 2), old, "Job").isEmpty)
    let image = ValidationSample.changed(old, ["spec", "template", "spec", "containers", "0", "image"], "y")
    let errors = Self.updated(image, old, "Job")
    #expect(errors.count == 1)
    #expect(errors.first?.hasPrefix("spec.template: Invalid value: {\"") == true)
    #expect(errors.first?.hasSuffix("}: field is immutable") == true)
    #expect(errors.first?.contains("\"Image\":\"y\"") == true)
  }

  @Test("Wrong cron jobs", arguments: wrongCronJobs)
  func cronJobs(wrong: WrongObject) {
    #expect(Self.created(wrong.applied(to: ValidationSample.cronJob), "CronJob") == wrong.errors)
  }

  private static let wrongCronJobs = [
    WrongObject(
      "spec/schedule", "nope",
      "spec.schedule: Invalid value: \"nope\": expected exactly 5 fields, found 1: [nope]"),
    WrongObject("spec/schedule", "", "spec.schedule: Required value"),
    WrongObject(
      "spec/concurrencyPolicy", "x",
      "spec.concurrencyPolicy: Unsupported value: \"x\": supported values: \"Allow\", \"Forbid\", \"Replace\""
    ),
    WrongObject(
      "spec/schedule", "TZ=UTC 0 0 * * *",
      "spec.schedule: Invalid value: \"TZ=UTC 0 0 * * *\": cannot use TZ or CRON_TZ in schedule, use timeZone field"
        + " instead"),
    WrongObject(
      "metadata/name", .string(String(repeating: "x", count: 53)),
      "metadata.name: Invalid value: \"" + String(repeating: "x", count: 53)
        + "\": must be no more than 52 characters"),
  ]

  @Test("A data of a revision stays")
  func revision() {
    let old = ValidationSample.stored([
      "metadata": ValidationSample.metadata("x"), "data": ["a": "b"], "revision": 1,
    ])
    #expect(Self.updated(old, old, "ControllerRevision").isEmpty)
    let new = ValidationSample.changed(old, ["data"], ["a": "c"])
    let errors = Self.updated(new, old, "ControllerRevision")
    #expect(errors.count == 1)
    #expect(errors.first?.hasPrefix("data: Invalid value: ") == true)
    #expect(errors.first?.hasSuffix(": field is immutable") == true)
  }
}
