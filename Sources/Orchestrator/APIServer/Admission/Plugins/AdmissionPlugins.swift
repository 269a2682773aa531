public import Objects
public import Registry

/// The plug-ins of an API server.
public enum AdmissionPlugins {
  /// The resources that writes of pods make the plug-ins look at: a cache should follow these.
  public static let cachedResources: [Resource] = [
    KnownResources.namespaces, KnownResources.serviceAccounts, KnownResources.limitRanges,
    KnownResources.priorityClasses, KnownResources.storageClasses, KnownResources.ingressClasses,
    KnownResources.runtimeClasses,
  ]

  /// All, in the order in which Kubernetes asks them.
  /// - Parameters:
  ///   - nameSuffix: five random characters for generated names.
  ///   - pause: waits about 50 milliseconds.
  ///   - cache: spares reads of the store; nil for none.
  ///   - escalation: who knows what users may grant; nil if anybody may grant anything.
  ///   - quotaUsage: where quotas are counted; nil for no quotas.
  public static func standard(
    nameSuffix: @escaping @Sendable () -> String, pause: @escaping @Sendable () async -> Void,
    cache: (any ObjectCache)? = nil, escalation: (any EscalationChecking)? = nil,
    quotaUsage: (any QuotaUsageStore)?
  ) -> [any AdmissionPlugin] {
    var plugins: [any AdmissionPlugin] = [
      NamespaceLifecycle(), LimitRanger(), ServiceAccountAdmission(nameSuffix: nameSuffix, pause: pause),
      // What a node may do is decided by what is there now.
      NodeRestriction(), TaintNodesByCondition(), PodPriority(), DefaultTolerationSeconds(),
      DefaultStorageClass(), StorageObjectInUseProtection(), RuntimeClassAdmission(), DefaultIngressClass(),
    ]
    if let cache {
      plugins = plugins.map { plugin in
        plugin is NodeRestriction ? plugin : CachingPlugin(plugin: plugin, cache: cache)
      }
    }
    if let escalation { plugins.append(RoleEscalation(check: escalation)) }
    // Counts against what is stored, so that no cache may stand before it.
    if let quotaUsage { plugins.append(ResourceQuotaAdmission(usage: quotaUsage)) }
    return plugins
  }
}
