extension Defaults {
  static func priorityClass(_ priorityClass: inout JSON) {
    priorityClass.fill("preemptionPolicy", with: "PreemptLowerPriority")
  }

  static func runtimeClass(_ runtimeClass: inout JSON) {
    runtimeClass.revise("overhead") { $0.roundResources(at: "podFixed") }
  }
}
