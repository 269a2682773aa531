public import Objects

/// Resources that are served in two forms but stored in one: events of `events.k8s.io/v1` as those of `v1`, autoscalers
/// of `autoscaling/v1` as those of `autoscaling/v2`.
public enum StoredVersion {
  /// The resource whose form is stored; for nearly all resources that is the resource itself.
  public static func of(_ resource: Resource) -> Resource {
    switch (resource.group, resource.version, resource.resource) {
    case ("events.k8s.io", "v1", "events"):
      Resource.builtIn(group: "", version: "v1", resource: "events") ?? resource
    case ("autoscaling", "v1", "horizontalpodautoscalers"):
      Resource.builtIn(group: "autoscaling", version: "v2", resource: "horizontalpodautoscalers") ?? resource
    default: resource
    }
  }

  /// A stored object as the resource serves it.
  public static func served(_ stored: JSON, as resource: Resource) -> JSON {
    convert(stored, to: resource.apiVersion, live: nil) ?? stored
  }

  /// An object of the resource as it is stored.
  /// - Parameter live: what is stored now, for what the resource's form cannot say.
  static func stored(_ object: JSON, from resource: Resource, live: JSON?) -> JSON {
    convert(object, to: of(resource).apiVersion, live: live) ?? object
  }

  /// An object in another form of its kind; nil if that is the form it has, or there is none.
  static func convert(_ object: JSON, to apiVersion: String, live: JSON?) -> JSON? {
    guard let kind = object["kind"]?.string, let old = object["apiVersion"]?.string, old != apiVersion else {
      return nil
    }
    let (group, version): (String, String)
    var new = object
    switch (kind, old, apiVersion) {
    case ("Event", "v1", "events.k8s.io/v1"):
      (group, version) = ("events.k8s.io", "v1")
      for (core, own) in eventFields { rename(core, to: own, in: &new) }
    case ("Event", "events.k8s.io/v1", "v1"):
      (group, version) = ("", "v1")
      for (core, own) in eventFields { rename(own, to: core, in: &new) }
    case ("HorizontalPodAutoscaler", "autoscaling/v2", "autoscaling/v1"):
      (group, version) = ("autoscaling", "v1")
      Autoscalers.makeFirst(&new)
    case ("HorizontalPodAutoscaler", "autoscaling/v1", "autoscaling/v2"):
      (group, version) = ("autoscaling", "v2")
      Autoscalers.makeSecond(&new, live: live)
    default: return nil
    }
    new["apiVersion"] = .string(apiVersion)
    let schema = Schema.builtIn
    guard let shape = schema.shape(forGroup: group, version: version, kind: kind) else { return nil }
    return ObjectDecoder(schema: schema).prune(new, as: shape)
  }

  /// What the forms of an event call the same: `v1`, `events.k8s.io/v1`.
  private static let eventFields = [
    ("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"), ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"), ("reportingComponent", "reportingController"),
  ]

  private static func rename(_ old: String, to new: String, in object: inout JSON) {
    guard let value = object[old] else { return }
    object[old] = nil
    object[new] = value
  }
}

/// The forms of an autoscaler: the first knows the use of processors alone, the second any metrics.
private enum Autoscalers {
  private static func isProcessor(_ metric: JSON) -> Bool {
    metric["type"]?.string == "Resource" && metric["resource"]?["name"]?.string == "cpu"
  }

  private static func isTarget(_ metric: JSON) -> Bool {
    isProcessor(metric) && metric["resource"]?["target"]?["averageUtilization"]?.integer != nil
  }

  static func makeFirst(_ object: inout JSON) {
    let target = object["spec"]?["metrics"]?.array?.first(where: isTarget)
    object["spec", "targetCPUUtilizationPercentage"] = target?["resource"]?["target"]?["averageUtilization"]
    let current = object["status"]?["currentMetrics"]?.array?.first(where: isProcessor)
    if let use = current?["resource"]?["current"]?["averageUtilization"] {
      object["status", "currentCPUUtilizationPercentage"] = use
    }
  }

  static func makeSecond(_ object: inout JSON, live: JSON?) {
    var metrics: [JSON] = (live?["spec"]?["metrics"]?.array ?? []).filter { !isTarget($0) }
    if let percentage = object["spec"]?["targetCPUUtilizationPercentage"], percentage.integer != nil {
      metrics.append([
        "type": "Resource",
        "resource": ["name": "cpu", "target": ["type": "Utilization", "averageUtilization": percentage]],
      ])
    }
    if !metrics.isEmpty { object["spec", "metrics"] = .array(metrics) }
    object["spec", "behavior"] = live?["spec"]?["behavior"]
    if let status = live?["status"] {
      for field in ["currentMetrics", "conditions"] { object["status", field] = status[field] }
    }
  }
}

extension Target {
  /// The target among what is stored.
  var stored: Target {
    var target = self
    target.resource = StoredVersion.of(resource)
    return target
  }
}

extension WriteResult {
  /// The result as the resource serves it.
  func served(as resource: Resource, stored: Resource) -> WriteResult {
    guard resource.version != stored.version || resource.group != stored.group else { return self }
    return WriteResult(
      object: StoredVersion.served(object, as: resource), created: created, warnings: warnings)
  }
}
