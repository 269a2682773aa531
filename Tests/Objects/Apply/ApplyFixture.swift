@testable import Objects

/// A small schema in the likeness of ConfigMap, Deployment and Pod, and requests against it.
enum ApplyFixture {
  static let now = "2026-11-23T21:29:33Z"

  static let schema: Schema = {
    let names = [
      "meta/v1.ObjectMeta", "core/v1.ConfigMap", "apps/v1.Deployment", "apps/v1.DeploymentSpec",
      "meta/v1.LabelSelector",
      "apps/v1.DeploymentStrategy", "apps/v1.RollingUpdateDeployment", "core/v1.PodTemplateSpec",
      "core/v1.PodSpec",
      "core/v1.Container", "core/v1.ContainerPort", "core/v1.EnvVar", "core/v1.EnvVarSource",
      "core/v1.ResourceRequirements", "core/v1.PodSecurityContext", "apps/v1.DeploymentStatus", "core/v1.Pod",
      "core/v1.PodStatus", "core/v1.PodCondition", "core/v1.PodIP", "meta/v1.OwnerReference",
      "core/v1.ObjectFieldSelector",
      "core/v1.Probe", "core/v1.HTTPGetAction", "autoscaling/v1.Scale", "autoscaling/v1.ScaleSpec",
      "apps/v1.Revision",
    ]
    func structure(_ name: String) -> Schema.Shape { .structure(names.firstIndex(of: name)!) }
    func list(_ name: String, _ keys: String...) -> Schema.Shape { .list(structure(name), .map(keys: keys)) }
    let stringMap = Schema.Shape.map(.string, isAtomic: false)
    let fields: [String: [Schema.Field]] = [
      "meta/v1.ObjectMeta": [
        field("name", .string), field("namespace", .string), field("uid", .string),
        field("resourceVersion", .string),
        field("generation", .int64), field("creationTimestamp", .time), field("labels", stringMap),
        field("annotations", stringMap), field("finalizers", .list(.string, .set)),
        field("ownerReferences", list("meta/v1.OwnerReference", "uid")),
        field("managedFields", .list(.rawObject, .atomic)),
      ],
      "meta/v1.OwnerReference": [
        field("apiVersion", .string, isWritten: true), field("kind", .string, isWritten: true),
        field("name", .string, isWritten: true), field("uid", .string, isWritten: true),
      ],
      "core/v1.ConfigMap": [
        field("apiVersion", .string), field("kind", .string),
        field("metadata", structure("meta/v1.ObjectMeta")),
        field("immutable", .boolean, isPointer: true), field("data", stringMap),
        field("binaryData", .map(.bytes, isAtomic: false)),
      ],
      "apps/v1.Revision": [
        field("apiVersion", .string), field("kind", .string),
        field("metadata", structure("meta/v1.ObjectMeta")),
        field("data", .rawObject),
      ],
      "apps/v1.Deployment": [
        field("apiVersion", .string), field("kind", .string),
        field("metadata", structure("meta/v1.ObjectMeta")),
        field("spec", structure("apps/v1.DeploymentSpec")),
        field("status", structure("apps/v1.DeploymentStatus")),
      ],
      "apps/v1.DeploymentSpec": [
        field("replicas", .int32, isPointer: true),
        field("selector", structure("meta/v1.LabelSelector"), isPointer: true, isWritten: true),
        field("template", structure("core/v1.PodTemplateSpec"), isWritten: true),
        field("strategy", structure("apps/v1.DeploymentStrategy")), field("paused", .boolean),
        field("revisionHistoryLimit", .int32, isPointer: true),
        field("progressDeadlineSeconds", .int32, isPointer: true),
      ],
      "apps/v1.DeploymentStrategy": [
        field("type", .string),
        field("rollingUpdate", structure("apps/v1.RollingUpdateDeployment"), isPointer: true),
      ],
      "apps/v1.RollingUpdateDeployment": [
        field("maxUnavailable", .intOrString, isPointer: true),
        field("maxSurge", .intOrString, isPointer: true),
      ],
      "apps/v1.DeploymentStatus": [field("observedGeneration", .int64), field("replicas", .int32)],
      "meta/v1.LabelSelector": [field("matchLabels", stringMap)],
      "core/v1.PodTemplateSpec": [
        field("metadata", structure("meta/v1.ObjectMeta")), field("spec", structure("core/v1.PodSpec")),
      ],
      "core/v1.PodSpec": [
        field("containers", list("core/v1.Container", "name"), isWritten: true),
        field("restartPolicy", .string), field("terminationGracePeriodSeconds", .int64, isPointer: true),
        field("dnsPolicy", .string), field("nodeSelector", .map(.string, isAtomic: true)),
        field("securityContext", structure("core/v1.PodSecurityContext"), isPointer: true),
        field("schedulerName", .string), field("enableServiceLinks", .boolean, isPointer: true),
      ],
      "core/v1.PodSecurityContext": [field("runAsUser", .int64, isPointer: true)],
      "core/v1.Container": [
        field("name", .string, isWritten: true), field("image", .string),
        field("args", .list(.string, .atomic)),
        field("ports", list("core/v1.ContainerPort", "containerPort", "protocol")),
        field("env", list("core/v1.EnvVar", "name")),
        field("resources", structure("core/v1.ResourceRequirements")),
        field("terminationMessagePath", .string),
        field("livenessProbe", structure("core/v1.Probe"), isPointer: true),
        field("terminationMessagePolicy", .string), field("imagePullPolicy", .string),
      ],
      "core/v1.ContainerPort": [
        field("name", .string), field("containerPort", .int32, isWritten: true),
        field("protocol", .string, defaultValue: "TCP"),
      ],
      "core/v1.EnvVar": [
        field("name", .string, isWritten: true), field("value", .string),
        field("valueFrom", structure("core/v1.EnvVarSource"), isPointer: true),
      ],
      "core/v1.EnvVarSource": [field("fieldRef", structure("core/v1.ObjectFieldSelector"), isPointer: true)],
      "core/v1.ObjectFieldSelector": [
        field("apiVersion", .string), field("fieldPath", .string, isWritten: true),
      ],
      "core/v1.ResourceRequirements": [field("limits", .map(.quantity, isAtomic: false))],
      "core/v1.Probe": [
        field("httpGet", structure("core/v1.HTTPGetAction"), isPointer: true),
        field("timeoutSeconds", .int32),
        field("periodSeconds", .int32), field("successThreshold", .int32), field("failureThreshold", .int32),
      ],
      "core/v1.HTTPGetAction": [
        field("path", .string), field("port", .intOrString, isWritten: true), field("scheme", .string),
      ],
      "core/v1.Pod": [
        field("apiVersion", .string), field("kind", .string),
        field("metadata", structure("meta/v1.ObjectMeta")),
        field("spec", structure("core/v1.PodSpec")), field("status", structure("core/v1.PodStatus")),
      ],
      "core/v1.PodStatus": [
        field("phase", .string), field("conditions", list("core/v1.PodCondition", "type")),
        field("podIP", .string),
        field("podIPs", list("core/v1.PodIP", "ip")), field("containerStatuses", .list(.rawObject, .atomic)),
        field("qosClass", .string),
      ],
      "core/v1.PodCondition": [
        field("type", .string, isWritten: true), field("status", .string, isWritten: true),
        field("lastProbeTime", .time, isWritten: true), field("lastTransitionTime", .time, isWritten: true),
      ],
      "core/v1.PodIP": [field("ip", .string, isWritten: true)],
      "autoscaling/v1.Scale": [
        field("apiVersion", .string), field("kind", .string),
        field("metadata", structure("meta/v1.ObjectMeta")),
        field("spec", structure("autoscaling/v1.ScaleSpec")),
      ],
      "autoscaling/v1.ScaleSpec": [field("replicas", .int32)],
    ]
    let atomic: Set = ["meta/v1.LabelSelector", "core/v1.ObjectFieldSelector"]
    return Schema(
      structures: names.map {
        Schema.Structure(name: $0, fields: fields[$0] ?? [], isAtomic: atomic.contains($0))
      })
  }()

