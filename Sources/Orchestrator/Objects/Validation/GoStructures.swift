/// The declarations of the structures that messages show, as tables: the fields of each structure in order.
///
/// A field is `Name` or `Name=json`, where the name in JSON is not the name with a small first letter, then `:` and what
/// it is: `s` string, `b` boolean, `i` integer, `p` pointer to a scalar, `l` list of scalars, `m` map of scalars,
/// `q` quantity, `u` pointer to a quantity, `r` quantities by name, `x` number or string, `T` a structure, `*T` a pointer
/// to one, `[T]` a list of them. `<T>` stands for the fields of T, `<T@m>` for those of its member `m`. A name that begins with `@` is written as it is in
/// JSON, and only when it is not empty; with `@!` always.
enum GoStructures {
  static let all: [String: [GoForm.Field]] = {
    var all: [String: [GoForm.Field]] = [:]
    for line in (pod + podSources + others).split(separator: "\n") {
      let parts = line.split(separator: " ")
      guard let name = parts.first else { continue }
      all[String(name)] = parts.dropFirst().map(field)
    }
    return all
  }()

  private static func field(_ text: Substring) -> GoForm.Field {
    if text.hasPrefix("<") {
      let names = text.dropFirst().dropLast().split(separator: "@").map(String.init)
      let shape = GoForm.Shape.inlined(names[0], from: names.count > 1 ? names[1] : nil)
      return GoForm.Field(name: "", json: "", shape: shape, omitsEmpty: false)
    }
    let parts = text.split(separator: ":", maxSplits: 1)
    let names = parts[0].split(separator: "=", maxSplits: 1).map(String.init)
    let shape = parts.count > 1 ? Self.shape(parts[1]) : .string
    if names[0].hasPrefix("@") {
      let isAlwaysWritten = names[0].hasPrefix("@!")
      let name = String(names[0].dropFirst(isAlwaysWritten ? 2 : 1))
      return GoForm.Field(name: name, json: name, shape: shape, omitsEmpty: !isAlwaysWritten)
    }
    let json = names.count > 1 ? names[1] : names[0].prefix(1).lowercased() + names[0].dropFirst()
    return GoForm.Field(name: names[0], json: json, shape: shape, omitsEmpty: false)
  }

  private static func shape(_ text: Substring) -> GoForm.Shape {
    switch text {
    case "s": .string
    case "b": .boolean
    case "i": .integer
    case "p": .pointer
    case "l": .scalars
    case "m": .map
    case "q": .quantity
    case "u": .quantityPointer
    case "r": .quantities
    case "x": .intOrString
    default:
      if text.hasPrefix("*") {
        .structurePointer(String(text.dropFirst()))
      } else if text.hasPrefix("[") {
        .structures(String(text.dropFirst().dropLast()))
      } else {
        .structure(String(text))
      }
    }
  }

