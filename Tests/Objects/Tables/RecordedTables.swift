import Testing

@testable import Objects

/// A table row of a stock API server: an object as it was stored, and the cells that were answered for it.
struct RecordedTable: Sendable, CustomTestStringConvertible {
  let name: String
  let group: String
  let kind: String
  /// When the table was asked for.
  let now: String
  let object: JSON
  let cells: [JSON]

  var testDescription: String { name }

  static let all: [RecordedTable] = [
    RecordedTable(
      name: "deployment", group: "apps", kind: "Deployment", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "Deployment", "apiVersion": "apps/v1",
        "metadata": ["name": "d", "creationTimestamp": "2026-11-23T21:29:32Z"],
        "spec": [
          "replicas": 1, "selector": ["matchLabels": ["a": "b"]],
          "template": ["spec": ["containers": [["name": "c", "image": "x"]]]],
        ], "status": [:],
      ],
      cells: ["d", "0/1", 0, 0, "1s", "c", "x", "a=b"]),
    RecordedTable(
      name: "replicaset", group: "apps", kind: "ReplicaSet", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "ReplicaSet", "apiVersion": "apps/v1",
        "metadata": ["name": "d", "creationTimestamp": "2026-11-23T21:29:32Z"],
        "spec": [
          "replicas": 1, "selector": ["matchLabels": ["a": "b"]],
          "template": ["spec": ["containers": [["name": "c", "image": "x"]]]],
        ], "status": ["replicas": 0],
      ],
      cells: ["d", 1, 0, 0, "1s", "c", "x", "a=b"]),
    RecordedTable(
      name: "statefulset", group: "apps", kind: "StatefulSet", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "StatefulSet", "apiVersion": "apps/v1",
        "metadata": ["name": "d", "creationTimestamp": "2026-11-23T21:29:32Z"],
        "spec": ["replicas": 1, "template": ["spec": ["containers": [["name": "c", "image": "x"]]]]],
        "status": ["replicas": 0, "availableReplicas": 0],
      ],
      cells: ["d", "0/1", "1s", "c", "x"]),
    RecordedTable(
      name: "daemonset", group: "apps", kind: "DaemonSet", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "DaemonSet", "apiVersion": "apps/v1",
        "metadata": ["name": "d", "creationTimestamp": "2026-11-23T21:29:32Z"],
        "spec": [
          "selector": ["matchLabels": ["a": "b"]],
          "template": ["spec": ["containers": [["name": "c", "image": "x"]]]],
        ],
        "status": [
          "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0,
        ],
      ],
      cells: ["d", 0, 0, 0, 0, 0, "<none>", "1s", "c", "x", "a=b"]),
    RecordedTable(
      name: "job", group: "batch", kind: "Job", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "Job", "apiVersion": "batch/v1",
        "metadata": ["name": "d", "creationTimestamp": "2026-11-23T21:29:32Z"],
        "spec": [
          "completions": 1, "parallelism": 1,
          "selector": [
            "matchLabels": ["batch.kubernetes.io/controller-uid": "1563cbff-a62d-480a-a109-29b159ac02f3"]
          ], "template": ["spec": ["containers": [["name": "c", "image": "x"]]]],
        ], "status": [:],
      ],
      cells: [
        "d", "Running", "0/1", "", "1s", "c", "x",
        "batch.kubernetes.io/controller-uid=1563cbff-a62d-480a-a109-29b159ac02f3",
      ]),
    RecordedTable(
      name: "cronjob", group: "batch", kind: "CronJob", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "CronJob", "apiVersion": "batch/v1",
        "metadata": ["name": "d", "creationTimestamp": "2026-11-23T21:29:32Z"],
        "spec": [
          "schedule": "*/5 * * * *", "suspend": false,
          "jobTemplate": ["spec": ["template": ["spec": ["containers": [["name": "c", "image": "x"]]]]]],
        ], "status": [:],
      ],
      cells: ["d", "*/5 * * * *", "<none>", "False", 0, "<none>", "1s", "c", "x", "<none>"]),
    RecordedTable(
      name: "service", group: "", kind: "Service", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "Service", "apiVersion": "v1",
        "metadata": ["name": "s", "creationTimestamp": "2026-11-23T21:29:32Z"],
        "spec": [
          "ports": [["protocol": "TCP", "port": 80, "targetPort": 80]], "selector": ["a": "b"],
          "clusterIP": "10.96.44.232", "clusterIPs": ["10.96.44.232"], "type": "ClusterIP",
          "sessionAffinity": "None", "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
          "internalTrafficPolicy": "Cluster",
        ],
      ],
      cells: ["s", "ClusterIP", "10.96.44.232", "<none>", "80/TCP", "1s", "a=b"]),
    RecordedTable(
      name: "service headless", group: "", kind: "Service", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "Service", "apiVersion": "v1",
        "metadata": ["name": "sh", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "spec": [
          "ports": [["name": "h", "protocol": "TCP", "port": 80, "targetPort": 80]], "selector": ["a": "b"],
          "clusterIP": "None", "clusterIPs": ["None"], "type": "ClusterIP", "sessionAffinity": "None",
          "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster",
        ],
      ],
      cells: ["sh", "ClusterIP", "None", "<none>", "80/TCP", "0s", "a=b"]),
    RecordedTable(
      name: "service nodeport", group: "", kind: "Service", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "Service", "apiVersion": "v1",
        "metadata": ["name": "sn", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "spec": [
          "ports": [["protocol": "TCP", "port": 80, "targetPort": "h", "nodePort": 30875]],
          "selector": ["a": "b"], "clusterIP": "10.96.141.83", "clusterIPs": ["10.96.141.83"],
          "type": "NodePort", "sessionAffinity": "None", "externalTrafficPolicy": "Cluster",
          "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster",
        ], "status": ["loadBalancer": [:]],
      ],
      cells: ["sn", "NodePort", "10.96.141.83", "<none>", "80:30875/TCP", "0s", "a=b"]),
    RecordedTable(
      name: "service loadbalancer", group: "", kind: "Service", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "Service", "apiVersion": "v1",
        "metadata": ["name": "sl", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "spec": [
          "ports": [["protocol": "TCP", "port": 80, "targetPort": 80, "nodePort": 31881]],
          "clusterIP": "10.96.82.239", "clusterIPs": ["10.96.82.239"], "type": "LoadBalancer",
          "sessionAffinity": "None", "externalTrafficPolicy": "Local", "healthCheckNodePort": 31913,
          "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "allocateLoadBalancerNodePorts": true,
          "internalTrafficPolicy": "Cluster",
        ], "status": ["loadBalancer": [:]],
      ],
      cells: ["sl", "LoadBalancer", "10.96.82.239", "<pending>", "80:31881/TCP", "0s", "<none>"]),
    RecordedTable(
      name: "configmap", group: "", kind: "ConfigMap", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "ConfigMap", "apiVersion": "v1",
        "metadata": ["name": "c", "creationTimestamp": "2026-11-23T21:29:33Z"], "data": ["a": "b"],
      ],
      cells: ["c", 1, "0s"]),
    RecordedTable(
      name: "secret", group: "", kind: "Secret", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "Secret", "apiVersion": "v1",
        "metadata": ["name": "c", "creationTimestamp": "2026-11-23T21:29:33Z"], "type": "Opaque",
        "data": ["a": "Yg=="],
      ],
      cells: ["c", "Opaque", 1, "0s"]),
    RecordedTable(
      name: "pvc", group: "", kind: "PersistentVolumeClaim", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "PersistentVolumeClaim", "apiVersion": "v1",
        "metadata": ["name": "c", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "spec": [
          "accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]],
          "volumeMode": "Filesystem",
        ], "status": ["phase": "Pending"],
      ],
      cells: ["c", "Pending", "", "", "", "", "<unset>", "0s", "Filesystem"]),
    RecordedTable(
      name: "pv", group: "", kind: "PersistentVolume", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "PersistentVolume", "apiVersion": "v1",
        "metadata": ["name": "v", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "spec": [
          "capacity": ["storage": "1Gi"], "hostPath": ["path": "/x", "type": ""],
          "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Retain",
          "volumeMode": "Filesystem",
        ], "status": ["phase": "Pending", "lastPhaseTransitionTime": "2026-11-23T21:29:33Z"],
      ],
      cells: ["v", "1Gi", "RWO", "Retain", "Pending", "", "", "<unset>", "", "0s", "Filesystem"]),
    RecordedTable(
      name: "storageclass", group: "storage.k8s.io", kind: "StorageClass", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "StorageClass", "apiVersion": "storage.k8s.io/v1",
        "metadata": ["name": "sc", "creationTimestamp": "2026-11-23T21:29:33Z"], "provisioner": "x/y",
        "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate",
      ],
      cells: ["sc", "x/y", "Delete", "Immediate", false, "0s"]),
    RecordedTable(
      name: "ingress", group: "networking.k8s.io", kind: "Ingress", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "Ingress", "apiVersion": "networking.k8s.io/v1",
        "metadata": ["name": "i", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "spec": [
          "rules": [
            [
              "host": "a.b",
              "http": [
                "paths": [
                  [
                    "path": "/", "pathType": "Prefix",
                    "backend": ["service": ["name": "s", "port": ["number": 80]]],
                  ]
                ]
              ],
            ]
          ]
        ], "status": ["loadBalancer": [:]],
      ],
      cells: ["i", "<none>", "a.b", "", "80", "0s"]),
    RecordedTable(
      name: "networkpolicy", group: "networking.k8s.io", kind: "NetworkPolicy", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "NetworkPolicy", "apiVersion": "networking.k8s.io/v1",
        "metadata": ["name": "n", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "spec": [
          "podSelector": [:], "ingress": [["ports": [["protocol": "TCP", "port": 80]]]],
          "policyTypes": ["Ingress"],
        ],
      ],
      cells: ["n", "<none>", "0s"]),
    RecordedTable(
      name: "pdb", group: "policy", kind: "PodDisruptionBudget", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "PodDisruptionBudget", "apiVersion": "policy/v1",
        "metadata": ["name": "p", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "spec": ["minAvailable": 1, "selector": ["matchLabels": ["a": "b"]]],
        "status": ["disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0],
      ],
      cells: ["p", "1", "N/A", 0, "0s"]),
    RecordedTable(
      name: "hpa", group: "autoscaling", kind: "HorizontalPodAutoscaler", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2",
        "metadata": ["name": "h", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "spec": [
          "scaleTargetRef": ["kind": "Deployment", "name": "d", "apiVersion": "apps/v1"], "minReplicas": 1,
          "maxReplicas": 3,
          "metrics": [
            [
              "type": "Resource",
              "resource": ["name": "cpu", "target": ["type": "Utilization", "averageUtilization": 80]],
            ]
          ],
        ], "status": ["desiredReplicas": 0, "currentMetrics": .null],
      ],
      cells: ["h", "Deployment/d", "cpu: <unknown>/80%", "1", 3, 0, "0s"]),
    RecordedTable(
      name: "role", group: "rbac.authorization.k8s.io", kind: "Role", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "Role", "apiVersion": "rbac.authorization.k8s.io/v1",
        "metadata": ["name": "r", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "rules": [["verbs": ["get"], "apiGroups": [""], "resources": ["pods"]]],
      ],
      cells: ["r", "2026-11-23T21:29:33Z"]),
    RecordedTable(
      name: "rolebinding", group: "rbac.authorization.k8s.io", kind: "RoleBinding",
      now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "RoleBinding", "apiVersion": "rbac.authorization.k8s.io/v1",
        "metadata": ["name": "r", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "subjects": [["kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "u"]],
        "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"],
      ],
      cells: ["r", "Role/r", "0s", "u", "", ""]),
    RecordedTable(
      name: "priorityclass", group: "scheduling.k8s.io", kind: "PriorityClass", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1",
        "metadata": ["name": "hi", "creationTimestamp": "2026-11-23T21:29:33Z"], "value": 10,
        "preemptionPolicy": "PreemptLowerPriority",
      ],
      cells: ["hi", 10, false, "0s", "PreemptLowerPriority"]),
    RecordedTable(
      name: "lease", group: "coordination.k8s.io", kind: "Lease", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
        "metadata": ["name": "l", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "spec": [
          "holderIdentity": "x", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T00:00:00.000000Z",
        ],
      ],
      cells: ["l", "x", "0s"]),
    RecordedTable(
      name: "endpointslice", group: "discovery.k8s.io", kind: "EndpointSlice", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1",
        "metadata": ["name": "e", "creationTimestamp": "2026-11-23T21:29:33Z"], "addressType": "IPv4",
        "endpoints": [["addresses": ["10.0.0.1"], "conditions": ["ready": true]]],
        "ports": [["name": "", "protocol": "TCP", "port": 80]],
      ],
      cells: ["e", "IPv4", "80", "10.0.0.1", "0s"]),
    RecordedTable(
      name: "event", group: "", kind: "Event", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "Event", "apiVersion": "v1",
        "metadata": ["name": "ev", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "involvedObject": ["kind": "Pod", "namespace": "g", "name": "p1"], "reason": "Scheduled",
        "message": "m", "source": ["component": "x"], "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z", "count": 2, "type": "Normal", "eventTime": .null,
        "reportingComponent": "", "reportingInstance": "",
      ],
      cells: ["326d", "Normal", "Scheduled", "pod/p1", "", "x", "m", "326d", 2, "ev"]),
    RecordedTable(
      name: "limitrange", group: "", kind: "LimitRange", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "LimitRange", "apiVersion": "v1",
        "metadata": ["name": "l", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "spec": [
          "limits": [["type": "Container", "default": ["cpu": "1"], "defaultRequest": ["cpu": "100m"]]]
        ],
      ],
      cells: ["l", "2026-11-23T21:29:33Z"]),
    RecordedTable(
      name: "resourcequota", group: "", kind: "ResourceQuota", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "ResourceQuota", "apiVersion": "v1",
        "metadata": ["name": "q", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "spec": ["hard": ["pods": "10", "requests.cpu": "4"]], "status": [:],
      ],
      cells: ["q", "", "", "0s"]),
    RecordedTable(
      name: "serviceaccount", group: "", kind: "ServiceAccount", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "ServiceAccount", "apiVersion": "v1",
        "metadata": ["name": "sa", "creationTimestamp": "2026-11-23T21:29:33Z"],
      ],
      cells: ["sa", "0s"]),
    RecordedTable(
      name: "node", group: "", kind: "Node", now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "Node", "apiVersion": "v1",
        "metadata": ["name": "n1", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "spec": ["taints": [["key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"]]],
        "status": [
          "daemonEndpoints": ["kubeletEndpoint": ["Port": 0]],
          "nodeInfo": [
            "machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "", "osImage": "",
            "containerRuntimeVersion": "", "kubeletVersion": "", "kubeProxyVersion": "",
            "operatingSystem": "", "architecture": "",
          ],
        ],
      ],
      cells: ["n1", "Unknown", "<none>", "0s", "", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"]),
    RecordedTable(
      name: "crd", group: "apiextensions.k8s.io", kind: "CustomResourceDefinition",
      now: "2026-11-23T21:29:33Z",
      object: [
        "kind": "CustomResourceDefinition", "apiVersion": "apiextensions.k8s.io/v1",
        "metadata": ["name": "foos.ex.io", "creationTimestamp": "2026-11-23T21:29:33Z"],
        "spec": ["group": "ex.io"],
      ],
      cells: ["foos.ex.io", "2026-11-23T21:29:33Z"]),
  ]
}

