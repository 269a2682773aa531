import Objects

/// The pods of a Job.
enum JobPods {
  /// Keeps a pod until its end has been counted.
  static let finalizer = "batch.kubernetes.io/job-tracking"
  /// The annotation and label with a pod's completion index.
  static let indexKey = "batch.kubernetes.io/job-completion-index"
  /// How often pods of the same index have failed before.
  static let indexFailureCount = "batch.kubernetes.io/job-index-failure-count"
  /// The same, failures that the policy ignores.
  static let indexIgnoredFailureCount = "batch.kubernetes.io/job-index-ignored-failure-count"

  /// The completion index of a pod; nil for one that has none.
  static func index(of pod: JSON) -> Int? {
    guard let index = pod.annotation(indexKey).flatMap({ Int($0) }), index >= 0 else { return nil }
    return index
  }

  static func isTracked(_ pod: JSON) -> Bool { pod.finalizers.contains(finalizer) }

  /// A pod to create, with an index if the Job is indexed.
  static func pod(_ job: JSON, index: Int?, failures: Int?) -> JSON {
    let template = job["spec", "template"] ?? [:]
    var pod = PodTemplate.pod(from: template, owner: job, .jobs)
    var finalizers = pod["metadata", "finalizers"]?.array ?? []
    finalizers.append(.string(finalizer))
    pod["metadata", "finalizers"] = .array(finalizers)
    guard let index else { return pod }
    let text = String(index)
    let start = DerivedName.join(job.name, "-\(text)-", limit: DerivedName.generatedLimit)
    pod["metadata", "generateName"] = .string(start)
    pod["metadata", "annotations", indexKey] = .string(text)
    pod["metadata", "labels", indexKey] = .string(text)
    if let failures { pod["metadata", "annotations", indexFailureCount] = .string(String(failures)) }
    if (pod["spec", "hostname"]?.string ?? "").isEmpty {
      pod["spec", "hostname"] = .string("\(job.name)-\(text)")
    }
    for field in ["containers", "initContainers"] {
      guard let containers = pod["spec", field]?.array else { continue }
      pod["spec", field] = .array(containers.map(withIndexVariable))
    }
    return pod
  }

  private static func withIndexVariable(_ container: JSON) -> JSON {
    var container = container
    var variables = container["env"]?.array ?? []
    guard !variables.contains(where: { $0["name"]?.string == "JOB_COMPLETION_INDEX" }) else {
      return container
    }
    variables.append([
      "name": "JOB_COMPLETION_INDEX",
      "valueFrom": [
        "fieldRef": ["apiVersion": "v1", "fieldPath": .string("metadata.labels['\(indexKey)']")]
      ],
    ])
    container["env"] = .array(variables)
    return container
  }

  /// When a pod ended: when its last container did.
  static func endTime(_ pod: JSON) -> Timestamp? {
    let ends = (pod["status", "containerStatuses"]?.array ?? []).compactMap { status -> Timestamp? in
      (status["state", "terminated", "finishedAt"]?.string).flatMap { Timestamp($0) }
    }
    if let last = ends.max() { return last }
    if let deletion = pod.deletionTime {
      let grace = pod["metadata", "deletionGracePeriodSeconds"]?.integer ?? 0
      return deletion.advanced(bySeconds: -grace)
    }
    return Conditions.find("Ready", in: pod["status"])?["lastTransitionTime"]?.string.flatMap {
      Timestamp($0)
    }
  }
}

/// How long a Job waits before it replaces failed pods.
enum JobBackOff {
  /// After the first failure; doubled by each further one.
  static let first = Duration.seconds(10)
  static let longest = Duration.seconds(600)

  /// How long to wait yet: by the failures since the last success, from the last one on. Nil for not at all.
  static func remaining(failed: [JSON], succeeded: [JSON], now: Timestamp) -> Duration? {
    let lastSuccess = succeeded.lazy.compactMap { JobPods.endTime($0) }.max() ?? .zero
    var count = 0
    var last = Timestamp.zero
    for pod in failed {
      let end = JobPods.endTime(pod) ?? pod.creationTime ?? now
      guard end > lastSuccess else { continue }
      count += 1
      last = max(last, end)
    }
    guard count > 0 else { return nil }
    let wait = count > 7 ? longest : min(longest, first * (1 << (count - 1)))
    let rest = wait - now.since(last)
    return rest > .zero ? min(rest, longest) : nil
  }
}