  private static let pod = """
    PodTemplateSpec <ObjectMeta@metadata> Spec:PodSpec
    PodSpec Volumes:[Volume] InitContainers:[Container] Containers:[Container] EphemeralContainers:[EphemeralContainer] \
    RestartPolicy TerminationGracePeriodSeconds:p ActiveDeadlineSeconds:p DNSPolicy=dnsPolicy NodeSelector:m \
    ServiceAccountName AutomountServiceAccountToken:p NodeName SecurityContext:*PodSecurityContext \
    ImagePullSecrets:[LocalObjectReference] Hostname Subdomain SetHostnameAsFQDN:p Affinity:*Affinity SchedulerName \
    Tolerations:[Toleration] HostAliases:[HostAlias] PriorityClassName Priority:p PreemptionPolicy:p \
    DNSConfig=dnsConfig:*PodDNSConfig ReadinessGates:[PodReadinessGate] RuntimeClassName:p Overhead:r \
    EnableServiceLinks:p TopologySpreadConstraints:[TopologySpreadConstraint] OS=os:*PodOS \
    SchedulingGates:[PodSchedulingGate] ResourceClaims:[PodResourceClaim] Resources:*ResourceRequirements \
    HostnameOverride:p SchedulingGroup:*PodSchedulingGroup
    Container Name Image Command:l Args:l WorkingDir Ports:[ContainerPort] EnvFrom:[EnvFromSource] Env:[EnvVar] \
    Resources:ResourceRequirements ResizePolicy:[ContainerResizePolicy] RestartPolicy:p \
    RestartPolicyRules:[ContainerRestartRule] VolumeMounts:[VolumeMount] VolumeDevices:[VolumeDevice] \
    LivenessProbe:*Probe ReadinessProbe:*Probe StartupProbe:*Probe Lifecycle:*Lifecycle TerminationMessagePath \
    TerminationMessagePolicy ImagePullPolicy SecurityContext:*SecurityContext Stdin:b StdinOnce:b TTY=tty:b
    EphemeralContainer <Container> TargetContainerName
    ContainerPort Name HostPort:i ContainerPort:i Protocol HostIP
    EnvFromSource Prefix ConfigMapRef:*NamedOptional SecretRef:*NamedOptional
    NamedOptional <LocalObjectReference> Optional:p
    LocalObjectReference Name
    EnvVar Name Value ValueFrom:*EnvVarSource
    EnvVarSource FieldRef:*ObjectFieldSelector ResourceFieldRef:*ResourceFieldSelector ConfigMapKeyRef:*KeySelector \
    SecretKeyRef:*KeySelector FileKeyRef:*FileKeySelector
    ObjectFieldSelector APIVersion=apiVersion FieldPath
    ResourceFieldSelector ContainerName Resource Divisor:q
    KeySelector <LocalObjectReference> Key Optional:p
    FileKeySelector VolumeName Path Key Optional:p
    ResourceRequirements Limits:r Requests:r Claims:[ResourceClaim]
    ResourceClaim Name Request
    ContainerResizePolicy ResourceName RestartPolicy
    ContainerRestartRule Action ExitCodes:*ContainerRestartRuleOnExitCodes
    ContainerRestartRuleOnExitCodes Operator Values:l
    VolumeMount Name ReadOnly:b RecursiveReadOnly:p MountPath SubPath MountPropagation:p SubPathExpr
    VolumeDevice Name DevicePath
    Probe <ProbeHandler> InitialDelaySeconds:i TimeoutSeconds:i PeriodSeconds:i SuccessThreshold:i FailureThreshold:i \
    TerminationGracePeriodSeconds:p
    ProbeHandler Exec:*ExecAction HTTPGet=httpGet:*HTTPGetAction TCPSocket=tcpSocket:*TCPSocketAction \
    GRPC=grpc:*GRPCAction
    ExecAction Command:l
    HTTPGetAction Path Port:x Host Scheme HTTPHeaders=httpHeaders:[HTTPHeader]
    HTTPHeader Name Value
    TCPSocketAction Port:x Host
    GRPCAction Port:i Service:p
    SleepAction Seconds:i
    Lifecycle PostStart:*LifecycleHandler PreStop:*LifecycleHandler StopSignal:p
    LifecycleHandler Exec:*ExecAction HTTPGet=httpGet:*HTTPGetAction TCPSocket=tcpSocket:*TCPSocketAction \
    Sleep:*SleepAction
    SecurityContext Capabilities:*Capabilities Privileged:p SELinuxOptions=seLinuxOptions:*SELinuxOptions \
    WindowsOptions:*WindowsSecurityContextOptions RunAsUser:p RunAsGroup:p RunAsNonRoot:p ReadOnlyRootFilesystem:p \
    AllowPrivilegeEscalation:p ProcMount:p SeccompProfile:*SeccompProfile AppArmorProfile:*SeccompProfile
    Capabilities Add:l Drop:l
    SELinuxOptions User Role Type Level
    WindowsSecurityContextOptions GMSACredentialSpecName=gmsaCredentialSpecName:p \
    GMSACredentialSpec=gmsaCredentialSpec:p RunAsUserName:p HostProcess:p
    SeccompProfile Type LocalhostProfile:p
    PodSecurityContext HostNetwork:b HostPID:b HostIPC:b ShareProcessNamespace:p HostUsers:p \
    SELinuxOptions=seLinuxOptions:*SELinuxOptions WindowsOptions:*WindowsSecurityContextOptions RunAsUser:p RunAsGroup:p \
    RunAsNonRoot:p SupplementalGroups:l SupplementalGroupsPolicy:p FSGroup=fsGroup:p \
    FSGroupChangePolicy=fsGroupChangePolicy:p Sysctls:[Sysctl] SeccompProfile:*SeccompProfile \
    AppArmorProfile:*SeccompProfile SELinuxChangePolicy=seLinuxChangePolicy:p
    Sysctl Name Value
    Affinity NodeAffinity:*NodeAffinity PodAffinity:*PodAffinity PodAntiAffinity:*PodAffinity
    NodeAffinity RequiredDuringSchedulingIgnoredDuringExecution:*NodeSelector \
    PreferredDuringSchedulingIgnoredDuringExecution:[PreferredSchedulingTerm]
    NodeSelector NodeSelectorTerms:[NodeSelectorTerm]
    NodeSelectorTerm MatchExpressions:[NodeSelectorRequirement] MatchFields:[NodeSelectorRequirement]
    NodeSelectorRequirement Key Operator Values:l
    PreferredSchedulingTerm Weight:i Preference:NodeSelectorTerm
    PodAffinity RequiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm] \
    PreferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]
    PodAffinityTerm LabelSelector:*LabelSelector Namespaces:l TopologyKey NamespaceSelector:*LabelSelector \
    MatchLabelKeys:l MismatchLabelKeys:l
    WeightedPodAffinityTerm Weight:i PodAffinityTerm:PodAffinityTerm
    Toleration Key Operator Value Effect TolerationSeconds:p
    HostAlias IP=ip Hostnames:l
    PodDNSConfig Nameservers:l Searches:l Options:[PodDNSConfigOption]
    PodDNSConfigOption Name Value:p
    PodReadinessGate ConditionType
    TopologySpreadConstraint MaxSkew:i TopologyKey WhenUnsatisfiable LabelSelector:*LabelSelector MinDomains:p \
    NodeAffinityPolicy:p NodeTaintsPolicy:p MatchLabelKeys:l
    PodOS Name
    PodSchedulingGate Name
    PodResourceClaim Name ResourceClaimName:p ResourceClaimTemplateName:p
    PodSchedulingGroup PodGroupName:p

    """

