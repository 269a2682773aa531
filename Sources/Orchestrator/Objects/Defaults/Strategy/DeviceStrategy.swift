/// Devices: slices that offer them and claims that use them.
extension Strategy {
  static var resourceSlice: Strategy {
    var strategy = counting(["spec"])
    strategy.onCreate = { slice, write in dateTaints(of: &slice, at: write.time) }
    strategy.onUpdate = { slice, _, write in dateTaints(of: &slice, at: write.time) }
    return strategy
  }

  /// A device's taint counts from when it was added.
  private static func dateTaints(of slice: inout JSON, at time: Timestamp) {
    slice.revise("spec") { spec in
      spec.reviseEach("devices") { device in
        device.reviseEach("taints") { $0.fill("timeAdded", with: .string(time.text)) }
      }
    }
  }

  static var resourceClaim: Strategy {
    var strategy = separate(empty: [:])
    strategy.statusMetadata = .nothing
    strategy.onStatusUpdate = { claim, old, _ in
      let released = Set(allocatedDevices(of: old)).subtracting(allocatedDevices(of: claim))
      guard !released.isEmpty, let devices = claim["status", "devices"]?.array else { return }
      let kept = devices.filter { !released.contains(identity(of: $0)) }
      claim["status", "devices"] = kept.isEmpty ? nil : .array(kept)
    }
    return strategy
  }

  /// What drivers report about a device goes with its allocation.
  private static func allocatedDevices(of claim: JSON) -> [[JSON?]] {
    (claim["status", "allocation", "devices", "results"]?.array ?? []).map(identity)
  }

  private static func identity(of device: JSON) -> [JSON?] {
    [device["driver"], device["pool"], device["device"]]
  }
}
