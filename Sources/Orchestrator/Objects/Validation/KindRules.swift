/// The rules for one kind.
struct KindRules: Sendable {
  typealias Create = @Sendable (inout Checker, JSON) -> Void
  /// Of the new and the old object.
  typealias Update = @Sendable (inout Checker, JSON, JSON) -> Void

  /// A kind, in whatever version.
  struct Key: Hashable {
    let group: String
    let kind: String
  }

  let isNamespaced: Bool
  let create: Create
  let update: Update
  let statusUpdate: Update

  /// - Parameters:
  ///   - checksAllAgain: whether what is wrong with the new object is said before what is wrong with the change, and
  ///     so again, as Kubernetes does for some kinds.
  ///   - update: by default the metadata, and all that holds for a new object.
  ///   - statusUpdate: by default the metadata.
  private init(
    isNamespaced: Bool = true, checksAllAgain: Bool = false, create: @escaping Create, update: Update? = nil,
    statusUpdate: Update? = nil
  ) {
    self.isNamespaced = isNamespaced
    self.create = create
    let change =
      update ?? { checker, new, old in
        checker.metadataUpdate(new, old)
        create(&checker, new)
      }
    self.update = { checker, new, old in
      if checksAllAgain { create(&checker, new) }
      change(&checker, new, old)
    }
    self.statusUpdate = statusUpdate ?? { $0.metadataUpdate($1, $2) }
  }

  /// A kind of which only the metadata has rules.
  private static func metadataOnly(isNamespaced: Bool, _ names: NameRule = .subdomain) -> KindRules {
    KindRules(
      isNamespaced: isNamespaced, create: { $0.metadata($1, isNamespaced: isNamespaced, names) },
      update: { $0.metadataUpdate($1, $2) })
  }

  static let all: [Key: KindRules] = {
    var all: [Key: KindRules] = [:]
    for (group, kinds) in [
      ("", core), ("apps", apps), ("batch", batch), ("networking.k8s.io", networking),
      ("rbac.authorization.k8s.io", authorization), ("storage.k8s.io", storage), ("policy", policy),
      ("autoscaling", autoscaling), ("scheduling.k8s.io", scheduling), ("coordination.k8s.io", coordination),
      ("discovery.k8s.io", discovery), ("node.k8s.io", node), ("events.k8s.io", events),
      ("certificates.k8s.io", certificates), ("apiextensions.k8s.io", extensions),
      ("admissionregistration.k8s.io", admission), ("flowcontrol.apiserver.k8s.io", flowControl),
      ("apiregistration.k8s.io", registration), ("resource.k8s.io", resources),
    ] {
      for (kind, rules) in kinds { all[Key(group: group, kind: kind)] = rules }
    }
    return all
  }()

  private static let core: [String: KindRules] = [
    "Pod": KindRules(
      create: { $0.pod($1) }, update: { $0.podUpdate($1, $2) }, statusUpdate: { $0.podStatusUpdate($1, $2) }),
    "PodTemplate": KindRules(
      create: {
        $0.metadata($1, isNamespaced: true, .subdomain)
        $0.podTemplate($1["template"] ?? .null, FieldPath("template"))
      },
      update: {
        $0.metadataUpdate($1, $2)
        $0.podTemplate($1["template"] ?? .null, FieldPath("template"))
      }),
    "Service": KindRules(
      create: { $0.service($1) }, update: { $0.serviceUpdate($1, $2) },
      statusUpdate: { $0.serviceStatusUpdate($1, $2) }),
    "ConfigMap": KindRules(create: { $0.configMap($1) }, update: { $0.configMapUpdate($1, $2) }),
    "Secret": KindRules(create: { $0.secret($1) }, update: { $0.secretUpdate($1, $2) }),
    "ServiceAccount": KindRules(create: { $0.metadata($1, isNamespaced: true, .subdomain) }),
    "Namespace": KindRules(
      isNamespaced: false, checksAllAgain: true, create: { $0.namespace($1) },
      update: { $0.metadataUpdate($1, $2) },
      statusUpdate: { $0.namespaceStatusUpdate($1, $2) }),
    "Node": KindRules(
      isNamespaced: false, checksAllAgain: true, create: { $0.node($1) }, update: { $0.nodeUpdate($1, $2) },
      statusUpdate: { $0.nodeUpdate($1, $2) }),
    "PersistentVolume": KindRules(
      isNamespaced: false, checksAllAgain: true, create: { $0.persistentVolume($1) },
      update: { $0.persistentVolumeUpdate($1, $2) }),
    "PersistentVolumeClaim": KindRules(
      checksAllAgain: true, create: { $0.persistentVolumeClaim($1) },
      update: { $0.persistentVolumeClaimUpdate($1, $2) },
      statusUpdate: { $0.persistentVolumeClaimStatusUpdate($1, $2) }),
    "LimitRange": KindRules(
      create: { $0.limitRange($1) }, update: { checker, new, _ in checker.limitRange(new) }),
    "ResourceQuota": KindRules(
      create: { $0.resourceQuota($1) }, update: { $0.resourceQuotaUpdate($1, $2) },
      statusUpdate: { $0.resourceQuotaStatusUpdate($1, $2) }),
    "ReplicationController": KindRules(
      checksAllAgain: true, create: { $0.replicationController($1) },
      update: { $0.replicationControllerUpdate($1, $2) },
      statusUpdate: {
        $0.metadataUpdate($1, $2)
        $0.replicaStatus($1["status"] ?? .null, FieldPath("status"))
      }),
    "Endpoints": KindRules(create: { $0.endpoints($1) }),
    "Event": KindRules(
      create: { $0.event($1, isNewVersion: false) }, update: { $0.eventUpdate($1, $2, isNewVersion: false) }),
  ]