  private static let podSources = """
    Volume Name <VolumeSource>
    VolumeSource HostPath:*HostPath EmptyDir:*EmptyDir GCEPersistentDisk=gcePersistentDisk:*GCEPersistentDisk \
    AWSElasticBlockStore=awsElasticBlockStore:*AWSElasticBlockStore GitRepo:*GitRepo Secret:*SecretVolume \
    NFS=nfs:*NFS ISCSI=iscsi:*ISCSI Glusterfs:*Glusterfs PersistentVolumeClaim:*ClaimVolume RBD=rbd:*RBD \
    Quobyte:*Quobyte FlexVolume:*Flex Cinder:*Cinder CephFS=cephfs:*CephFS Flocker:*Flocker \
    DownwardAPI:*DownwardAPIVolume FC=fc:*FC AzureFile:*AzureFile ConfigMap:*ConfigMapVolume \
    VsphereVolume:*Vsphere AzureDisk:*AzureDisk PhotonPersistentDisk:*Photon Projected:*Projected \
    PortworxVolume:*Portworx ScaleIO=scaleIO:*ScaleIO StorageOS=storageos:*StorageOS CSI=csi:*CSIVolume \
    Ephemeral:*EphemeralVolume Image:*ImageVolume
    HostPath Path Type:p
    EmptyDir Medium SizeLimit:u
    GCEPersistentDisk PDName=pdName FSType=fsType Partition:i ReadOnly:b
    AWSElasticBlockStore VolumeID FSType=fsType Partition:i ReadOnly:b
    GitRepo Repository Revision Directory
    SecretVolume SecretName Items:[KeyToPath] DefaultMode:p Optional:p
    KeyToPath Key Path Mode:p
    NFS Server Path ReadOnly:b
    ISCSI TargetPortal IQN=iqn Lun:i ISCSIInterface=iscsiInterface FSType=fsType ReadOnly:b Portals:l \
    DiscoveryCHAPAuth=chapAuthDiscovery:b SessionCHAPAuth=chapAuthSession:b SecretRef:*LocalObjectReference \
    InitiatorName:p
    Glusterfs EndpointsName=endpoints Path ReadOnly:b
    ClaimVolume ClaimName ReadOnly:b
    RBD CephMonitors=monitors:l RBDImage=image FSType=fsType RBDPool=pool RadosUser=user Keyring \
    SecretRef:*LocalObjectReference ReadOnly:b
    Quobyte Registry Volume ReadOnly:b User Group Tenant
    Flex Driver FSType=fsType SecretRef:*LocalObjectReference ReadOnly:b Options:m
    Cinder VolumeID FSType=fsType ReadOnly:b SecretRef:*LocalObjectReference
    CephFS Monitors:l Path User SecretFile SecretRef:*LocalObjectReference ReadOnly:b
    Flocker DatasetName DatasetUUID
    DownwardAPIVolume Items:[DownwardAPIFile] DefaultMode:p
    DownwardAPIFile Path FieldRef:*ObjectFieldSelector ResourceFieldRef:*ResourceFieldSelector Mode:p
    FC TargetWWNs:l Lun:p FSType=fsType ReadOnly:b WWIDs=wwids:l
    AzureFile SecretName ShareName ReadOnly:b
    ConfigMapVolume <LocalObjectReference> Items:[KeyToPath] DefaultMode:p Optional:p
    Vsphere VolumePath FSType=fsType StoragePolicyName StoragePolicyID
    AzureDisk DiskName DataDiskURI=diskURI CachingMode:p FSType=fsType:p ReadOnly:p Kind:p
    Photon PdID FSType=fsType
    Projected Sources:[VolumeProjection] DefaultMode:p
    VolumeProjection Secret:*ObjectProjection DownwardAPI:*DownwardAPIProjection ConfigMap:*ObjectProjection \
    ServiceAccountToken:*TokenProjection ClusterTrustBundle:*TrustBundleProjection \
    PodCertificate:*CertificateProjection
    ObjectProjection <LocalObjectReference> Items:[KeyToPath] Optional:p
    DownwardAPIProjection Items:[DownwardAPIFile]
    TokenProjection Audience ExpirationSeconds:i Path
    TrustBundleProjection Name:p SignerName:p LabelSelector:*LabelSelector Optional:p Path
    CertificateProjection SignerName KeyType MaxExpirationSeconds:p CredentialBundlePath KeyPath CertificateChainPath \
    UserAnnotations:m
    Portworx VolumeID FSType=fsType ReadOnly:b
    ScaleIO Gateway System SecretRef:*LocalObjectReference SSLEnabled=sslEnabled:b ProtectionDomain StoragePool \
    StorageMode VolumeName FSType=fsType ReadOnly:b
    StorageOS VolumeName VolumeNamespace FSType=fsType ReadOnly:b SecretRef:*LocalObjectReference
    CSIVolume Driver ReadOnly:p FSType=fsType:p VolumeAttributes:m NodePublishSecretRef:*LocalObjectReference
    EphemeralVolume VolumeClaimTemplate:*ClaimTemplate
    ClaimTemplate <ObjectMeta@metadata> Spec:PersistentVolumeClaimSpec
    ImageVolume Reference PullPolicy

    """