/// The columns of a kind, as name, type, format and priority.
struct RecordedColumns: Sendable, CustomTestStringConvertible {
  let group: String
  let kind: String
  let columns: [String]

  var testDescription: String { kind }

  static let all: [RecordedColumns] = [
    RecordedColumns(
      group: "apps", kind: "Deployment",
      columns: [
        "Name:string:name:0", "Ready:string::0", "Up-to-date:string::0", "Available:string::0",
        "Age:string::0", "Containers:string::1", "Images:string::1", "Selector:string::1",
      ]),
    RecordedColumns(
      group: "apps", kind: "ReplicaSet",
      columns: [
        "Name:string:name:0", "Desired:integer::0", "Current:integer::0", "Ready:integer::0", "Age:string::0",
        "Containers:string::1", "Images:string::1", "Selector:string::1",
      ]),
    RecordedColumns(
      group: "apps", kind: "StatefulSet",
      columns: [
        "Name:string:name:0", "Ready:string::0", "Age:string::0", "Containers:string::1", "Images:string::1",
      ]),
    RecordedColumns(
      group: "apps", kind: "DaemonSet",
      columns: [
        "Name:string:name:0", "Desired:integer::0", "Current:integer::0", "Ready:integer::0",
        "Up-to-date:integer::0", "Available:integer::0", "Node Selector:string::0", "Age:string::0",
        "Containers:string::1", "Images:string::1", "Selector:string::1",
      ]),
    RecordedColumns(
      group: "batch", kind: "Job",
      columns: [
        "Name:string:name:0", "Status:string::0", "Completions:string::0", "Duration:string::0",
        "Age:string::0", "Containers:string::1", "Images:string::1", "Selector:string::1",
      ]),
    RecordedColumns(
      group: "batch", kind: "CronJob",
      columns: [
        "Name:string:name:0", "Schedule:string::0", "Timezone:string::0", "Suspend:boolean::0",
        "Active:integer::0", "Last Schedule:string::0", "Age:string::0", "Containers:string::1",
        "Images:string::1", "Selector:string::1",
      ]),
    RecordedColumns(
      group: "", kind: "Service",
      columns: [
        "Name:string:name:0", "Type:string::0", "Cluster-IP:string::0", "External-IP:string::0",
        "Port(s):string::0", "Age:string::0", "Selector:string::1",
      ]),
    RecordedColumns(
      group: "", kind: "ConfigMap", columns: ["Name:string:name:0", "Data:string::0", "Age:string::0"]),
    RecordedColumns(
      group: "", kind: "Secret",
      columns: ["Name:string:name:0", "Type:string::0", "Data:string::0", "Age:string::0"]),
    RecordedColumns(
      group: "", kind: "PersistentVolumeClaim",
      columns: [
        "Name:string:name:0", "Status:string::0", "Volume:string::0", "Capacity:string::0",
        "Access Modes:string::0", "StorageClass:string::0", "VolumeAttributesClass:string::0",
        "Age:string::0", "VolumeMode:string::1",
      ]),
    RecordedColumns(
      group: "", kind: "PersistentVolume",
      columns: [
        "Name:string:name:0", "Capacity:string::0", "Access Modes:string::0", "Reclaim Policy:string::0",
        "Status:string::0", "Claim:string::0", "StorageClass:string::0", "VolumeAttributesClass:string::0",
        "Reason:string::0", "Age:string::0", "VolumeMode:string::1",
      ]),
    RecordedColumns(
      group: "storage.k8s.io", kind: "StorageClass",
      columns: [
        "Name:string:name:0", "Provisioner:string::0", "ReclaimPolicy:string::0",
        "VolumeBindingMode:string::0", "AllowVolumeExpansion:string::0", "Age:string::0",
      ]),
    RecordedColumns(
      group: "networking.k8s.io", kind: "Ingress",
      columns: [
        "Name:string:name:0", "Class:string::0", "Hosts:string::0", "Address:string::0", "Ports:string::0",
        "Age:string::0",
      ]),
    RecordedColumns(
      group: "networking.k8s.io", kind: "NetworkPolicy",
      columns: ["Name:string:name:0", "Pod-Selector:string::0", "Age:string::0"]),
    RecordedColumns(
      group: "policy", kind: "PodDisruptionBudget",
      columns: [
        "Name:string:name:0", "Min Available:string::0", "Max Unavailable:string::0",
        "Allowed Disruptions:integer::0", "Age:string::0",
      ]),
    RecordedColumns(
      group: "autoscaling", kind: "HorizontalPodAutoscaler",
      columns: [
        "Name:string:name:0", "Reference:string::0", "Targets:string::0", "MinPods:string::0",
        "MaxPods:string::0", "Replicas:string::0", "Age:string::0",
      ]),
    RecordedColumns(
      group: "rbac.authorization.k8s.io", kind: "Role", columns: ["Name:string:name:0", "Created At:date::0"]),
    RecordedColumns(
      group: "rbac.authorization.k8s.io", kind: "RoleBinding",
      columns: [
        "Name:string:name:0", "Role:string::0", "Age:string::0", "Users:string::1", "Groups:string::1",
        "ServiceAccounts:string::1",
      ]),
    RecordedColumns(
      group: "scheduling.k8s.io", kind: "PriorityClass",
      columns: [
        "Name:string:name:0", "Value:integer::0", "Global-Default:boolean::0", "Age:string::0",
        "PreemptionPolicy:string::0",
      ]),
    RecordedColumns(
      group: "coordination.k8s.io", kind: "Lease",
      columns: ["Name:string:name:0", "Holder:string::0", "Age:string::0"]),
    RecordedColumns(
      group: "discovery.k8s.io", kind: "EndpointSlice",
      columns: [
        "Name:string:name:0", "AddressType:string::0", "Ports:string::0", "Endpoints:string::0",
        "Age:string::0",
      ]),
    RecordedColumns(
      group: "", kind: "Event",
      columns: [
        "Last Seen:string::0", "Type:string::0", "Reason:string::0", "Object:string::0",
        "Subobject:string::1", "Source:string::1", "Message:string::0", "First Seen:string::1",
        "Count:string::1", "Name:string:name:1",
      ]),
    RecordedColumns(group: "", kind: "LimitRange", columns: ["Name:string:name:0", "Created At:date::0"]),
    RecordedColumns(
      group: "", kind: "ResourceQuota",
      columns: ["Name:string:name:0", "Request:string::0", "Limit:string::0", "Age:string::0"]),
    RecordedColumns(group: "", kind: "ServiceAccount", columns: ["Name:string:name:0", "Age:string::0"]),
    RecordedColumns(
      group: "", kind: "Node",
      columns: [
        "Name:string:name:0", "Status:string::0", "Roles:string::0", "Age:string::0", "Version:string::0",
        "Internal-IP:string::1", "External-IP:string::1", "OS-Image:string::1", "Kernel-Version:string::1",
        "Container-Runtime:string::1",
      ]),
    RecordedColumns(
      group: "apiextensions.k8s.io", kind: "CustomResourceDefinition",
      columns: ["Name:string:name:0", "Created At:date::0"]),
    RecordedColumns(
      group: "", kind: "Pod",
      columns: [
        "Name:string:name:0", "Ready:string::0", "Status:string::0", "Restarts:string::0", "Age:string::0",
        "IP:string::1", "Node:string::1", "Nominated Node:string::1", "Readiness Gates:string::1",
      ]),
  ]
}
