import Testing

@testable import Objects

/// The cells of further kinds and states, beside the recorded ones.
@Suite struct KindTableTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let group: String
    let kind: String
    let object: JSON
    let cells: [JSON]

    init(_ name: String, _ group: String, _ kind: String, _ object: JSON, _ cells: [JSON]) {
      testDescription = name
      self.group = group
      self.kind = kind
      var named = object
      named["metadata", "name"] = "x"
      named["metadata", "creationTimestamp"] = "2026-01-01T00:00:00Z"
      self.object = named
      self.cells = cells
    }
  }

  @Test(arguments: workloads + network + cluster + storage + policies)
  func cells(_ table: Case) throws {
    let now = try #require(Timestamp("2026-01-01T00:05:00Z"))
    #expect(Tables.cells(of: table.object, group: table.group, kind: table.kind, now: now) == table.cells)
    #expect(Tables.columns(group: table.group, kind: table.kind).count == table.cells.count)
  }

  private static let containers: JSON = [
    "spec": ["containers": [["name": "c", "image": "i"], ["name": "d", "image": "j"]]]
  ]

  static let workloads: [Case] = [
    Case("pod template", "", "PodTemplate", ["template": containers], ["x", "c,d", "i,j", "<none>"]),
    Case(
      "replication controller", "", "ReplicationController",
      [
        "spec": ["replicas": 3, "selector": ["a": "b"], "template": containers],
        "status": ["replicas": 2, "readyReplicas": 1],
      ], ["x", 3, 2, 1, "5m", "c,d", "i,j", "a=b"]),
    Case(
      "deployment on its way", "apps", "Deployment",
      [
        "spec": ["replicas": 3, "template": containers],
        "status": ["readyReplicas": 2, "updatedReplicas": 1, "availableReplicas": 2],
      ], ["x", "2/3", 1, 2, "5m", "c,d", "i,j", ""]),
    Case(
      "deployment with a bad selector", "apps", "Deployment",
      ["spec": ["selector": ["matchExpressions": [["key": "a", "operator": "?"]]]]],
      ["x", "0/0", 0, 0, "5m", "", "", "<invalid>"]),
    Case(
      "daemon set", "apps", "DaemonSet",
      [
        "spec": ["template": ["spec": ["nodeSelector": ["os": "linux"]]]],
        "status": [
          "desiredNumberScheduled": 5, "currentNumberScheduled": 4, "numberReady": 3,
          "updatedNumberScheduled": 2,
          "numberAvailable": 1,
        ],
      ], ["x", 5, 4, 3, 2, 1, "os=linux", "5m", "", "", "<none>"]),
    Case(
      "controller revision", "apps", "ControllerRevision",
      [
        "revision": 4,
        "metadata": [
          "ownerReferences": [
            ["apiVersion": "v1", "kind": "Other", "name": "o"],
            ["apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "controller": true],
          ]
        ],
      ], ["x", "daemonset.apps/d", 4, "5m"]),
    Case(
      "orphaned controller revision", "apps", "ControllerRevision", ["revision": 1], ["x", "<none>", 1, "5m"]),
    Case(
      "scale", "autoscaling", "Scale", ["spec": ["replicas": 3], "status": ["replicas": 2]],
      ["x", 3, 2, "5m"]),
    Case(
      "job that is done", "batch", "Job",
      [
        "spec": ["completions": 2, "selector": ["matchLabels": ["a": "b"]]],
        "status": [
          "succeeded": 2, "startTime": "2026-01-01T00:01:00Z", "completionTime": "2026-01-01T00:03:30Z",
          "conditions": [
            ["type": "SuccessCriteriaMet", "status": "True"], ["type": "Complete", "status": "True"],
          ],
        ],
      ], ["x", "Complete", "2/2", "2m30s", "5m", "", "", "a=b"]),
    Case(
      "job that failed", "batch", "Job",
      ["status": ["conditions": [["type": "Failed", "status": "True"]]]],
      ["x", "Failed", "0/1", "", "5m", "", "", "<none>"]),
    Case(
      "job that waits", "batch", "Job",
      [
        "spec": ["parallelism": 3],
        "status": [
          "startTime": "2026-01-01T00:04:00Z", "conditions": [["type": "Suspended", "status": "True"]],
        ],
      ], ["x", "Suspended", "0/1 of 3", "60s", "5m", "", "", "<none>"]),
    Case(
      "job that is deleted", "batch", "Job",
      [
        "metadata": ["deletionTimestamp": "2026-01-01T00:04:00Z"],
        "status": ["conditions": [["type": "Suspended", "status": "True"]]],
      ], ["x", "Terminating", "0/1", "", "5m", "", "", "<none>"]),
    Case(
      "job that went on", "batch", "Job",
      [
        "spec": ["completions": 1],
        "status": ["conditions": [["type": "Suspended", "status": "False"]]],
      ], ["x", "Running", "0/1", "", "5m", "", "", "<none>"]),
    Case(
      "cron job", "batch", "CronJob",
      [
        "spec": ["schedule": "@daily", "timeZone": "Etc/UTC", "suspend": true],
        "status": ["active": [[:], [:]], "lastScheduleTime": "2026-01-01T00:04:30Z"],
      ], ["x", "@daily", "Etc/UTC", "True", 2, "30s", "5m", "", "", "<none>"]),
    Case(
      "autoscaler by all metrics", "autoscaling", "HorizontalPodAutoscaler",
      [
        "spec": [
          "scaleTargetRef": ["kind": "Deployment", "name": "d"], "maxReplicas": 9,
          "metrics": [
            ["type": "Resource", "resource": ["name": "memory", "target": ["averageValue": "1Gi"]]],
            ["type": "Pods", "pods": ["target": ["averageValue": "5"]]], ["type": "Object"],
            ["type": "External"],
          ],
        ],
        "status": [
          "currentReplicas": 2,
          "currentMetrics": [["type": "Resource", "resource": ["current": ["averageValue": "512Mi"]]]],
        ],
      ],
      ["x", "Deployment/d", "memory: 512Mi/1Gi, <unknown>/5 + 2 more...", "<unset>", 9, 2, "5m"]),
    Case(
      "autoscaler by values", "autoscaling", "HorizontalPodAutoscaler",
      [
        "spec": [
          "minReplicas": 2,
          "metrics": [
            ["type": "External", "external": ["target": ["averageValue": "7"]]],
            ["type": "Object", "object": ["target": ["value": "9"]]],
          ],
        ],
        "status": [
          "currentMetrics": [
            ["type": "External", "external": ["current": ["averageValue": "3"]]],
            ["type": "Object", "object": ["current": ["value": "8"]]],
          ]
        ],
      ], ["x", "/", "3/7 (avg), 8/9", "2", 0, 0, "5m"]),
    Case(
      "autoscaler by utilization", "autoscaling", "HorizontalPodAutoscaler",
      [
        "spec": [
          "metrics": [
            [
              "type": "ContainerResource",
              "containerResource": ["name": "cpu", "target": ["averageUtilization": 60]],
            ], ["type": "Odd"],
          ]
        ],
        "status": ["currentMetrics": [["containerResource": ["current": ["averageUtilization": 30]]]]],
      ], ["x", "/", "cpu: 30%/60%, <unknown type>", "<unset>", 0, 0, "5m"]),
    Case(
      "autoscaler of version 1", "autoscaling", "HorizontalPodAutoscaler",
      [
        "spec": ["targetCPUUtilizationPercentage": 80], "status": ["currentCPUUtilizationPercentage": 20],
      ], ["x", "/", "cpu: 20%/80%", "<unset>", 0, 0, "5m"]),
    Case(
      "autoscaler without metrics", "autoscaling", "HorizontalPodAutoscaler", [:],
      ["x", "/", "<none>", "<unset>", 0, 0, "5m"]),
    Case(
      "disruption budget", "policy", "PodDisruptionBudget",
      ["spec": ["maxUnavailable": "25%"], "status": ["disruptionsAllowed": 2]], ["x", "N/A", "25%", 2, "5m"]),
  ]

  static let network: [Case] = [
    Case(
      "load balancer with addresses", "", "Service",
      [
        "spec": [
          "type": "LoadBalancer", "clusterIPs": ["10.0.0.1", "fd00::1"], "externalIPs": ["9.9.9.9"],
          "ports": [
            ["port": 80, "nodePort": 30_080, "protocol": "TCP"], ["port": 53, "protocol": "UDP"],
          ],
        ],
        "status": [
          "loadBalancer": ["ingress": [["ip": "2.2.2.2"], ["hostname": "a.example"], ["ip": "1.1.1.1"]]]
        ],
      ],
      [
        "x", "LoadBalancer", "10.0.0.1", "1.1.1.1,2.2.2.2,a.example,9.9.9.9", "80:30080/TCP,53/UDP", "5m",
        "<none>",
      ]),
    Case(
      "external name", "", "Service", ["spec": ["type": "ExternalName", "externalName": "a.example"]],
      ["x", "ExternalName", "<none>", "a.example", "<none>", "5m", "<none>"]),
    Case(
      "service without a type", "", "Service", [:],
      ["x", "", "<none>", "<unknown>", "<none>", "5m", "<none>"]),
    Case(
      "endpoints", "", "Endpoints",
      [
        "subsets": [
          [
            "addresses": [["ip": "10.0.0.1"], ["ip": "fd00::1"]], "ports": [["port": 80], ["port": 443]],
          ]
        ]
      ], ["x", "10.0.0.1:80,[fd00::1]:80,10.0.0.1:443 + 1 more...", "5m"]),
    Case(
      "endpoints without ports", "", "Endpoints", ["subsets": [["addresses": [["ip": "10.0.0.1"]]]]],
      ["x", "10.0.0.1", "5m"]),
    Case("no endpoints", "", "Endpoints", [:], ["x", "<none>", "5m"]),
    Case("endpoints not ready", "", "Endpoints", ["subsets": [["ports": [["port": 80]]]]], ["x", "", "5m"]),
    Case(
      "endpoint slice", "discovery.k8s.io", "EndpointSlice",
      [
        "addressType": "IPv4", "ports": [["port": 80], ["name": "web"], [:]],
        "endpoints": [["addresses": ["1", "2"]], ["addresses": ["3", "4"]]],
      ], ["x", "IPv4", "80,web,*", "1,2,3 + 1 more...", "5m"]),
    Case(
      "empty endpoint slice", "discovery.k8s.io", "EndpointSlice", ["addressType": "IPv6"],
      ["x", "IPv6", "<unset>", "<unset>", "5m"]),
    Case(
      "ingress", "networking.k8s.io", "Ingress",
      [
        "spec": [
          "ingressClassName": "n", "tls": [[:]],
          "rules": [["host": "a"], [:], ["host": "b"], ["host": "c"], ["host": "d"]],
        ],
        "status": ["loadBalancer": ["ingress": [["ip": "1.1.1.1"]]]],
      ], ["x", "n", "a,b,c + 2 more...", "1.1.1.1", "80, 443", "5m"]),
    Case(
      "ingress for all hosts", "networking.k8s.io", "Ingress", ["spec": ["rules": [[:]]]],
      ["x", "<none>", "*", "", "80", "5m"]),
    Case(
      "ingress class", "networking.k8s.io", "IngressClass",
      [
        "spec": [
          "controller": "a.example/c", "parameters": ["apiGroup": "a.example", "kind": "P", "name": "p"],
        ]
      ], ["x", "a.example/c", "P.a.example/p", "5m"]),
    Case(
      "network policy", "networking.k8s.io", "NetworkPolicy",
      ["spec": ["podSelector": ["matchExpressions": [["key": "a", "operator": "In", "values": ["b"]]]]]],
      ["x", "a in (b)", "5m"]),
    Case(
      "service range", "networking.k8s.io", "ServiceCIDR", ["spec": ["cidrs": ["10.0.0.0/8", "fd00::/64"]]],
      ["x", "10.0.0.0/8,fd00::/64", "5m"]),
    Case(
      "address", "networking.k8s.io", "IPAddress",
      [
        "spec": [
          "parentRef": ["group": "", "resource": "services", "namespace": "default", "name": "kubernetes"]
        ]
      ],
      ["x", "services/default/kubernetes"]),
    Case(
      "address of a thing outside of namespaces", "networking.k8s.io", "IPAddress",
      ["spec": ["parentRef": ["group": "a.example", "resource": "Things", "name": "t"]]],
      ["x", "things.a.example/t"]),
  ]

  static let cluster: [Case] = [
    Case(
      "node", "", "Node",
      [
        "metadata": [
          "labels": [
            "node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/control-plane": "",
            "kubernetes.io/role": "db", "node-role.kubernetes.io/": "",
          ]
        ],
        "spec": ["unschedulable": true],
        "status": [
          "conditions": [
            ["type": "MemoryPressure", "status": "False"], ["type": "Ready", "status": "True"],
          ],
          "addresses": [
            ["type": "Hostname", "address": "h"], ["type": "InternalIP", "address": "10.0.0.1"],
            ["type": "ExternalIP", "address": "1.1.1.1"], ["type": "InternalIP", "address": "fd00::1"],
          ],
          "nodeInfo": [
            "kubeletVersion": "v1.36.0", "osImage": "Linux", "kernelVersion": "6.1",
            "containerRuntimeVersion": "containerd://2.0",
          ],
        ],
      ],
      [
        "x", "Ready,SchedulingDisabled", "control-plane,db,worker", "5m", "v1.36.0", "10.0.0.1", "1.1.1.1",
        "Linux", "6.1", "containerd://2.0",
      ]),
    Case(
      "node that is silent", "", "Node",
      ["status": ["conditions": [["type": "Ready", "status": "Unknown"]]]],
      ["x", "NotReady", "<none>", "5m", "", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"]),
    Case("namespace", "", "Namespace", ["status": ["phase": "Active"]], ["x", "Active", "5m"]),
    Case(
      "config map with files", "", "ConfigMap", ["data": ["a": "1"], "binaryData": ["b": "", "c": ""]],
      ["x", 3, "5m"]),
    Case(
      "event with a series", "", "Event",
      [
        "involvedObject": ["kind": "Pod", "name": "p", "fieldPath": "spec.containers{c}"], "type": "Warning",
        "reason": "BackOff", "message": " later \n", "source": ["component": "kubelet", "host": "n1"],
        "eventTime": "2026-01-01T00:01:00.000000Z",
        "series": ["count": 4, "lastObservedTime": "2026-01-01T00:04:50.000000Z"],
      ],
      ["10s", "Warning", "BackOff", "pod/p", "spec.containers{c}", "kubelet, n1", "later", "4m", 4, "x"]),
    Case(
      "event that happened once", "", "Event",
      [
        "involvedObject": ["kind": "Node"], "reportingComponent": "r", "reportingInstance": "r-1",
        "eventTime": "2026-01-01T00:04:00.000000Z", "firstTimestamp": .null, "lastTimestamp": .null,
      ], ["60s", "", "", "node", "", "r, r-1", "", "60s", 1, "x"]),
    Case(
      "event without times", "", "Event", [:], ["<unknown>", "", "", "", "", "", "", "<unknown>", 1, "x"]),
    Case(
      "event of the newer group", "events.k8s.io", "Event",
      [
        "regarding": ["kind": "Pod", "name": "p"], "note": "n", "type": "Normal", "reason": "R",
        "reportingController": "c", "deprecatedSource": ["component": "s"], "deprecatedCount": 3,
        "deprecatedFirstTimestamp": "2026-01-01T00:03:00Z", "deprecatedLastTimestamp": "2026-01-01T00:04:00Z",
      ], ["60s", "Normal", "R", "pod/p", "", "s", "n", "2m", 3, "x"]),
    Case(
      "component", "", "ComponentStatus",
      ["conditions": [["type": "Healthy", "status": "False", "message": "m", "error": "e"]]],
      ["x", "Unhealthy", "m", "e"]),
    Case("unknown component", "", "ComponentStatus", [:], ["x", "Unknown", "", ""]),
    Case(
      "quota in use", "", "ResourceQuota",
      [
        "status": [
          "hard": ["pods": "10", "limits.cpu": "4", "requests.cpu": "2", "limits.memory": "1Gi"],
          "used": ["pods": "1", "limits.cpu": "500m"],
        ]
      ], ["x", "pods: 1/10, requests.cpu: 0/2", "limits.cpu: 500m/4, limits.memory: 0/1Gi", "5m"]),
    Case(
      "lease candidate", "coordination.k8s.io", "LeaseCandidate",
      ["spec": ["leaseName": "l", "binaryVersion": "1.36.0", "emulationVersion": "1.35.0"]],
      ["x", "l", "1.36.0", "1.35.0", "5m"]),
    Case(
      "own version", "apiregistration.k8s.io", "APIService",
      ["status": ["conditions": [["type": "Available", "status": "True"]]]], ["x", "Local", "True", "5m"]),
    Case(
      "version of a service", "apiregistration.k8s.io", "APIService",
      [
        "spec": ["service": ["namespace": "n", "name": "s"]],
        "status": ["conditions": [["type": "Available", "status": "False", "reason": "MissingEndpoints"]]],
      ], ["x", "n/s", "False (MissingEndpoints)", "5m"]),
    Case(
      "status", "", "Status", ["status": "Failure", "reason": "NotFound", "message": "no such thing"],
      ["Failure", "NotFound", "no such thing"]),
    Case("kind without columns", "a.example", "Thing", [:], ["x", "2026-01-01T00:00:00Z"]),
  ]

  static let storage: [Case] = [
    Case(
      "bound volume", "", "PersistentVolume",
      [
        "spec": [
          "capacity": ["storage": "5Gi"], "accessModes": ["ReadWriteMany", "ReadWriteOnce", "ReadWriteMany"],
          "persistentVolumeReclaimPolicy": "Delete", "claimRef": ["namespace": "n", "name": "c"],
          "storageClassName": "fast", "volumeAttributesClassName": "gold", "volumeMode": "Block",
        ],
        "status": ["phase": "Bound", "reason": "r"],
      ], ["x", "5Gi", "RWO,RWX", "Delete", "Bound", "n/c", "fast", "gold", "r", "5m", "Block"]),
    Case(
      "volume that is deleted", "", "PersistentVolume",
      [
        "metadata": [
          "deletionTimestamp": "2026-01-01T00:01:00Z",
          "annotations": ["volume.beta.kubernetes.io/storage-class": "old"],
        ], "status": ["phase": "Released"],
      ], ["x", "0", "", "", "Terminating", "", "old", "<unset>", "", "5m", "<unset>"]),
    Case(
      "bound claim", "", "PersistentVolumeClaim",
      [
        "spec": ["volumeName": "v", "storageClassName": "fast"],
        "status": [
          "phase": "Bound", "accessModes": ["ReadWriteOncePod", "ReadOnlyMany"],
          "capacity": ["storage": "5Gi"],
        ],
      ], ["x", "Bound", "v", "5Gi", "ROX,RWOP", "fast", "<unset>", "5m", "<unset>"]),
    Case(
      "default storage class", "storage.k8s.io", "StorageClass",
      [
        "metadata": ["annotations": ["storageclass.kubernetes.io/is-default-class": "true"]],
        "provisioner": "p", "allowVolumeExpansion": true,
      ], ["x (default)", "p", "Delete", "Immediate", true, "5m"]),
    Case(
      "attributes class", "storage.k8s.io", "VolumeAttributesClass", ["driverName": "d"], ["x", "d", "5m"]),
    Case(
      "attachment", "storage.k8s.io", "VolumeAttachment",
      [
        "spec": ["attacher": "d", "nodeName": "n", "source": ["persistentVolumeName": "v"]],
        "status": ["attached": true],
      ], ["x", "d", "v", "n", true, "5m"]),
    Case("node's drivers", "storage.k8s.io", "CSINode", ["spec": ["drivers": [[:], [:]]]], ["x", 2, "5m"]),
    Case(
      "driver", "storage.k8s.io", "CSIDriver", [:],
      ["x", true, false, false, "<unset>", false, "<none>", "5m"]),
    Case(
      "driver with all", "storage.k8s.io", "CSIDriver",
      [
        "spec": [
          "attachRequired": false, "podInfoOnMount": true, "storageCapacity": true, "requiresRepublish": true,
          "tokenRequests": [["audience": "a"], ["audience": "b"]],
          "volumeLifecycleModes": ["Persistent", "Ephemeral"],
        ]
      ], ["x", false, true, true, "a,b", true, "Persistent,Ephemeral", "5m"]),
    Case(
      "capacity", "storage.k8s.io", "CSIStorageCapacity", ["storageClassName": "fast", "capacity": "3Gi"],
      ["x", "fast", "3Gi"]),
    Case("no capacity", "storage.k8s.io", "CSIStorageCapacity", [:], ["x", "", "<unset>"]),
    Case(
      "storage version", "internal.apiserver.k8s.io", "StorageVersion",
      ["status": ["storageVersions": [["apiServerID": "a", "encodingVersion": "v1"]]]],
      ["x", "<unset>", "a=v1", "5m"]),
  ]

  static let policies: [Case] = [
    Case(
      "binding", "rbac.authorization.k8s.io", "ClusterRoleBinding",
      [
        "roleRef": ["kind": "ClusterRole", "name": "r"],
        "subjects": [
          ["kind": "User", "name": "u"], ["kind": "User", "name": "v"], ["kind": "Group", "name": "g"],
          ["kind": "ServiceAccount", "namespace": "n", "name": "s"],
        ],
      ], ["x", "ClusterRole/r", "5m", "u, v", "g", "n/s"]),
    Case(
      "request to sign", "certificates.k8s.io", "CertificateSigningRequest",
      ["spec": ["username": "u"]], ["x", "5m", "<none>", "u", "<none>", "Pending"]),
    Case(
      "signed request", "certificates.k8s.io", "CertificateSigningRequest",
      [
        "spec": ["username": "u", "signerName": "s", "expirationSeconds": 86_400],
        "status": ["conditions": [["type": "Approved"]], "certificate": "YQ=="],
      ], ["x", "5m", "s", "u", "24h", "Approved,Issued"]),
    Case(
      "refused request", "certificates.k8s.io", "CertificateSigningRequest",
      ["status": ["conditions": [["type": "Approved"], ["type": "Denied"], ["type": "Failed"]]]],
      ["x", "5m", "<none>", "", "<none>", "Denied,Failed"]),
    Case("trust bundle", "certificates.k8s.io", "ClusterTrustBundle", [:], ["x", "<none>"]),
    Case(
      "webhooks", "admissionregistration.k8s.io", "ValidatingWebhookConfiguration", ["webhooks": [[:], [:]]],
      ["x", 2, "5m"]),
    Case(
      "admission policy", "admissionregistration.k8s.io", "ValidatingAdmissionPolicy",
      ["spec": ["validations": [[:]], "paramKind": ["apiVersion": "v1", "kind": "ConfigMap"]]],
      ["x", 1, "v1/ConfigMap", "5m"]),
    Case(
      "mutating policy", "admissionregistration.k8s.io", "MutatingAdmissionPolicy",
      ["spec": ["mutations": [[:], [:]]]], ["x", 2, "<unset>", "5m"]),
    Case(
      "policy binding", "admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding",
      ["spec": ["policyName": "p", "paramRef": ["name": "n"]]], ["x", "p", "*/n", "5m"]),
    Case(
      "policy binding by labels", "admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding",
      ["spec": ["policyName": "p", "paramRef": ["selector": ["matchLabels": ["a": "b"]]]]],
      [
        "x", "p",
        "&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}",
        "5m",
      ]),
    Case("runtime class", "node.k8s.io", "RuntimeClass", ["handler": "h"], ["x", "h", "5m"]),
    Case(
      "flow schema", "flowcontrol.apiserver.k8s.io", "FlowSchema",
      [
        "spec": [
          "priorityLevelConfiguration": ["name": "l"], "matchingPrecedence": 100,
          "distinguisherMethod": ["type": "ByUser"],
        ], "status": ["conditions": [["type": "Dangling", "status": "False"]]],
      ], ["x", "l", 100, "ByUser", "5m", "False"]),
    Case(
      "flow schema nobody has looked at", "flowcontrol.apiserver.k8s.io", "FlowSchema", [:],
      ["x", "", 0, "<none>", "5m", "?"]),
    Case(
      "priority level", "flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration",
      [
        "spec": [
          "type": "Limited",
          "limited": [
            "nominalConcurrencyShares": 20,
            "limitResponse": ["queuing": ["queues": 64, "handSize": 6, "queueLengthLimit": 50]],
          ],
        ]
      ], ["x", "Limited", 20, 64, 6, 50, "5m"]),
    Case(
      "exempt level", "flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration",
      ["spec": ["type": "Exempt"]],
      ["x", "Exempt", "<none>", "<none>", "<none>", "<none>", "5m"]),
    Case("device class", "resource.k8s.io", "DeviceClass", [:], ["x", "5m"]),
    Case("claim", "resource.k8s.io", "ResourceClaim", [:], ["x", "pending", "5m"]),
    Case(
      "claim in use", "resource.k8s.io", "ResourceClaim",
      ["status": ["allocation": [:], "reservedFor": [[:]]]],
      ["x", "allocated,reserved", "5m"]),
    Case(
      "claim that is deleted", "resource.k8s.io", "ResourceClaim",
      ["metadata": ["deletionTimestamp": "2026-01-01T00:01:00Z"], "status": ["allocation": [:]]],
      ["x", "deleted,allocated", "5m"]),
    Case(
      "slice", "resource.k8s.io", "ResourceSlice",
      ["spec": ["nodeName": "n", "driver": "d", "pool": ["name": "p"]]], ["x", "n", "d", "p", "5m"]),
    Case(
      "device taint", "resource.k8s.io", "DeviceTaintRule",
      [
        "spec": [
          "taint": ["key": "k", "value": "v", "effect": "NoExecute", "timeAdded": "2026-01-01T00:04:00Z"]
        ]
      ], ["x", "k", "v", "NoExecute", "60s", "5m"]),
  ]
}