  private static let others = """
    ObjectMeta @name @generateName @namespace @selfLink @uid @resourceVersion @generation:i @creationTimestamp:p \
    @deletionTimestamp:p @deletionGracePeriodSeconds:p @labels:m @annotations:m @ownerReferences:[OwnerReference] \
    @finalizers:l @managedFields:l
    OwnerReference @!apiVersion @!kind @!name @!uid @controller:p @blockOwnerDeletion:p
    LabelSelector @matchLabels:m @matchExpressions:[LabelSelectorRequirement]
    LabelSelectorRequirement @!key @!operator @values:l
    PersistentVolumeClaimSpec AccessModes:l Selector:*LabelSelector Resources:VolumeResourceRequirements VolumeName \
    StorageClassName:p VolumeMode:p DataSource:*TypedLocalObjectReference DataSourceRef:*TypedObjectReference \
    VolumeAttributesClassName:p
    VolumeResourceRequirements Limits:r Requests:r
    TypedLocalObjectReference APIGroup=apiGroup:p Kind Name
    TypedObjectReference APIGroup=apiGroup:p Kind Name Namespace:p
    PersistentVolumeSource GCEPersistentDisk=gcePersistentDisk:*GCEPersistentDisk \
    AWSElasticBlockStore=awsElasticBlockStore:*AWSElasticBlockStore HostPath:*HostPath \
    Glusterfs:*GlusterfsPersistent NFS=nfs:*NFS RBD=rbd:*RBDPersistent Quobyte:*Quobyte ISCSI=iscsi:*ISCSIPersistent \
    FlexVolume:*FlexPersistent Cinder:*CinderPersistent CephFS=cephfs:*CephFSPersistent FC=fc:*FC Flocker:*Flocker \
    AzureFile:*AzureFilePersistent VsphereVolume:*Vsphere AzureDisk:*AzureDisk PhotonPersistentDisk:*Photon \
    PortworxVolume:*Portworx ScaleIO=scaleIO:*ScaleIOPersistent Local:*LocalVolume \
    StorageOS=storageos:*StorageOSPersistent CSI=csi:*CSIPersistent
    GlusterfsPersistent EndpointsName=endpoints Path ReadOnly:b EndpointsNamespace:p
    RBDPersistent CephMonitors=monitors:l RBDImage=image FSType=fsType RBDPool=pool RadosUser=user Keyring \
    SecretRef:*SecretReference ReadOnly:b
    ISCSIPersistent TargetPortal IQN=iqn Lun:i ISCSIInterface=iscsiInterface FSType=fsType ReadOnly:b Portals:l \
    DiscoveryCHAPAuth=chapAuthDiscovery:b SessionCHAPAuth=chapAuthSession:b SecretRef:*SecretReference InitiatorName:p
    FlexPersistent Driver FSType=fsType SecretRef:*SecretReference ReadOnly:b Options:m
    CinderPersistent VolumeID FSType=fsType ReadOnly:b SecretRef:*SecretReference
    CephFSPersistent Monitors:l Path User SecretFile SecretRef:*SecretReference ReadOnly:b
    AzureFilePersistent SecretName ShareName ReadOnly:b SecretNamespace:p
    ScaleIOPersistent Gateway System SecretRef:*SecretReference SSLEnabled=sslEnabled:b ProtectionDomain StoragePool \
    StorageMode VolumeName FSType=fsType ReadOnly:b
    LocalVolume Path FSType=fsType:p
    StorageOSPersistent VolumeName VolumeNamespace FSType=fsType ReadOnly:b SecretRef:*ObjectReference
    ObjectReference Kind Namespace Name UID=uid APIVersion=apiVersion ResourceVersion FieldPath
    CSIPersistent Driver VolumeHandle ReadOnly:b FSType=fsType VolumeAttributes:m \
    ControllerPublishSecretRef:*SecretReference NodeStageSecretRef:*SecretReference \
    NodePublishSecretRef:*SecretReference ControllerExpandSecretRef:*SecretReference \
    NodeExpandSecretRef:*SecretReference
    SecretReference Name Namespace
    VolumeNodeAffinity Required:*NodeSelector
    RoleRef APIGroup=apiGroup Kind Name
    Taint Key Value Effect TimeAdded:p
    NodeAddress Type Address
    ServicePort Name Protocol AppProtocol:p Port:i TargetPort:x NodePort:i
    DeploymentStrategy Type RollingUpdate:*RollingUpdate
    DaemonSetUpdateStrategy Type RollingUpdate:*RollingUpdate
    RollingUpdate MaxUnavailable:x MaxSurge:x
    StatefulSetUpdateStrategy Type RollingUpdate:*RollingUpdateStatefulSet
    RollingUpdateStatefulSet Partition:i MaxUnavailable:p
    PodDisruptionBudgetSpec MinAvailable:p Selector:*LabelSelector MaxUnavailable:p UnhealthyPodEvictionPolicy:p
    ParentReference Group Resource Namespace Name
    ServiceCIDRSpec CIDRs=cidrs:l
    VolumeAttachmentSpec Attacher Source:VolumeAttachmentSource NodeName
    VolumeAttachmentSource PersistentVolumeName:p InlineVolumeSpec:p
    CSINodeDriver Name NodeID TopologyKeys:l Allocatable:*VolumeNodeResources
    VolumeNodeResources Count:p
    PodFailurePolicy Rules:[PodFailurePolicyRule]
    PodFailurePolicyRule Action OnExitCodes:*PodFailurePolicyOnExitCodes OnPodConditions:[PodFailurePolicyPattern]
    PodFailurePolicyOnExitCodes ContainerName:p Operator Values:l
    PodFailurePolicyPattern Type Status
    SuccessPolicy Rules:[SuccessPolicyRule]
    SuccessPolicyRule SucceededIndexes:p SucceededCount:p
    ScopeSelector MatchExpressions:[ScopedRequirement]
    ScopedRequirement ScopeName Operator Values:l
    """
}