  private static let apps: [String: KindRules] = [
    "Deployment": KindRules(
      create: { $0.deployment($1) }, update: { $0.deploymentUpdate($1, $2) },
      statusUpdate: { $0.deploymentStatusUpdate($1, $2) }),
    "ReplicaSet": KindRules(
      checksAllAgain: true, create: { $0.replicaSet($1) }, update: { $0.replicaSetUpdate($1, $2) },
      statusUpdate: {
        $0.metadataUpdate($1, $2)
        $0.replicaStatus($1["status"] ?? .null, FieldPath("status"))
      }),
    "StatefulSet": KindRules(
      create: { $0.statefulSet($1) }, update: { $0.statefulSetUpdate($1, $2) },
      statusUpdate: { $0.statefulSetStatusUpdate($1, $2) }),
    "DaemonSet": KindRules(
      checksAllAgain: true, create: { $0.daemonSet($1) }, update: { $0.daemonSetUpdate($1, $2) },
      statusUpdate: { $0.daemonSetStatusUpdate($1, $2) }),
    "ControllerRevision": KindRules(
      create: { $0.controllerRevision($1) }, update: { $0.controllerRevisionUpdate($1, $2) }),
  ]

  private static let batch: [String: KindRules] = [
    "Job": KindRules(
      checksAllAgain: true, create: { $0.job($1) }, update: { $0.jobUpdate($1, $2) },
      statusUpdate: { $0.jobStatusUpdate($1, $2) }),
    "CronJob": KindRules(create: { $0.cronJob($1) }, update: { $0.cronJobUpdate($1, $2) }),
  ]

  private static let networking: [String: KindRules] = [
    "Ingress": KindRules(
      create: { $0.ingress($1) }, update: { $0.ingressUpdate($1, $2) },
      statusUpdate: { $0.ingressStatusUpdate($1, $2) }),
    "IngressClass": KindRules(
      isNamespaced: false, create: { $0.ingressClass($1) }, update: { $0.ingressClassUpdate($1, $2) }),
    "NetworkPolicy": KindRules(create: { $0.networkPolicy($1) }, update: { $0.networkPolicyUpdate($1, $2) }),
    "IPAddress": KindRules(
      isNamespaced: false, create: { $0.ipAddress($1) }, update: { $0.ipAddressUpdate($1, $2) }),
    "ServiceCIDR": KindRules(
      isNamespaced: false, create: { $0.serviceSubnets($1) }, update: { $0.serviceSubnetsUpdate($1, $2) }),
  ]

  private static let authorization: [String: KindRules] = [
    "Role": KindRules(
      checksAllAgain: true, create: { $0.role($1, isNamespaced: true) },
      update: {
        $0.role($1, isNamespaced: true)
        $0.metadataUpdate($1, $2)
      }),
    "ClusterRole": KindRules(
      isNamespaced: false, checksAllAgain: true, create: { $0.role($1, isNamespaced: false) },
      update: {
        $0.role($1, isNamespaced: false)
        $0.metadataUpdate($1, $2)
      }),
    "RoleBinding": KindRules(
      checksAllAgain: true, create: { $0.roleBinding($1, isNamespaced: true) },
      update: { $0.roleBindingUpdate($1, $2, isNamespaced: true) }),
    "ClusterRoleBinding": KindRules(
      isNamespaced: false, checksAllAgain: true, create: { $0.roleBinding($1, isNamespaced: false) },
      update: { $0.roleBindingUpdate($1, $2, isNamespaced: false) }),
  ]

