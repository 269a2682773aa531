public import Exchange
public import Objects
public import Storage

/// Counts what quotas have used in the store of the quotas.
public struct StoredQuotaUsage: QuotaUsageStore {
  private let quotas: ResourceStore

  /// The store of `resourcequotas`.
  public init(quotas: ResourceStore) { self.quotas = quotas }

  /// Stores the quota if it still has its version; else false.
  public func saveStatus(of quota: JSON) async throws(StatusError) -> Bool {
    // Without a version there is nothing that could still be the same.
    guard let revision = Int64(quota.text("metadata", "resourceVersion")), revision > 0 else { return false }
    let name = ObjectName(
      namespace: quota.text("metadata", "namespace"), name: quota.text("metadata", "name"))
    return switch try await quotas.update(quota, name, expecting: revision) {
    case .stored: true
    case .changed: false
    }
  }
}
