extension Descriptions {
  /// A line for each structure, and below it one for each field that is worth a word; `*` stands for any structure.
  static let table = """
    *:
      .apiVersion: The group and version of the object's form, such as apps/v1.
      .kind: What the object is, such as Pod.
      .metadata: Name, labels and other facts that every object has.
      .spec: What is wanted.
      .status: What is found at present. Written by the system.
      .items: The objects of the list.
      .conditions: The present state in several respects.
      .observedGeneration: The generation that the status is about.
      .lastTransitionTime: When the status last changed.
      .lastProbeTime: When it was last checked.
      .reason: Why, in one word for programs.
      .message: Why, in words for people.
    APIGroup: The versions of a group.
    APIGroupList: The groups that the server knows.
    APIResourceList: The resources of a version.
    APIService: A group and version, with the service that answers for it.
    APIVersions: The versions of the core group.
    Affinity: Rules by which the scheduler prefers nodes and neighbours for a pod.
      .nodeAffinity: Which nodes suit the pod.
      .podAffinity: Which pods it should be placed beside.
      .podAntiAffinity: Which pods it should be kept away from.
    Binding: Assigns a pod to a node.
    CSIDriver: A storage driver, and how volumes of it are to be handled.
    CSINode: The storage drivers on a node.
    CSIStorageCapacity: The space that a storage class has left in a part of the cluster.
    Capabilities: Linux capabilities to add or drop.
      .add: Capabilities added to the container runtime's set.
      .drop: Capabilities taken from it; ALL for every one.
    CertificateSigningRequest: Asks for a certificate, to be approved and then signed.
    ClusterRole: Permissions in all namespaces and for objects outside of namespaces.
      .aggregationRule: Selects other cluster roles whose rules are gathered here.
      .rules: What is permitted.
    ClusterRoleBinding: Gives a cluster role to users, groups and service accounts, in the whole cluster.
      .roleRef: The role. It cannot be changed later.
      .subjects: Who gets it.
    ComponentStatus: Whether a component is healthy. Old, kept for clients that ask.
    ConfigMap: Settings for pods, as texts and files. Not for secrets.
      .binaryData: Entries that are no text, in base64.
      .data: Entries that are text.
      .immutable: Whether the entries are fixed for good.
    ConfigMapVolumeSource: Files made from a config map.
      .defaultMode: Permission bits of the files.
      .items: Entries to show, and where; all if empty.
      .name: The config map.
      .optional: Whether the pod may start without it.
    Container: A process, or several, run from an image in a pod.
      .args: Arguments of the command. The image's own if empty.
      .command: The command to run. The image's own if empty.
      .env: Environment variables.
      .envFrom: Sources whose entries all become environment variables.
      .image: The image, such as registry.example/app:1.2.
      .imagePullPolicy: When the image is fetched anew: Always, IfNotPresent or Never.
      .lifecycle: What to do right after the start and before the stop.
      .livenessProbe: Checks whether the container still works. If not, it is restarted.
      .name: Name of the container, unique in the pod.
      .ports: Ports that the container listens on, for the information of others.
      .readinessProbe: Checks whether the container may get traffic.
      .resizePolicy: Whether a change of resources restarts the container.
      .resources: Amounts of CPU, memory and the like that it asks for, and those that it may not exceed.
      .restartPolicy: Always, for an init container that goes on running beside the others.
      .securityContext: User, capabilities and other limits of the container's processes.
      .startupProbe: Checks whether the container has started. Until then the other probes wait.
      .stdin: Whether the container has a standard input.
      .stdinOnce: Whether the standard input is closed after the first client.
      .terminationMessagePath: File from which the last words of the container are read.
      .terminationMessagePolicy: Whether the end of the log serves if that file is empty.
      .tty: Whether the container has a terminal.
      .volumeDevices: Volumes given to the container as block devices.
      .volumeMounts: Volumes mounted into the container.
      .workingDir: Directory that the command starts in.
    ContainerPort: A port of a container.
      .containerPort: The number of the port.
      .hostIP: Address of the node to bind to.
      .hostPort: Port of the node that leads here.
      .name: Name of the port, for services to refer to.
      .protocol: TCP, UDP or SCTP.
    ContainerState: What a container is doing: exactly one of waiting, running and terminated.
      .running: It runs.
      .terminated: It has ended.
      .waiting: It has not started yet.
    ContainerStatus: What became of a container.
      .containerID: What the runtime calls it.
      .image: The image that it runs.
      .imageID: Exact identity of the image.
      .lastState: How it ended the last time.
      .name: The container.
      .ready: Whether it may get traffic.
      .restartCount: How often it was restarted.
      .started: Whether it is past its startup probe.
      .state: What it is doing.
    ControllerRevision: A former or present state of a controller's template.
      .data: The state.
      .revision: Its number; later ones are higher.
    CronJob: Starts jobs at set times.
    CronJobSpec: When jobs are started, and which.
      .concurrencyPolicy: What to do while the job before still runs: Allow, Forbid or Replace.
      .failedJobsHistoryLimit: Failed jobs to keep.
      .jobTemplate: The jobs to start.
      .schedule: When to start jobs: minute, hour, day of the month, month and day of the week, as for cron.
      .startingDeadlineSeconds: Seconds for which a job that was missed may still be started.
      .successfulJobsHistoryLimit: Jobs that succeeded to keep.
      .suspend: Whether no more jobs are started.
      .timeZone: Time zone of the schedule, such as Europe/Berlin.
    CustomResourceDefinition: Adds a resource of your own to the API.
    CustomResourceDefinitionSpec: What a custom resource is called and looks like.
      .conversion: How objects are turned from one version into another.
      .group: The group of the resource.
      .names: What the resource and its kind are called.
      .scope: Whether objects are in namespaces: Namespaced or Cluster.
      .versions: The versions of the resource.
    DaemonSet: Runs a pod on each node that is selected.
    DaemonSetSpec: The pods, and how they are replaced.
      .minReadySeconds: Seconds for which a pod must be ready to count as available.
      .revisionHistoryLimit: Former revisions to keep.
      .selector: Labels of the pods that belong to the set. It cannot be changed later.
      .template: The pods to make.
      .updateStrategy: How pods are replaced when the template changes.
    DeleteOptions: How to delete.
      .gracePeriodSeconds: Seconds until the object is gone; 0 means at once.
      .preconditions: What the object must still be, or else it stays.
      .propagationPolicy: What becomes of dependents: Orphan, Background or Foreground.
    Deployment: Keeps a number of equal pods running, and replaces them step by step when the template changes.
    DeploymentSpec: The pods, how many, and how they are replaced.
      .minReadySeconds: Seconds for which a pod must be ready to count as available.
      .paused: Whether changes of the template wait.
      .progressDeadlineSeconds: Seconds without progress after which a rollout counts as failed.
      .replicas: Number of pods.
      .revisionHistoryLimit: Former replica sets to keep, to go back to.
      .selector: Labels of the pods that belong to the deployment. It cannot be changed later.
      .strategy: How pods are replaced when the template changes.
      .template: The pods to make.
    DeploymentStatus: How far the deployment has come.
      .availableReplicas: Pods that have been ready for long enough.
      .readyReplicas: Pods that are ready.
      .replicas: Pods that there are.
      .unavailableReplicas: Pods that are missing or not available.
      .updatedReplicas: Pods made from the present template.
    DeploymentStrategy: How pods are replaced.
      .rollingUpdate: How many pods may be missing or too many meanwhile.
      .type: RollingUpdate, or Recreate to end all old pods first.
    DeviceClass: A class of devices that claims can ask for.
    EmptyDirVolumeSource: An empty directory that lives as long as the pod.
      .medium: Memory for a file system in memory, else the node's disk.
      .sizeLimit: Most space that it may take.
    EndpointSlice: Some of the addresses behind a service.
      .addressType: Kind of the addresses: IPv4, IPv6 or FQDN.
      .endpoints: The addresses and whether they are ready.
      .ports: The ports at each address.
    Endpoints: The addresses behind a service. Endpoint slices have taken its place.
      .subsets: Addresses that share their ports.
    EnvVar: An environment variable.
      .name: Name of the variable.
      .value: Its value. $(NAME) stands for the value of another variable.
      .valueFrom: Where to take the value from instead.
    EnvVarSource: Where the value of an environment variable comes from.
      .configMapKeyRef: An entry of a config map.
      .fieldRef: A field of the pod, such as metadata.name.
      .resourceFieldRef: A resource amount of the container.
      .secretKeyRef: An entry of a secret.
    EphemeralContainer: A container added to a running pod, to look for faults in it.
    Event: Something that happened to an object.
      .action: What was done.
      .count: How often it happened.
      .eventTime: When it happened.
      .firstTimestamp: When it happened first.
      .involvedObject: The object that it happened to.
      .lastTimestamp: When it happened last.
      .reason: What happened, in one word.
      .regarding: The object that it happened to.
      .type: Normal, or Warning for what someone should look at.
    Eviction: Asks a pod to leave its node, if its disruption budget allows that.
      .deleteOptions: How to delete the pod.
    ExecAction: A command run in the container.
      .command: The command and its arguments. No shell is started for it.
    FlowSchema: Tells which requests belong to which priority level.
    HTTPGetAction: A GET request.
      .host: Host to call; the pod's address if empty.
      .httpHeaders: Headers to send.
      .path: Path to ask for.
      .port: Port by number or name.
      .scheme: HTTP or HTTPS.
    HTTPIngressPath: A path with the backend that serves it.
      .backend: What serves the path.
      .path: The path.
      .pathType: How paths are compared: Exact, Prefix or ImplementationSpecific.
    HorizontalPodAutoscaler: Changes the number of pods by how busy they are.
    HorizontalPodAutoscalerSpec: What is scaled, by what and how far.
      .behavior: How fast to scale up and down.
      .maxReplicas: Most pods.
      .metrics: What to measure, and the values to aim for.
      .minReplicas: Fewest pods.
      .scaleTargetRef: The object that is scaled.
    HostPathVolumeSource: A file or directory of the node.
      .path: The path on the node.
      .type: What must be there, or is made.
    IPAddress: An address that a service has.
    Ingress: Routes HTTP requests from outside to services.
    IngressClass: A class of ingresses, with the controller that serves them.
    IngressRule: Routes for a host.
      .host: The host, maybe with a wildcard such as *.example.com; all if empty.
      .http: Its paths.
    IngressSpec: Which requests go where.
      .defaultBackend: What serves requests that no rule matches.
      .ingressClassName: The class, and so the controller, of the ingress.
      .rules: Routes by host and path.
      .tls: Certificates for the hosts.
    Job: Runs pods until enough of them have succeeded.
    JobSpec: The pods of a job, and when it is done.
      .activeDeadlineSeconds: Seconds after which the job fails.
      .backoffLimit: Pods that may fail before the job does.
      .completionMode: NonIndexed, or Indexed to give each pod a number.
      .completions: Pods that must succeed.
      .manualSelector: Whether the selector is your own.
      .parallelism: Pods that may run at once.
      .podFailurePolicy: What the failures of pods mean for the job.
      .selector: Labels of the pods that belong to the job. Normally left to the system.
      .suspend: Whether the job waits.
      .template: The pods to run.
      .ttlSecondsAfterFinished: Seconds after its end when the job is deleted.
    JobStatus: How far the job has come.
      .active: Pods that run.
      .completionTime: When it was done.
      .failed: Pods that failed.
      .ready: Pods that are ready.
      .startTime: When it was started.
      .succeeded: Pods that succeeded.
    KeyToPath: An entry shown as a file.
      .key: The entry.
      .mode: Permission bits of the file.
      .path: Path of the file in the volume.
    LabelSelector: Selects objects by their labels; all conditions must hold. An empty one selects everything.
      .matchExpressions: Conditions on labels.
      .matchLabels: Labels with the values that they must have.
    LabelSelectorRequirement: A condition on a label.
      .key: The label.
      .operator: In, NotIn, Exists or DoesNotExist.
      .values: The values for In and NotIn.
    Lease: Tells that its holder is alive; used for elections and node heartbeats.
      .spec: Who holds the lease, and until when.
    Lifecycle: What to do at the start and the stop of a container.
      .postStart: Done right after the start.
      .preStop: Done before the container is stopped.
    LimitRange: Smallest, largest and default amounts of resources in a namespace.
    ListMeta: Facts about a list.
      .continue: Where the list goes on.
      .remainingItemCount: How many objects are left.
      .resourceVersion: The version that the list shows, to start a watch from.
    LocalObjectReference: An object in the same namespace.
      .name: Its name.
    LocalSubjectAccessReview: Asks whether someone may do something in a namespace.
    ManagedFieldsEntry: The fields that one manager has set.
      .apiVersion: The version in which the fields are named.
      .fieldsV1: The fields.
      .manager: Who set them.
      .operation: Apply or Update.
      .subresource: The subresource that they were set through.
      .time: When they were last changed.
    MutatingAdmissionPolicy: Changes objects on their way in, by expressions.
    MutatingAdmissionPolicyBinding: Puts a mutating policy to use.
    MutatingWebhookConfiguration: Web services that may change objects on their way in.
    Namespace: A part of the cluster in which names are unique.
    NamespaceSpec: What keeps the namespace.
      .finalizers: Who must still clean up before the namespace is gone.
    NetworkPolicy: Which network traffic selected pods may have.
    NetworkPolicySpec: The pods, and their traffic.
      .egress: Traffic that may leave.
      .ingress: Traffic that may come in.
      .podSelector: The pods that the policy is for.
      .policyTypes: Whether it is for Ingress, Egress or both.
    Node: A machine that runs pods.
    NodeProxyOptions:
      .path: The path to call.
    NodeAffinity: Which nodes suit a pod.
      .preferredDuringSchedulingIgnoredDuringExecution: Nodes to prefer.
      .requiredDuringSchedulingIgnoredDuringExecution: Nodes that alone will do.
    NodeSpec: How the node is to be used.
      .podCIDR: Range of addresses for the node's pods.
      .podCIDRs: The same, for each address family.
      .providerID: What the cloud calls the machine.
      .taints: Marks that keep pods away which do not tolerate them.
      .unschedulable: Whether no new pods are placed here.
    NodeStatus: What the node reports.
      .addresses: Addresses of the node.
      .allocatable: Resources that pods can have.
      .capacity: Resources that there are.
      .images: Images that are there already.
      .nodeInfo: Versions and identity of the machine.
    ObjectFieldSelector: A field of the pod.
      .apiVersion: The version in which the path is meant.
      .fieldPath: The path, such as metadata.namespace.
    ObjectMeta: Facts that every object has.
      .annotations: Free texts for tools and people.
      .creationTimestamp: When the object was created. Set by the server.
      .deletionGracePeriodSeconds: Seconds that the object was given to end.
      .deletionTimestamp: When the object will be gone, if it is being deleted.
      .finalizers: Who must still clean up before the object is gone.
      .generateName: Start of a name that the server completes.
      .generation: Counts the changes of what is wanted.
      .labels: Short texts by which objects are selected.
      .managedFields: Who set which fields. Kept by the server.
      .name: Name of the object, unique in its namespace.
      .namespace: The namespace that the object is in.
      .ownerReferences: The objects that this one depends on.
      .resourceVersion: Changes with every write. Set by the server.
      .selfLink: No longer used.
      .uid: Identity of the object, for all times. Set by the server.
    ObjectReference: Points to an object.
      .fieldPath: The part of the object that is meant.
      .name: Its name.
      .namespace: Its namespace.
      .uid: Its identity.
    OwnerReference: An object that this one depends on, and is deleted with.
      .blockOwnerDeletion: Whether the owner waits for this object when it is deleted.
      .controller: Whether the owner controls this object.
      .name: Its name.
      .uid: Its identity.
    PersistentVolume: A piece of storage in the cluster.
    PersistentVolumeClaim: Asks for storage and keeps it.
    PersistentVolumeClaimSpec: The storage that is asked for.
      .accessModes: How it must be mountable, such as ReadWriteOnce.
      .dataSource: What it is filled from.
      .resources: How much.
      .selector: Labels of the volumes that will do.
      .storageClassName: Its class.
      .volumeMode: Filesystem or Block.
      .volumeName: The volume that the claim has.
    PersistentVolumeSpec: What the storage is.
      .accessModes: How it can be mounted.
      .capacity: How much it is.
      .claimRef: The claim that has it.
      .mountOptions: Options for mounting.
      .nodeAffinity: Nodes that can reach it.
      .persistentVolumeReclaimPolicy: What becomes of it without its claim: Retain, Delete or Recycle.
      .storageClassName: Its class.
      .volumeMode: Filesystem or Block.
    Pod: Containers that run together on a node and share its network address and volumes.
      .spec: The containers, and where and how they run.
      .status: What became of the pod.
    PodAffinity: Pods to be placed beside.
    PodAntiAffinity: Pods to be kept away from.
    PodDisruptionBudget: How many pods may be missing when pods are evicted.
    PodDisruptionBudgetSpec: The pods, and how many may be missing.
      .maxUnavailable: Pods that may be missing, as a number or a percentage.
      .minAvailable: Pods that must stay, as a number or a percentage.
      .selector: The pods.
      .unhealthyPodEvictionPolicy: When pods that are not ready may be evicted.
    PodAttachOptions:
      .container: The container; the only one, or the one marked as default, if empty.
      .stderr: Whether its errors are passed on.
      .stdin: Whether its input is passed on.
      .stdout: Whether its output is passed on.
      .tty: Whether it has a terminal.
    PodExecOptions:
      .command: The command and its arguments, each by itself.
      .container: The container; the only one, or the one marked as default, if empty.
      .stderr: Whether errors are passed on.
      .stdin: Whether input is passed on.
      .stdout: Whether output is passed on.
      .tty: Whether the command gets a terminal.
    PodLogOptions:
      .container: The container; the only one, or the one marked as default, if empty.
      .follow: Whether new lines are sent as they are written.
      .insecureSkipTLSVerifyBackend: Whether the node's certificate goes unchecked.
      .limitBytes: Bytes after which to stop.
      .previous: Whether the lines of the container before the last restart are meant.
      .sinceSeconds: Only lines of that many last seconds.
      .sinceTime: Only lines from then on.
      .stream: All, Stdout or Stderr.
      .tailLines: Only that many last lines.
      .timestamps: Whether each line starts with its time.
    PodPortForwardOptions:
      .ports: The ports to forward.
    PodProxyOptions:
      .path: The path to call.
    PodSecurityContext: User, groups and other limits of all containers of a pod.
      .fsGroup: Group that volumes belong to.
      .runAsGroup: Group of the processes.
      .runAsNonRoot: Whether containers that would run as root are refused.
      .runAsUser: User of the processes.
      .seccompProfile: Which system calls are allowed.
      .supplementalGroups: Further groups of the processes.
      .sysctls: Kernel settings of the pod.
    PodSpec: The containers of a pod, and where and how they run.
      .activeDeadlineSeconds: Seconds after which the pod is ended.
      .affinity: Which nodes and neighbours to prefer.
      .automountServiceAccountToken: Whether containers get a token of the service account.
      .containers: The containers. There must be one at least.
      .dnsConfig: Settings for name resolution.
      .dnsPolicy: Where names are resolved: ClusterFirst, ClusterFirstWithHostNet, Default or None.
      .enableServiceLinks: Whether services become environment variables.
      .ephemeralContainers: Containers added while the pod runs, to look for faults.
      .hostAliases: Entries for the hosts file.
      .hostIPC: Whether the pod shares the node's IPC namespace.
      .hostNetwork: Whether the pod has the node's network.
      .hostPID: Whether the pod sees the node's processes.
      .hostUsers: Whether the pod has the node's user namespace.
      .hostname: Host name of the pod; its name if empty.
      .imagePullSecrets: Secrets with credentials for registries.
      .initContainers: Containers that run, one after the other, before the others start.
      .nodeName: The node. Normally set by the scheduler.
      .nodeSelector: Labels that the node must have.
      .os: Operating system that the pod is for.
      .overhead: Resources that the pod itself needs beside its containers.
      .preemptionPolicy: Whether pods of lower priority are evicted for it.
      .priority: Higher ones come first. Set from the class.
      .priorityClassName: The priority class.
      .readinessGates: Conditions that must hold for the pod to be ready, beside those of its containers.
      .resourceClaims: Devices that the pod uses.
      .resources: Amounts for the pod as a whole.
      .restartPolicy: When ended containers are restarted: Always, OnFailure or Never.
      .runtimeClassName: How its containers are run.
      .schedulerName: Who places the pod.
      .schedulingGates: What must be lifted before the pod is placed.
      .securityContext: User, groups and other limits of all containers.
      .serviceAccountName: The account as which the pod calls the API.
      .shareProcessNamespace: Whether the containers see each other's processes.
      .subdomain: Subdomain of the pod's full host name.
      .terminationGracePeriodSeconds: Seconds between the request to stop and the kill.
      .tolerations: Taints of nodes that do not keep the pod away.
      .topologySpreadConstraints: How pods are spread over zones, nodes and so on.
      .volumes: Volumes that the containers can mount.
    PodStatus: What became of a pod.
      .containerStatuses: What became of each container.
      .hostIP: Address of the node.
      .initContainerStatuses: What became of each init container.
      .nominatedNodeName: Node on which room is made for the pod.
      .phase: Pending, Running, Succeeded, Failed or Unknown.
      .podIP: Address of the pod.
      .podIPs: Its addresses, one for each family.
      .qosClass: Guaranteed, Burstable or BestEffort, from its requests and limits.
      .startTime: When the node took the pod.
    PodTemplate: A template for pods.
      .template: The pods to make.
    PodTemplateSpec: The pods to make.
    PolicyRule: Something that is permitted.
      .apiGroups: Groups of the resources; an empty text for the core group, * for all.
      .nonResourceURLs: Paths outside of the resources.
      .resourceNames: Names of the objects; all if empty.
      .resources: Resources and subresources, such as pods and pods/log; * for all.
      .verbs: What may be done, such as get, list and create; * for all.
    PriorityClass: A name for a priority of pods.
      .globalDefault: Whether pods without a class get this one.
      .value: The priority.
    PriorityLevelConfiguration: How many requests of a level are served at once, and how others wait.
    Probe: A check of a container, made again and again.
      .exec: Runs a command. Exit code 0 means good.
      .failureThreshold: Failures in a row that count as one.
      .grpc: Asks a gRPC health service.
      .httpGet: Sends a request. Codes from 200 to 399 mean good.
      .initialDelaySeconds: Seconds to wait after the start.
      .periodSeconds: Seconds from check to check.
      .successThreshold: Successes in a row that count as one.
      .tcpSocket: Opens a connection.
      .terminationGracePeriodSeconds: Seconds between the request to stop and the kill when the check failed.
      .timeoutSeconds: Seconds after which a check has failed.
    ReplicaSet: Keeps a number of equal pods running. Mostly made by a deployment.
    ReplicaSetSpec: The pods, and how many.
      .minReadySeconds: Seconds for which a pod must be ready to count as available.
      .replicas: Number of pods.
      .selector: Labels of the pods that belong to the set. It cannot be changed later.
      .template: The pods to make.
    ReplicationController: Keeps a number of equal pods running. Deployments have taken its place.
    ResourceClaim: Asks for devices and keeps them.
    ResourceClaimTemplate: A template for resource claims, one for each pod.
    ResourceQuota: How much the objects of a namespace may use together.
      .spec: What is limited, and how far.
    ResourceRequirements: Amounts that are asked for and allowed.
      .claims: Devices that are used, from the pod's resource claims.
      .limits: Most that may be used.
      .requests: Amounts that are kept free for it.
    ResourceSlice: Devices that a driver offers.
    Role: Permissions in a namespace.
      .rules: What is permitted.
    RoleBinding: Gives a role to users, groups and service accounts, in a namespace.
      .roleRef: The role. It cannot be changed later.
      .subjects: Who gets it.
    RollingUpdateDeployment: How many pods may be missing or too many.
      .maxSurge: Pods beyond the number wanted, as a number or a percentage.
      .maxUnavailable: Pods missing from the number wanted, as a number or a percentage.
    RuntimeClass: A way to run containers.
      .handler: What the container runtime calls it.
    Scale: The number of pods of an object.
    ScaleSpec: The number that is wanted.
      .replicas: Number of pods.
    Secret: Passwords, keys and the like for pods.
      .data: The entries, in base64.
      .immutable: Whether the entries are fixed for good.
      .stringData: Entries to write that are text; they are added to data.
      .type: What the secret is for.
    SecretVolumeSource: Files made from a secret.
      .defaultMode: Permission bits of the files.
      .items: Entries to show, and where; all if empty.
      .optional: Whether the pod may start without it.
      .secretName: The secret.
    SecurityContext: User, capabilities and other limits of a container's processes.
      .allowPrivilegeEscalation: Whether processes may gain more rights than their parents.
      .capabilities: Linux capabilities to add or drop.
      .privileged: Whether the container has all rights on the node.
      .readOnlyRootFilesystem: Whether the container cannot write to its own file system.
      .runAsGroup: Group of the processes.
      .runAsNonRoot: Whether the container is refused if it would run as root.
      .runAsUser: User of the processes.
      .seccompProfile: Which system calls are allowed.
    SelfSubjectAccessReview: Asks whether the caller may do something.
    SelfSubjectReview: Tells callers who they are.
    SelfSubjectRulesReview: Tells what the caller may do in a namespace.
    Service: A fixed address for a changing set of pods.
    ServiceAccount: An account for programs in pods.
      .automountServiceAccountToken: Whether pods get a token of it.
      .imagePullSecrets: Secrets with credentials for registries.
      .secrets: Secrets that its pods may use.
    ServiceCIDR: A range from which services get their addresses.
    ServicePort: A port of a service.
      .appProtocol: What is spoken there, such as kubernetes.io/h2c.
      .name: Name of the port.
      .nodePort: Port of every node that leads here.
      .port: The number of the port.
      .protocol: TCP, UDP or SCTP.
      .targetPort: Port of the pods, by number or name.
    ServiceProxyOptions:
      .path: The path to call, below scheme, name and port of the service.
    ServiceSpec: The pods behind a service, and how it is reached.
      .allocateLoadBalancerNodePorts: Whether a load balancer's service gets node ports.
      .clusterIP: Its address in the cluster; None for no address of its own.
      .clusterIPs: The same, for each address family.
      .externalIPs: Further addresses at which nodes take traffic for it.
      .externalName: Host name that it stands for, for the type ExternalName.
      .externalTrafficPolicy: Whether traffic from outside stays on the node that got it: Cluster or Local.
      .internalTrafficPolicy: The same for traffic from inside.
      .ipFamilies: Its address families.
      .ipFamilyPolicy: Whether it has one or two address families.
      .loadBalancerClass: The kind of load balancer.
      .loadBalancerSourceRanges: From where the load balancer may be reached.
      .ports: Its ports.
      .publishNotReadyAddresses: Whether pods that are not ready count, too.
      .selector: Labels of the pods behind it.
      .sessionAffinity: ClientIP, if a client is to reach the same pod again.
      .trafficDistribution: Which pods to prefer, such as near ones.
      .type: ClusterIP, NodePort, LoadBalancer or ExternalName.
    StatefulSet: Keeps pods running that have names and storage of their own.
    StatefulSetSpec: The pods, how many, and their storage.
      .minReadySeconds: Seconds for which a pod must be ready to count as available.
      .ordinals: The number of the first pod.
      .persistentVolumeClaimRetentionPolicy: What becomes of the claims of pods that go.
      .podManagementPolicy: Whether pods come one after the other or all at once.
      .replicas: Number of pods.
      .revisionHistoryLimit: Former revisions to keep.
      .selector: Labels of the pods that belong to the set. It cannot be changed later.
      .serviceName: The service that names the pods.
      .template: The pods to make.
      .updateStrategy: How pods are replaced when the template changes.
      .volumeClaimTemplates: Claims made for each pod.
    Status: How a call ended, if it did not give an object.
      .code: The HTTP code.
      .details: What it was about.
      .status: Success or Failure.
    StorageClass: A kind of storage that claims can ask for.
      .allowVolumeExpansion: Whether claims may grow.
      .allowedTopologies: Where volumes may be.
      .mountOptions: Options for mounting.
      .parameters: Settings for the driver.
      .provisioner: The driver that makes the volumes.
      .reclaimPolicy: What becomes of a volume without its claim.
      .volumeBindingMode: Whether volumes are made at once or when a pod needs them.
    Subject: A user, group or service account.
      .apiGroup: The group of the kind.
      .name: Its name.
      .namespace: Its namespace, for a service account.
    SubjectAccessReview: Asks whether someone may do something.
    Taint: A mark on a node that keeps pods away.
      .effect: NoSchedule, PreferNoSchedule, or NoExecute to evict pods, too.
      .key: What it is about.
      .value: More about it.
    TokenRequest: Asks for a token of a service account.
    TokenReview: Asks whom a token stands for.
    Toleration: A taint that does not keep the pod away.
      .effect: Effect of the taint; any if empty.
      .key: Key of the taint; any if empty.
      .operator: Equal or Exists.
      .tolerationSeconds: Seconds for which the pod may stay, with NoExecute.
      .value: Value of the taint, for Equal.
    TopologySpreadConstraint: How pods are spread.
      .labelSelector: The pods that are counted.
      .maxSkew: By how many the fullest and the emptiest part may differ.
      .topologyKey: Label of the nodes by whose values they are divided into parts.
      .whenUnsatisfiable: DoNotSchedule, or ScheduleAnyway.
    ValidatingAdmissionPolicy: Accepts or refuses objects on their way in, by expressions.
    ValidatingAdmissionPolicyBinding: Puts a validating policy to use.
    ValidatingWebhookConfiguration: Web services that may refuse objects on their way in.
    Volume: A directory or device for the containers of a pod. It has one source.
      .configMap: Files made from a config map.
      .csi: A volume of a storage driver that lives as long as the pod.
      .downwardAPI: Files that tell of the pod.
      .emptyDir: An empty directory that lives as long as the pod.
      .ephemeral: A claim that lives as long as the pod.
      .hostPath: A file or directory of the node.
      .image: The content of an image.
      .name: Name of the volume, unique in the pod.
      .nfs: A directory of an NFS server.
      .persistentVolumeClaim: The volume of a claim.
      .projected: Several sources in one directory.
      .secret: Files made from a secret.
    VolumeAttachment: Tells that a volume is or should be attached to a node.
    VolumeAttributesClass: A set of changeable properties of volumes.
    VolumeMount: Where a volume is mounted in a container.
      .mountPath: The path in the container.
      .mountPropagation: Whether mounts made later pass between node and container.
      .name: The volume.
      .readOnly: Whether nothing can be written.
      .subPath: The part of the volume to mount.
      .subPathExpr: The same, with environment variables in it.
    """
}
