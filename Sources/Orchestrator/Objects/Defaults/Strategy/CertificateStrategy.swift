/// Certificate signing requests: who asked is what authentication found, and nothing of the request changes afterwards.
extension Strategy {
  static var certificateSigningRequest: Strategy {
    var strategy = separate(empty: [:])
    strategy.onCreate = { request, write in
      request.reviseStructure("spec") { spec in
        let user = write.user
        for field in ["username", "uid", "groups", "extra"] { spec[field] = nil }
        if !user.name.isEmpty { spec["username"] = .string(user.name) }
        if !user.uid.isEmpty { spec["uid"] = .string(user.uid) }
        if !user.groups.isEmpty { spec["groups"] = .array(user.groups.map { .string($0) }) }
        if !user.extra.isEmpty {
          spec["extra"] = .object(
            JSONObject(user.extra.map { ($0.key, .array($0.value.map { .string($0) })) }))
        }
      }
    }
    strategy.onUpdate = { request, old, _ in request["spec"] = old["spec"] }
    strategy.onStatusUpdate = { request, old, write in
      for type in ["Approved", "Denied"] { keepConditions(of: &request, type: type, from: old) }
      dateConditions(of: &request, from: old, at: write.time)
    }
    return strategy
  }

  /// Prepares an update through `certificatesigningrequests/approval`: only the conditions change.
  public func prepareForApprovalUpdate(_ request: inout JSON, from old: JSON, write: Write) {
    let conditions = request["status", "conditions"]
    ObjectMetadata.prepareForUpdate(&request, from: old)
    request["spec"] = old["spec"]
    request["status"] = old["status"] ?? .object([:])
    request["status", "conditions"] = conditions
    Self.dateConditions(of: &request, from: old, at: write.time)
  }

  /// The decision is not for who writes the status. Where it came or went, validation refuses it.
  private static func keepConditions(of request: inout JSON, type: String, from old: JSON) {
    var kept = (old["status", "conditions"]?.array ?? []).filter { $0["type"]?.string == type }[...]
    let written = (request["status", "conditions"]?.array ?? []).filter { $0["type"]?.string == type }
    guard kept.count == written.count else { return }
    request.revise("status") { status in
      status.reviseEach("conditions") { condition in
        if condition["type"]?.string == type, let next = kept.popFirst() { condition = next }
      }
    }
  }

  private static func dateConditions(of request: inout JSON, from old: JSON, at time: Timestamp) {
    let oldConditions = old["status", "conditions"]?.array ?? []
    request.revise("status") { status in
      status.reviseEach("conditions") { condition in
        condition.fill("lastUpdateTime", with: .string(time.text))
        guard condition.lacks("lastTransitionTime") else { return }
        let unchanged = oldConditions.first {
          $0["type"] == condition["type"] && $0["status"] == condition["status"]
            && !$0.lacks("lastTransitionTime")
        }
        condition["lastTransitionTime"] = unchanged?["lastTransitionTime"] ?? .string(time.text)
      }
    }
  }
}
