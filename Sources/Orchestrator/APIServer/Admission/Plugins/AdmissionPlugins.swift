public import Registry

/// The plug-ins of an API server.
public enum AdmissionPlugins {
  /// All, in the order in which Kubernetes asks them.
  /// - Parameters:
  ///   - nameSuffix: five random characters for generated names.
  ///   - pause: waits about 50 milliseconds.
  ///   - quotaUsage: where quotas are counted; nil for no quotas.
  public static func standard(
    nameSuffix: @escaping @Sendable () -> String, pause: @escaping @Sendable () async -> Void,
    quotaUsage: (any QuotaUsageStore)?
  ) -> [any AdmissionPlugin] {
    var plugins: [any AdmissionPlugin] = [
      NamespaceLifecycle(), LimitRanger(), ServiceAccountAdmission(nameSuffix: nameSuffix, pause: pause),
      NodeRestriction(), TaintNodesByCondition(), PodPriority(), DefaultTolerationSeconds(),
      DefaultStorageClass(), StorageObjectInUseProtection(), RuntimeClassAdmission(), DefaultIngressClass(),
    ]
    if let quotaUsage { plugins.append(ResourceQuotaAdmission(usage: quotaUsage)) }
    return plugins
  }
}
