extension Strategy {
  /// A Deployment's revision is told by an annotation, so those count as well as the spec.
  static var deployment: Strategy {
    var strategy = counting(["spec"], status: [:])
    strategy.generation = .changes(of: [["spec"], ["metadata", "annotations"]])
    strategy.statusMetadata = .anythingBut(["labels"])
    return strategy
  }

  // MARK: DaemonSet

  /// A DaemonSet's template is counted apart, in an annotation that once was a field. Clients cannot change it.
  static var daemonSet: Strategy {
    var strategy = counting(
      ["spec"],
      status: [
        "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0,
      ])
    strategy.onCreate = { daemonSet, _ in
      daemonSet["metadata", "annotations", templateGenerationAnnotation] = .string(
        String(max(1, templateGeneration(of: daemonSet))))
    }
    strategy.onUpdate = { daemonSet, old, _ in
      let current = templateGeneration(of: old)
      let hasChanged = daemonSet["spec", "template"] != old["spec", "template"]
      let next = hasChanged && current < .max ? current + 1 : current
      daemonSet["metadata", "annotations", templateGenerationAnnotation] = .string(String(next))
    }
    strategy.onStatusUpdate = { daemonSet, old, _ in
      daemonSet["metadata", "annotations", templateGenerationAnnotation] = .string(
        String(templateGeneration(of: old)))
    }
    return strategy
  }

  private static let templateGenerationAnnotation = "deprecated.daemonset.template.generation"

  private static func templateGeneration(of daemonSet: JSON) -> Int64 {
    daemonSet["metadata", "annotations", templateGenerationAnnotation]?.string.flatMap { Int64($0) } ?? 0
  }

  // MARK: Job

  /// A Job finds its pods by its own identity unless the client selects by hand.
  static var job: Strategy {
    var strategy = counting(["spec"], status: [:])
    strategy.orphansDependentsByDefault = true
    strategy.onCreate = { job, _ in
      if job["spec", "manualSelector"]?.boolean != true { generateSelector(of: &job) }
      Defaults.labelFromTemplate(&job)
    }
    return strategy
  }

  /// Labels that the client set already stay, for validation to refuse where they contradict.
  private static func generateSelector(of job: inout JSON) {
    let name = job["metadata", "name"] ?? ""
    let uid = job["metadata", "uid"] ?? ""
    let labels: JSONObject = [
      "batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name, "controller-uid": uid,
      "job-name": name,
    ]
    job.reviseStructure("spec") { spec in
      spec.reviseStructure("template") { template in
        template.reviseStructure("metadata") { $0.fillMembers(of: "labels", from: labels) }
      }
      spec.reviseStructure("selector") { selector in
        selector.fillMembers(of: "matchLabels", from: ["batch.kubernetes.io/controller-uid": uid])
      }
    }
  }
}
