/// The tables of the built-in kinds.
public enum Tables {
  /// The printer for a kind: its own columns, or name and creation time.
  public static func printer(group: String, kind: String) -> TablePrinter {
    builtIn[group.isEmpty ? kind : "\(kind).\(group)"] ?? plain
  }

  /// The columns of a kind.
  public static func columns(group: String, kind: String) -> [TableColumn] {
    printer(group: group, kind: kind).columns
  }

  /// The cells of an object of this kind, ages told as of `now`.
  public static func cells(of object: JSON, group: String, kind: String, now: Timestamp) -> [JSON] {
    printer(group: group, kind: kind).cells(of: object, now: now)
  }

  /// For the kinds that have no columns of their own.
  static let plain = TablePrinter([
    .name,
    TableField(
      column: TableColumn("Created At", type: "date", description: "When the object was created.")
    ) { .string($0.text("metadata", "creationTimestamp", empty: "0001-01-01T00:00:00Z")) },
  ])

  /// By `kind.group`, or the kind alone in the core group.
  private static let builtIn: [String: TablePrinter] = [
    "Pod": pod,
    "PodTemplate": podTemplate,
    "ReplicationController": replicationController,
    "ReplicaSet.apps": replicaSet,
    "Deployment.apps": deployment,
    "StatefulSet.apps": statefulSet,
    "DaemonSet.apps": daemonSet,
    "ControllerRevision.apps": controllerRevision,
    "Scale.autoscaling": scale,
    "HorizontalPodAutoscaler.autoscaling": horizontalPodAutoscaler,
    "Job.batch": job,
    "CronJob.batch": cronJob,

    "Service": service,
    "Endpoints": endpoints,
    "EndpointSlice.discovery.k8s.io": endpointSlice,
    "Ingress.networking.k8s.io": ingress,
    "IngressClass.networking.k8s.io": ingressClass,
    "NetworkPolicy.networking.k8s.io": networkPolicy,
    "ServiceCIDR.networking.k8s.io": serviceCIDR,
    "IPAddress.networking.k8s.io": ipAddress,

    "Node": node,
    "Namespace": namespace,
    "ConfigMap": configMap,
    "Secret": secret,
    "ServiceAccount": serviceAccount,
    "Event": event,
    "Event.events.k8s.io": event,
    "ComponentStatus": componentStatus,
    "ResourceQuota": resourceQuota,
    "Lease.coordination.k8s.io": lease,
    "LeaseCandidate.coordination.k8s.io": leaseCandidate,
    "APIService.apiregistration.k8s.io": apiService,
    "Status": status,

    "PersistentVolume": persistentVolume,
    "PersistentVolumeClaim": persistentVolumeClaim,
    "StorageClass.storage.k8s.io": storageClass,
    "VolumeAttributesClass.storage.k8s.io": volumeAttributesClass,
    "VolumeAttachment.storage.k8s.io": volumeAttachment,
    "CSINode.storage.k8s.io": csiNode,
    "CSIDriver.storage.k8s.io": csiDriver,
    "CSIStorageCapacity.storage.k8s.io": csiStorageCapacity,
    "StorageVersion.internal.apiserver.k8s.io": storageVersion,

    "PodDisruptionBudget.policy": podDisruptionBudget,
    "PriorityClass.scheduling.k8s.io": priorityClass,
    "RuntimeClass.node.k8s.io": runtimeClass,
    "FlowSchema.flowcontrol.apiserver.k8s.io": flowSchema,
    "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io": priorityLevelConfiguration,
    "DeviceClass.resource.k8s.io": nameAndAge,
    "ResourceClaim.resource.k8s.io": resourceClaim,
    "ResourceClaimTemplate.resource.k8s.io": nameAndAge,
    "ResourceSlice.resource.k8s.io": resourceSlice,
    "DeviceTaintRule.resource.k8s.io": deviceTaintRule,

    "RoleBinding.rbac.authorization.k8s.io": roleBinding,
    "ClusterRoleBinding.rbac.authorization.k8s.io": roleBinding,
    "CertificateSigningRequest.certificates.k8s.io": certificateSigningRequest,
    "ClusterTrustBundle.certificates.k8s.io": clusterTrustBundle,
    "MutatingWebhookConfiguration.admissionregistration.k8s.io": webhookConfiguration,
    "ValidatingWebhookConfiguration.admissionregistration.k8s.io": webhookConfiguration,
    "MutatingAdmissionPolicy.admissionregistration.k8s.io": mutatingAdmissionPolicy,
    "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io": admissionPolicyBinding,
    "ValidatingAdmissionPolicy.admissionregistration.k8s.io": validatingAdmissionPolicy,
    "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io": admissionPolicyBinding,
  ]

  /// For kinds of which a table tells no more than the age.
  static let nameAndAge = TablePrinter([.name, .age])
}
