extension Strategy {
  /// A volume knows since when it has been in its phase.
  static var persistentVolume: Strategy {
    var strategy = separate(empty: ["phase": "Pending"])
    strategy.onCreate = { volume, write in
      volume["status", "lastPhaseTransitionTime"] = .string(write.time.text)
    }
    strategy.onStatusUpdate = { volume, old, write in
      let oldStatus = old["status"] ?? .object([:])
      volume.reviseStructure("status") { status in
        status.fillBlank("phase", with: "Pending")
        let time = "lastPhaseTransitionTime"
        if status["phase"] == oldStatus["phase"] {
          if status.lacks(time) { status[time] = oldStatus[time] }
        } else if status.lacks(time) || status[time] == oldStatus[time] {
          status[time] = .string(write.time.text)
        }
      }
    }
    return strategy
  }

  static var persistentVolumeClaim: Strategy {
    var strategy = separate(empty: ["phase": "Pending"])
    strategy.onCreate = { claim, _ in linkDataSources(of: &claim) }
    strategy.onUpdate = { claim, _, _ in linkDataSources(of: &claim) }
    return strategy
  }

  /// A claim's source has an old and a new field. Both say the same, unless the new one says what the old one cannot:
  /// another namespace.
  private static func linkDataSources(of claim: inout JSON) {
    claim.revise("spec") { spec in
      if spec.lacks("dataSourceRef") {
        if !spec.lacks("dataSource") { spec["dataSourceRef"] = spec["dataSource"] }
      } else if spec.lacks("dataSource"), var source = spec["dataSourceRef"], source.isBlank("namespace") {
        source["namespace"] = nil
        spec["dataSource"] = source
      }
    }
  }
}