  private static let storage: [String: KindRules] = [
    "StorageClass": KindRules(
      isNamespaced: false, checksAllAgain: true, create: { $0.storageClass($1) },
      update: { $0.storageClassUpdate($1, $2) }),
    "VolumeAttachment": KindRules(
      isNamespaced: false, checksAllAgain: true, create: { $0.volumeAttachment($1) },
      update: { $0.volumeAttachmentUpdate($1, $2) }),
    "CSIDriver": KindRules(
      isNamespaced: false, create: { $0.storageDriver($1) }, update: { $0.storageDriverUpdate($1, $2) }),
    "CSINode": KindRules(
      isNamespaced: false, checksAllAgain: true, create: { $0.storageNode($1) },
      update: { $0.storageNodeUpdate($1, $2) }),
    "CSIStorageCapacity": KindRules(
      create: { $0.storageCapacity($1) }, update: { $0.storageCapacityUpdate($1, $2) }),
    "VolumeAttributesClass": KindRules(
      isNamespaced: false, create: { $0.volumeAttributesClass($1) },
      update: { $0.volumeAttributesClassUpdate($1, $2) }),
  ]

  // Kubernetes checks the metadata of budgets by the rules for all kinds alone.
  private static let policy: [String: KindRules] = [
    "PodDisruptionBudget": KindRules(
      create: { $0.disruptionBudget($1) }, update: { checker, new, _ in checker.disruptionBudget(new) },
      statusUpdate: { checker, new, _ in checker.disruptionBudgetStatus(new) })
  ]

  private static let autoscaling: [String: KindRules] = [
    "HorizontalPodAutoscaler": KindRules(
      create: { $0.autoscaler($1) }, update: { $0.autoscalerUpdate($1, $2) },
      statusUpdate: { $0.autoscalerStatusUpdate($1, $2) })
  ]

  private static let scheduling: [String: KindRules] = [
    "PriorityClass": KindRules(
      isNamespaced: false, create: { $0.priorityClass($1) }, update: { $0.priorityClassUpdate($1, $2) })
  ]

  private static let coordination: [String: KindRules] = [
    "Lease": KindRules(
      create: {
        $0.commonMetadata($1, isNamespaced: true, .subdomain)
        $0.lease($1)
      },
      update: {
        $0.commonMetadataUpdate($1, $2)
        $0.lease($1)
      })
  ]

  private static let discovery: [String: KindRules] = [
    "EndpointSlice": KindRules(create: { $0.endpointSlice($1) }, update: { $0.endpointSliceUpdate($1, $2) })
  ]

  private static let node: [String: KindRules] = [
    "RuntimeClass": KindRules(
      isNamespaced: false, checksAllAgain: true, create: { $0.runtimeClass($1) },
      update: { $0.runtimeClassUpdate($1, $2) })
  ]

  private static let events: [String: KindRules] = [
    "Event": KindRules(
      create: { $0.event($1, isNewVersion: true) }, update: { $0.eventUpdate($1, $2, isNewVersion: true) })
  ]

  private static let certificates: [String: KindRules] = [
    "CertificateSigningRequest": KindRules(
      isNamespaced: false, create: { $0.certificateRequest($1) },
      update: { $0.certificateRequestUpdate($1, $2) },
      statusUpdate: { $0.certificateRequestUpdate($1, $2) })
  ]

  private static let extensions: [String: KindRules] = [
    "CustomResourceDefinition": KindRules(
      isNamespaced: false, create: { $0.customResourceDefinition($1) },
      update: { $0.customResourceDefinitionUpdate($1, $2) })
  ]

  private static let admission: [String: KindRules] = [
    "ValidatingWebhookConfiguration": KindRules(
      isNamespaced: false, create: { $0.webhookConfiguration($1, mutates: false) },
      update: { checker, new, _ in checker.webhookConfiguration(new, mutates: false) }),
    "MutatingWebhookConfiguration": KindRules(
      isNamespaced: false, create: { $0.webhookConfiguration($1, mutates: true) },
      update: { checker, new, _ in checker.webhookConfiguration(new, mutates: true) }),
    "ValidatingAdmissionPolicy": metadataOnly(isNamespaced: false),
    "ValidatingAdmissionPolicyBinding": metadataOnly(isNamespaced: false),
    "MutatingAdmissionPolicy": metadataOnly(isNamespaced: false),
    "MutatingAdmissionPolicyBinding": metadataOnly(isNamespaced: false),
  ]

  private static let flowControl: [String: KindRules] = [
    "FlowSchema": KindRules(isNamespaced: false, create: { $0.flowSchema($1) }),
    "PriorityLevelConfiguration": KindRules(isNamespaced: false, create: { $0.priorityLevel($1) }),
  ]

  private static let registration: [String: KindRules] = [
    "APIService": KindRules(isNamespaced: false, create: { $0.apiService($1) })
  ]

  private static let resources: [String: KindRules] = [
    "ResourceClaim": metadataOnly(isNamespaced: true),
    "ResourceClaimTemplate": metadataOnly(isNamespaced: true),
    "ResourceSlice": metadataOnly(isNamespaced: false),
    "DeviceClass": metadataOnly(isNamespaced: false),
  ]
}
