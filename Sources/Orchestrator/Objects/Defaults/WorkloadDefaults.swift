/// The kinds that make pods from templates: groups apps and batch.
extension Defaults {
  static let apps: [String: Function] = [
    "DaemonSet": { daemonSet(&$0) },
    "Deployment": { deployment(&$0) },
    "ReplicaSet": { replicaSet(&$0) },
    "StatefulSet": { statefulSet(&$0) },
  ]

  static let batch: [String: Function] = [
    "CronJob": { cronJob(&$0) },
    "Job": { job(&$0) },
  ]

  private static func deployment(_ deployment: inout JSON) {
    deployment.reviseStructure("spec") { spec in
      spec.fill("replicas", with: 1)
      spec.reviseStructure("strategy") { strategy in
        strategy.fillBlank("type", with: "RollingUpdate")
        guard strategy["type"]?.string == "RollingUpdate" else { return }
        strategy.reviseStructure("rollingUpdate") { update in
          update.fill("maxUnavailable", with: "25%")
          update.fill("maxSurge", with: "25%")
        }
      }
      spec.fill("revisionHistoryLimit", with: 10)
      spec.fill("progressDeadlineSeconds", with: 600)
      podTemplate(of: &spec)
    }
  }

  private static func daemonSet(_ daemonSet: inout JSON) {
    daemonSet.reviseStructure("spec") { spec in
      spec.reviseStructure("updateStrategy") { strategy in
        strategy.fillBlank("type", with: "RollingUpdate")
        guard strategy["type"]?.string == "RollingUpdate" else { return }
        strategy.reviseStructure("rollingUpdate") { update in
          update.fill("maxUnavailable", with: 1)
          update.fill("maxSurge", with: 0)
        }
      }
      spec.fill("revisionHistoryLimit", with: 10)
      podTemplate(of: &spec)
    }
  }

  private static func replicaSet(_ replicaSet: inout JSON) {
    replicaSet.reviseStructure("spec") { spec in
      spec.fill("replicas", with: 1)
      podTemplate(of: &spec)
    }
  }

  private static func statefulSet(_ statefulSet: inout JSON) {
    statefulSet.reviseStructure("spec") { spec in
      spec.fill("replicas", with: 1)
      spec.fillBlank("podManagementPolicy", with: "OrderedReady")
      spec.reviseStructure("updateStrategy") { strategy in
        // Who names the type but no parameters gets none.
        if strategy.isBlank("type") {
          strategy["type"] = "RollingUpdate"
          strategy.fill("rollingUpdate", with: [:])
        }
        guard strategy["type"]?.string == "RollingUpdate" else { return }
        strategy.revise("rollingUpdate") { $0.fill("partition", with: 0) }
      }
      spec.reviseStructure("persistentVolumeClaimRetentionPolicy") { policy in
        policy.fillBlank("whenDeleted", with: "Retain")
        policy.fillBlank("whenScaled", with: "Retain")
      }
      spec.fill("revisionHistoryLimit", with: 10)
      spec.reviseEach("volumeClaimTemplates") { claim in
        claim["apiVersion"] = "v1"
        claim["kind"] = "PersistentVolumeClaim"
        persistentVolumeClaim(&claim)
      }
      podTemplate(of: &spec)
    }
  }

  private static func job(_ job: inout JSON) {
    job.reviseStructure("spec") { spec in
      if spec.lacks("parallelism") { spec.fill("completions", with: 1) }
      spec.fill("parallelism", with: 1)
      // Retries counted per index have no limit together.
      let backoffLimit: JSON = spec.lacks("backoffLimitPerIndex") ? 6 : .integer(Int64(Int32.max))
      spec.fill("backoffLimit", with: backoffLimit)
      spec.fill("completionMode", with: "NonIndexed")
      spec.fill("suspend", with: false)
      spec.fill("manualSelector", with: false)
      // A policy about failed pods must see them fail before they are replaced.
      let replacement: JSON = spec.lacks("podFailurePolicy") ? "TerminatingOrFailed" : "Failed"
      spec.fill("podReplacementPolicy", with: replacement)
      jobSpec(&spec)
    }
    labelFromTemplate(&job)
  }

  private static func cronJob(_ cronJob: inout JSON) {
    cronJob.reviseStructure("spec") { spec in
      spec.fillBlank("concurrencyPolicy", with: "Allow")
      spec.fill("suspend", with: false)
      spec.fill("successfulJobsHistoryLimit", with: 3)
      spec.fill("failedJobsHistoryLimit", with: 1)
      // The job's own defaults come when it is made.
      spec.reviseStructure("jobTemplate") { $0.reviseStructure("spec", jobSpec) }
    }
  }

  /// What a job's spec gets wherever it stands.
  private static func jobSpec(_ spec: inout JSON) {
    spec.revise("podFailurePolicy") { policy in
      policy.reviseEach("rules") { rule in
        rule.reviseEach("onPodConditions") { $0.fillBlank("status", with: "True") }
      }
    }
    podTemplate(of: &spec)
  }
}
