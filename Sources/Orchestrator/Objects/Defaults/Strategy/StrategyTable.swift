extension Strategy {
  struct Key: Hashable {
    let group: String
    let kind: String
  }

  /// From kinds to strategies; the version matters where versions write an empty status differently.
  static let table: [Key: @Sendable (_ version: String) -> Strategy] = {
    var table: [Key: @Sendable (String) -> Strategy] = [:]
    for (group, kinds) in groups {
      for (kind, strategy) in kinds { table[Key(group: group, kind: kind)] = { _ in strategy } }
    }
    table[Key(group: "autoscaling", kind: "HorizontalPodAutoscaler")] = { version in
      let first: JSON = ["currentReplicas": 0, "desiredReplicas": 0]
      let later: JSON = ["currentMetrics": .null, "desiredReplicas": 0]
      return separate(empty: version == "v1" ? first : later)
    }
    return table
  }()

  private static let groups: [(group: String, kinds: [String: Strategy])] = [
    ("", core),
    ("apps", apps),
    ("batch", batch),
    ("networking.k8s.io", networking),
    ("policy", ["PodDisruptionBudget": podDisruptionBudget]),
    ("rbac.authorization.k8s.io", rbac),
    ("storage.k8s.io", storage),
    ("coordination.k8s.io", ["Lease": createdByUpdate(conditional: true)]),
    ("events.k8s.io", ["Event": createdByUpdate()]),
    ("node.k8s.io", ["RuntimeClass": createdByUpdate(conditional: true)]),
    ("discovery.k8s.io", ["EndpointSlice": endpointSlice]),
    ("scheduling.k8s.io", ["PriorityClass": constantGeneration]),
    ("flowcontrol.apiserver.k8s.io", flowControl),
    ("resource.k8s.io", devices),
    ("certificates.k8s.io", ["CertificateSigningRequest": certificateSigningRequest]),
    ("admissionregistration.k8s.io", admission),
    ("apiextensions.k8s.io", ["CustomResourceDefinition": customResourceDefinition]),
    ("apiregistration.k8s.io", ["APIService": apiService]),
  ]

  private static let core: [String: Strategy] = [
    "Endpoints": createdByUpdate(),
    "Event": createdByUpdate(),
    "LimitRange": createdByUpdate(),
    "Namespace": namespace,
    "Node": settableOnCreate,
    "PersistentVolume": persistentVolume,
    "PersistentVolumeClaim": persistentVolumeClaim,
    "Pod": pod,
    "PodTemplate": counting(["template"]),
    "ReplicationController": replicationController,
    "ResourceQuota": separate(empty: [:]),
    "Secret": secret,
    "Service": service,
    "ServiceAccount": serviceAccount,
  ]

  private static let apps: [String: Strategy] = [
    "DaemonSet": daemonSet,
    "Deployment": deployment,
    "ReplicaSet": counting(["spec"], status: ["replicas": 0]),
    "StatefulSet": counting(["spec"], status: ["replicas": 0, "availableReplicas": 0]),
  ]

  private static let batch: [String: Strategy] = [
    "CronJob": counting(["spec"], status: [:]),
    "Job": job,
  ]

  private static let networking: [String: Strategy] = [
    "Ingress": counting(["spec"], status: ["loadBalancer": [:]]),
    "IngressClass": counting(["spec"]),
    "NetworkPolicy": counting(["spec"]),
    "ServiceCIDR": serviceCIDR,
  ]

  private static let rbac: [String: Strategy] = [
    "ClusterRole": createdByUpdate(),
    "ClusterRoleBinding": createdByUpdate(),
    "Role": createdByUpdate(),
    "RoleBinding": createdByUpdate(),
  ]

  private static let storage: [String: Strategy] = [
    "CSIDriver": conditional(counting(["spec"])),
    "CSINode": conditional(Strategy()),
    "CSIStorageCapacity": conditional(Strategy()),
    "VolumeAttachment": conditional(closedStatus(separate(empty: ["attached": false]))),
  ]

  private static let flowControl: [String: Strategy] = [
    "FlowSchema": closedStatus(counting(["spec"], status: [:])),
    "PriorityLevelConfiguration": closedStatus(counting(["spec"], status: [:])),
  ]

  private static let devices: [String: Strategy] = [
    "DeviceClass": counting(["spec"]),
    "ResourceClaim": resourceClaim,
    "ResourceSlice": resourceSlice,
  ]

  private static let admission: [String: Strategy] = [
    "MutatingAdmissionPolicy": conditional(counting(["spec"])),
    "MutatingAdmissionPolicyBinding": conditional(counting(["spec"])),
    "MutatingWebhookConfiguration": conditional(counting(["webhooks"])),
    "ValidatingAdmissionPolicy": conditional(closedStatus(counting(["spec"], status: [:]))),
    "ValidatingAdmissionPolicyBinding": conditional(counting(["spec"])),
    "ValidatingWebhookConfiguration": conditional(counting(["webhooks"])),
  ]

  // MARK: Common forms

  /// The generation counts changes of these members; with a status, that is separate.
  static func counting(_ members: [String], status empty: JSON? = nil) -> Strategy {
    var strategy = empty.map { separate(empty: $0) } ?? Strategy()
    strategy.generation = .changes(of: members.map { [$0] })
    return strategy
  }

  static func separate(empty: JSON?) -> Strategy {
    var strategy = Strategy()
    strategy.status = .separate(empty: empty)
    return strategy
  }

  private static func conditional(_ strategy: Strategy) -> Strategy {
    var strategy = strategy
    strategy.allowsUnconditionalUpdate = false
    return strategy
  }

  private static func closedStatus(_ strategy: Strategy) -> Strategy {
    var strategy = strategy
    strategy.statusMetadata = .nothing
    return strategy
  }

  private static func createdByUpdate(conditional: Bool = false) -> Strategy {
    var strategy = Strategy()
    strategy.allowsCreateOnUpdate = true
    strategy.allowsUnconditionalUpdate = !conditional
    return strategy
  }

  private static var settableOnCreate: Strategy {
    var strategy = Strategy()
    strategy.status = .settableOnCreate
    return strategy
  }

  private static var constantGeneration: Strategy {
    var strategy = Strategy()
    strategy.generation = .constant
    return strategy
  }

  private static var podDisruptionBudget: Strategy {
    conditional(
      counting(
        ["spec"],
        status: ["disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0]))
  }

  private static var replicationController: Strategy {
    var strategy = counting(["spec"], status: ["replicas": 0])
    strategy.orphansDependentsByDefault = true
    return strategy
  }

  /// Its status is written by a controller, but nothing keeps others from doing so.
  private static var serviceCIDR: Strategy { closedStatus(Strategy()) }
}
