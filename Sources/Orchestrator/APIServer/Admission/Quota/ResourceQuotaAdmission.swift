public import Exchange
public import Objects
public import Registry

/// Where what quotas have used is written, so that several API servers do not both give the last room away.
public protocol QuotaUsageStore: Sendable {
  /// Stores a quota's status if the quota still has its `metadata.resourceVersion`.
  /// - Returns: whether it had; else somebody else has written meanwhile.
  func saveStatus(of quota: JSON) async throws(StatusError) -> Bool
}

/// A namespace has no more than its quotas allow.
///
/// What a write will use is counted before it is stored; should it fail after all, the quota controller, which counts
/// what is there, puts that right. Must be the last plug-in, for the same reason.
public struct ResourceQuotaAdmission: AdmissionPlugin {
  /// How often a quota is tried when others count at the same time.
  static let attempts = 20

  private let usage: any QuotaUsageStore
  private let gates = NamespaceGates()

  /// The plug-in.
  public init(usage: any QuotaUsageStore) { self.usage = usage }

  /// `ResourceQuota`.
  public var name: String { "ResourceQuota" }

  /// What can use up a quota.
  public func handles(_ request: AdmissionRequest) -> Bool {
    guard request.resource.isNamespaced else { return false }
    switch (request.operation, request.resource.group, request.resource.resource, request.subresource) {
    case (.create, "", "events", _), (.create, "events.k8s.io", _, _): return false
    case (.create, "coordination.k8s.io", _, _), (.create, "authorization.k8s.io", _, _): return false
    case (.create, _, _, ""): return true
    case (.update, "", "services", ""), (.update, "", "persistentvolumeclaims", ""): return true
    case (.update, "", "pods", "resize"): return true
    default: return false
    }
  }

  /// Counts what the write uses.
  /// - Throws: 403 if there is no room for it.
  public func validate(_ request: AdmissionRequest, _ objects: any ObjectSource) async throws(StatusError) {
    guard let object = request.object else { return }
    let quotas = try await objects.list(KnownResources.resourceQuotas, namespace: request.namespace)
    if quotas.isEmpty { return }
    let increase = QuotaUsage(of: object, request.resource)
      .increase(from: request.old.map { QuotaUsage(of: $0, request.resource) })
    // What frees room is never refused, and counted when it is gone.
    guard increase.values.contains(where: { Quantity.nothing < $0 }) else { return }
    guard let entry = await gates.enter(request.namespace) else {
      throw .tooManyRequests("too many writes are waiting for quotas of namespace \(request.namespace)")
    }
    do throws(StatusError) {
      // What was read before others were in is old by now.
      try await count(request, object, increase, entry == .atOnce ? quotas : nil, objects)
    } catch {
      await gates.leave(request.namespace)
      throw error
    }
    await gates.leave(request.namespace)
  }

  private func count(
    _ request: AdmissionRequest, _ object: JSON, _ increase: [String: Quantity], _ seen: [JSON]?,
    _ objects: any ObjectSource
  ) async throws(StatusError) {
    var isCounted: Set<String> = []
    var known = seen
    var contended = ""
    for _ in 0..<Self.attempts {
      let quotas: [JSON]
      if let read = known {
        quotas = read
      } else {
        quotas = try await objects.list(KnownResources.resourceQuotas, namespace: request.namespace)
      }
      known = nil
      var changed: [JSON] = []
      for quota in quotas where !isCounted.contains(quota.text("metadata", "uid")) {
        switch QuotaDecision(quota, object, request.resource, increase: increase) {
        case .unaffected: break
        case .refused(let problem): throw request.forbidden(problem)
        case .fits(let used):
          var quota = quota
          quota["status", "used"] = used
          changed.append(quota)
        }
      }
      if request.dryRun || changed.isEmpty { return }
      var isDone = true
      for quota in changed {
        if try await usage.saveStatus(of: quota) {
          isCounted.insert(quota.text("metadata", "uid"))
        } else {
          contended = quota.text("metadata", "name")
          isDone = false
        }
      }
      if isDone { return }
    }
    throw .modified(KnownResources.resourceQuotas, name: contended)
  }
}

/// Lets one write at a time count in a namespace, for they would only stand in each other's way.
actor NamespaceGates {
  /// How many may wait in all.
  static let maximumWaiting = 10_000

  private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]
  private var waitingCount = 0

  /// How somebody came in.
  enum Entry: Sendable, Hashable {
    case atOnce
    case afterOthers
  }

  /// Waits until nobody else is in.
  /// - Returns: nil if too many wait; then the caller is not in.
  func enter(_ namespace: String) async -> Entry? {
    guard waiting[namespace] != nil else {
      waiting[namespace] = []
      return .atOnce
    }
    guard waitingCount < Self.maximumWaiting else { return nil }
    waitingCount += 1
    await withCheckedContinuation { waiting[namespace, default: []].append($0) }
    return .afterOthers
  }

  /// Lets the next one in.
  func leave(_ namespace: String) {
    guard var queue = waiting[namespace], !queue.isEmpty else {
      waiting[namespace] = nil
      return
    }
    let next = queue.removeFirst()
    waiting[namespace] = queue
    waitingCount -= 1
    next.resume()
  }
}