  private static func field(
    _ name: String, _ shape: Schema.Shape, isPointer: Bool = false, isWritten: Bool = false,
    defaultValue: JSON? = nil
  ) -> Schema.Field {
    var field = Schema.Field(name: name, shape: shape)
    field.isOptionalPointer = isPointer
    field.omitsEmpty = !isWritten
    field.defaultValue = defaultValue
    return field
  }

  static func shape(_ name: String) -> Schema.Shape { schema.shape(of: name) ?? .any }

  static func manager(
    _ structure: String, apiVersion: String? = nil, subresource: String = "", reset: ResetFields = .none
  ) -> FieldManager {
    let kind = String(structure.split(separator: ".").last ?? "")
    let group = String(structure.split(separator: ".").first ?? "")
    return FieldManager(
      schema: schema, shape: shape(structure),
      apiVersion: apiVersion ?? (group.hasPrefix("core/") ? String(group.dropFirst(5)) : group), kind: kind,
      subresource: subresource, resetFields: reset)
  }

  static let configMaps = manager("core/v1.ConfigMap")
  static let deployments = manager(
    "apps/v1.Deployment", reset: .fields(FieldSet(named: ["status"])))
  static let pods = manager("core/v1.Pod", reset: .fields(FieldSet(named: ["status"])))

  static func json(_ text: String) -> JSON {
    do { return try JSON.parse(text) } catch { preconditionFailure("invalid JSON in a test: \(text)") }
  }

  static func time(_ text: String = now) -> Timestamp {
    guard let time = Timestamp(text) else { preconditionFailure("invalid time in a test: \(text)") }
    return time
  }

  /// The managed fields of an object as text; empty for none.
  static func managed(_ object: JSON) -> String { object["metadata"]?["managedFields"]?.text ?? "" }

  /// The object without them as text.
  static func bare(_ object: JSON) -> String {
    var object = object
    object["metadata", "managedFields"] = nil
    return object.text
  }

  /// An object as the server stores it: with a uid.
  static func stored(_ object: JSON) -> JSON {
    var object = object
    object["metadata", "uid"] = "u"
    return object
  }
}
