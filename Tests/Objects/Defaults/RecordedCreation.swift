import Testing

/// What a Kubernetes API server of version 1.36 made of these objects when they were created. Left out is what others
/// add: managed fields and resource version, admission (service account, tolerations, priority, protection finalizers,
/// taints), allocation (addresses, address families, node ports). The requests are as decoding leaves them, with the
/// empty structures that Kubernetes always writes.
struct RecordedCreation: Sendable, CustomTestStringConvertible {
  let name: String
  let group: String
  let version: String
  let kind: String
  let uid: String
  let namespace: String?
  let time: String
  let request: String
  let stored: String

  var testDescription: String { name }

  static let all: [RecordedCreation] = [
    RecordedCreation(
      name: "create namespace", group: "", version: "v1", kind: "Namespace",
      uid: "uid-of-create-namespace", namespace: nil, time: "2026-11-23T21:29:31Z",
      request: #"""
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "g"}}
        """#,
      stored: #"""
        {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "g",
        "uid": "uid-of-create-namespace", "creationTimestamp": "2026-11-23T21:29:31Z",
        "labels": {"kubernetes.io/metadata.name": "g"}}, "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"}}
        """#),
    RecordedCreation(
      name: "pod defaults", group: "", version: "v1", kind: "Pod",
      uid: "uid-of-pod-defaults", namespace: "g", time: "2026-11-23T21:29:32Z",
      request: #"""
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p1", "labels": {"app": "p1"}},
        "spec": {"containers": [{"name": "c", "image": "nginx", "ports": [{"containerPort": 80}],
        "livenessProbe": {"httpGet": {"port": 80}}, "env": [{"name": "A", "value": "1"}, {"name": "B",
        "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}], "resources": {}}]}}
        """#,
      stored: #"""
        {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p1", "namespace": "g",
        "uid": "uid-of-pod-defaults", "generation": 1, "creationTimestamp": "2026-11-23T21:29:32Z",
        "labels": {"app": "p1"}}, "spec": {"containers": [{"name": "c", "image": "nginx",
        "ports": [{"containerPort": 80, "protocol": "TCP"}], "env": [{"name": "A", "value": "1"},
        {"name": "B", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}],
        "resources": {}, "livenessProbe": {"httpGet": {"path": "/", "port": 80, "scheme": "HTTP"},
        "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        "imagePullPolicy": "Always"}], "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst", "securityContext": {}, "schedulerName": "default-scheduler",
        "enableServiceLinks": true}, "status": {"phase": "Pending", "qosClass": "BestEffort"}}
        """#),
    RecordedCreation(
      name: "pod volumes defaults", group: "", version: "v1", kind: "Pod",
      uid: "uid-of-pod-volumes-defaults", namespace: "g", time: "2026-11-23T21:29:32Z",
      request: #"""
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "gen-", "name": "gen-dg9rv"},
        "spec": {"containers": [{"name": "c", "image": "nginx:1.2",
        "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}}, "volumeMounts": [{"name": "v",
        "mountPath": "/v"}]}], "volumes": [{"name": "v", "configMap": {"name": "x"}}, {"name": "w",
        "secret": {"secretName": "s"}}, {"name": "h", "hostPath": {"path": "/x"}}, {"name": "p",
        "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}, {"name": "d",
        "downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}}]}}
        """#,
      stored: #"""
        {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "gen-dg9rv", "generateName": "gen-",
        "namespace": "g", "uid": "uid-of-pod-volumes-defaults", "generation": 1,
        "creationTimestamp": "2026-11-23T21:29:32Z"}, "spec": {"volumes": [{"name": "v",
        "configMap": {"name": "x", "defaultMode": 420}}, {"name": "w", "secret": {"secretName": "s",
        "defaultMode": 420}}, {"name": "h", "hostPath": {"path": "/x", "type": ""}}, {"name": "p",
        "projected": {"sources": [{"serviceAccountToken": {"expirationSeconds": 3600, "path": "t"}}],
        "defaultMode": 420}}, {"name": "d", "downwardAPI": {"items": [{"path": "l",
        "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.labels"}}], "defaultMode": 420}}],
        "containers": [{"name": "c", "image": "nginx:1.2", "resources": {"limits": {"cpu": "500m",
        "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "1Gi"}}, "volumeMounts": [{"name": "v",
        "mountPath": "/v"}], "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent"}],
        "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
        "securityContext": {}, "schedulerName": "default-scheduler", "enableServiceLinks": true},
        "status": {"phase": "Pending", "qosClass": "Guaranteed"}}
        """#),
    RecordedCreation(
      name: "deployment", group: "apps", version: "v1", kind: "Deployment",
      uid: "uid-of-deployment", namespace: "g", time: "2026-11-23T21:29:32Z",
      request: #"""
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "image": "x", "resources": {}}]}}}}
        """#,
      stored: #"""
        {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "d", "namespace": "g",
        "uid": "uid-of-deployment", "generation": 1, "creationTimestamp": "2026-11-23T21:29:32Z"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c",
        "image": "x", "resources": {}, "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File", "imagePullPolicy": "Always"}], "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst", "securityContext": {},
        "schedulerName": "default-scheduler"}}, "strategy": {"type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}, "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600}, "status": {}}
        """#),
    RecordedCreation(
      name: "replicaset", group: "apps", version: "v1", kind: "ReplicaSet",
      uid: "uid-of-replicaset", namespace: "g", time: "2026-11-23T21:29:32Z",
      request: #"""
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "d"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "image": "x", "resources": {}}]}}}}
        """#,
      stored: #"""
        {"kind": "ReplicaSet", "apiVersion": "apps/v1", "metadata": {"name": "d", "namespace": "g",
        "uid": "uid-of-replicaset", "generation": 1, "creationTimestamp": "2026-11-23T21:29:32Z"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c",
        "image": "x", "resources": {}, "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File", "imagePullPolicy": "Always"}], "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst", "securityContext": {},
        "schedulerName": "default-scheduler"}}}, "status": {"replicas": 0}}
        """#),
    RecordedCreation(
      name: "statefulset", group: "apps", version: "v1", kind: "StatefulSet",
      uid: "uid-of-statefulset", namespace: "g", time: "2026-11-23T21:29:32Z",
      request: #"""
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "d"},
        "spec": {"serviceName": "s", "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c",
        "image": "x", "resources": {}}]}}, "volumeClaimTemplates": [{"metadata": {"name": "v"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]}}
        """#,
      stored: #"""
        {"kind": "StatefulSet", "apiVersion": "apps/v1", "metadata": {"name": "d", "namespace": "g",
        "uid": "uid-of-statefulset", "generation": 1, "creationTimestamp": "2026-11-23T21:29:32Z"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c",
        "image": "x", "resources": {}, "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File", "imagePullPolicy": "Always"}], "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst", "securityContext": {},
        "schedulerName": "default-scheduler"}}, "volumeClaimTemplates": [{"kind": "PersistentVolumeClaim",
        "apiVersion": "v1", "metadata": {"name": "v"}, "spec": {"accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}}, "volumeMode": "Filesystem"},
        "status": {"phase": "Pending"}}], "serviceName": "s", "podManagementPolicy": "OrderedReady",
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "revisionHistoryLimit": 10, "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain",
        "whenScaled": "Retain"}}, "status": {"replicas": 0, "availableReplicas": 0}}
        """#),
    RecordedCreation(
      name: "daemonset", group: "apps", version: "v1", kind: "DaemonSet",
      uid: "uid-of-daemonset", namespace: "g", time: "2026-11-23T21:29:32Z",
      request: #"""
        {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "d"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "image": "x", "resources": {}}]}}}}
        """#,
      stored: #"""
        {"kind": "DaemonSet", "apiVersion": "apps/v1", "metadata": {"name": "d", "namespace": "g",
        "uid": "uid-of-daemonset", "generation": 1, "creationTimestamp": "2026-11-23T21:29:32Z",
        "annotations": {"deprecated.daemonset.template.generation": "1"}},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "image": "x", "resources": {},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        "imagePullPolicy": "Always"}], "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst", "securityContext": {}, "schedulerName": "default-scheduler"}},
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1,
        "maxSurge": 0}}, "revisionHistoryLimit": 10}, "status": {"currentNumberScheduled": 0,
        "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0}}
        """#),
    RecordedCreation(
      name: "job", group: "batch", version: "v1", kind: "Job",
      uid: "uid-of-job", namespace: "g", time: "2026-11-23T21:29:32Z",
      request: #"""
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "d"},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c",
        "image": "x", "resources": {}}]}, "metadata": {}}}}
        """#,
      stored: #"""
        {"kind": "Job", "apiVersion": "batch/v1", "metadata": {"name": "d", "namespace": "g",
        "uid": "uid-of-job", "generation": 1, "creationTimestamp": "2026-11-23T21:29:32Z",
        "labels": {"batch.kubernetes.io/controller-uid": "uid-of-job",
        "batch.kubernetes.io/job-name": "d", "controller-uid": "uid-of-job", "job-name": "d"}},
        "spec": {"parallelism": 1, "completions": 1, "backoffLimit": 6,
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "uid-of-job"}},
        "manualSelector": false,
        "template": {"metadata": {"labels": {"batch.kubernetes.io/controller-uid": "uid-of-job",
        "batch.kubernetes.io/job-name": "d", "controller-uid": "uid-of-job", "job-name": "d"}},
        "spec": {"containers": [{"name": "c", "image": "x", "resources": {},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        "imagePullPolicy": "Always"}], "restartPolicy": "Never", "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst", "securityContext": {}, "schedulerName": "default-scheduler"}},
        "completionMode": "NonIndexed", "suspend": false, "podReplacementPolicy": "TerminatingOrFailed"},
        "status": {}}
        """#),
    RecordedCreation(
      name: "cronjob", group: "batch", version: "v1", kind: "CronJob",
      uid: "uid-of-cronjob", namespace: "g", time: "2026-11-23T21:29:32Z",
      request: #"""
        {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "d"},
        "spec": {"schedule": "*/5 * * * *",
        "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never",
        "containers": [{"name": "c", "image": "x", "resources": {}}]}, "metadata": {}}}, "metadata": {}}}}
        """#,
      stored: #"""
        {"kind": "CronJob", "apiVersion": "batch/v1", "metadata": {"name": "d", "namespace": "g",
        "uid": "uid-of-cronjob", "generation": 1, "creationTimestamp": "2026-11-23T21:29:32Z"},
        "spec": {"schedule": "*/5 * * * *", "concurrencyPolicy": "Allow", "suspend": false,
        "jobTemplate": {"metadata": {}, "spec": {"template": {"metadata": {},
        "spec": {"containers": [{"name": "c", "image": "x", "resources": {},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        "imagePullPolicy": "Always"}], "restartPolicy": "Never", "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst", "securityContext": {}, "schedulerName": "default-scheduler"}}}},
        "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1}, "status": {}}
        """#),
    RecordedCreation(
      name: "service", group: "", version: "v1", kind: "Service",
      uid: "uid-of-service", namespace: "g", time: "2026-11-23T21:29:32Z",
      request: #"""
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"},
        "spec": {"selector": {"a": "b"}, "ports": [{"port": 80}]}}
        """#,
      stored: #"""
        {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "s", "namespace": "g",
        "uid": "uid-of-service", "creationTimestamp": "2026-11-23T21:29:32Z"},
        "spec": {"ports": [{"protocol": "TCP", "port": 80, "targetPort": 80}], "selector": {"a": "b"},
        "type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster"},
        "status": {"loadBalancer": {}}}
        """#),
    RecordedCreation(
      name: "service headless", group: "", version: "v1", kind: "Service",
      uid: "uid-of-service-headless", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "sh"}, "spec": {"clusterIP": "None",
        "selector": {"a": "b"}, "ports": [{"port": 80, "name": "h"}]}}
        """#,
      stored: #"""
        {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "sh", "namespace": "g",
        "uid": "uid-of-service-headless", "creationTimestamp": "2026-11-23T21:29:33Z"},
        "spec": {"ports": [{"name": "h", "protocol": "TCP", "port": 80, "targetPort": 80}],
        "selector": {"a": "b"}, "clusterIP": "None", "clusterIPs": ["None"], "type": "ClusterIP",
        "sessionAffinity": "None", "internalTrafficPolicy": "Cluster"}, "status": {"loadBalancer": {}}}
        """#),
    RecordedCreation(
      name: "service nodeport", group: "", version: "v1", kind: "Service",
      uid: "uid-of-service-nodeport", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "sn"}, "spec": {"type": "NodePort",
        "selector": {"a": "b"}, "ports": [{"port": 80, "targetPort": "h"}]}}
        """#,
      stored: #"""
        {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "sn", "namespace": "g",
        "uid": "uid-of-service-nodeport", "creationTimestamp": "2026-11-23T21:29:33Z"},
        "spec": {"ports": [{"protocol": "TCP", "port": 80, "targetPort": "h"}], "selector": {"a": "b"},
        "type": "NodePort", "sessionAffinity": "None", "externalTrafficPolicy": "Cluster",
        "internalTrafficPolicy": "Cluster"}, "status": {"loadBalancer": {}}}
        """#),
    RecordedCreation(
      name: "service loadbalancer", group: "", version: "v1", kind: "Service",
      uid: "uid-of-service-loadbalancer", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "sl"},
        "spec": {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": [{"port": 80}]}}
        """#,
      stored: #"""
        {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "sl", "namespace": "g",
        "uid": "uid-of-service-loadbalancer", "creationTimestamp": "2026-11-23T21:29:33Z"},
        "spec": {"ports": [{"protocol": "TCP", "port": 80, "targetPort": 80}], "type": "LoadBalancer",
        "sessionAffinity": "None", "externalTrafficPolicy": "Local",
        "allocateLoadBalancerNodePorts": true, "internalTrafficPolicy": "Cluster"},
        "status": {"loadBalancer": {}}}
        """#),
    RecordedCreation(
      name: "configmap", group: "", version: "v1", kind: "ConfigMap",
      uid: "uid-of-configmap", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "b"}}
        """#,
      stored: #"""
        {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c", "namespace": "g",
        "uid": "uid-of-configmap", "creationTimestamp": "2026-11-23T21:29:33Z"}, "data": {"a": "b"}}
        """#),
    RecordedCreation(
      name: "secret", group: "", version: "v1", kind: "Secret",
      uid: "uid-of-secret", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "c"}, "stringData": {"a": "b"}}
        """#,
      stored: #"""
        {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "c", "namespace": "g",
        "uid": "uid-of-secret", "creationTimestamp": "2026-11-23T21:29:33Z"}, "data": {"a": "Yg=="},
        "type": "Opaque"}
        """#),
    RecordedCreation(
      name: "pvc", group: "", version: "v1", kind: "PersistentVolumeClaim",
      uid: "uid-of-pvc", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
        """#,
      stored: #"""
        {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": {"name": "c", "namespace": "g",
        "uid": "uid-of-pvc", "creationTimestamp": "2026-11-23T21:29:33Z"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
        "volumeMode": "Filesystem"}, "status": {"phase": "Pending"}}
        """#),
    RecordedCreation(
      name: "pv", group: "", version: "v1", kind: "PersistentVolume",
      uid: "uid-of-pv", namespace: nil, time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"},
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": "/x"}}}
        """#,
      stored: #"""
        {"kind": "PersistentVolume", "apiVersion": "v1", "metadata": {"name": "v", "uid": "uid-of-pv",
        "creationTimestamp": "2026-11-23T21:29:33Z"}, "spec": {"capacity": {"storage": "1Gi"},
        "hostPath": {"path": "/x", "type": ""}, "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem"},
        "status": {"phase": "Pending", "lastPhaseTransitionTime": "2026-11-23T21:29:33Z"}}
        """#),
    RecordedCreation(
      name: "storageclass", group: "storage.k8s.io", version: "v1", kind: "StorageClass",
      uid: "uid-of-storageclass", namespace: nil, time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "sc"},
        "provisioner": "x/y"}
        """#,
      stored: #"""
        {"kind": "StorageClass", "apiVersion": "storage.k8s.io/v1", "metadata": {"name": "sc",
        "uid": "uid-of-storageclass", "creationTimestamp": "2026-11-23T21:29:33Z"}, "provisioner": "x/y",
        "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}
        """#),
    RecordedCreation(
      name: "ingress", group: "networking.k8s.io", version: "v1", kind: "Ingress",
      uid: "uid-of-ingress", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i"},
        "spec": {"rules": [{"host": "a.b", "http": {"paths": [{"path": "/", "pathType": "Prefix",
        "backend": {"service": {"name": "s", "port": {"number": 80}}}}]}}]}}
        """#,
      stored: #"""
        {"kind": "Ingress", "apiVersion": "networking.k8s.io/v1", "metadata": {"name": "i",
        "namespace": "g", "uid": "uid-of-ingress", "generation": 1,
        "creationTimestamp": "2026-11-23T21:29:33Z"}, "spec": {"rules": [{"host": "a.b",
        "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "s",
        "port": {"number": 80}}}}]}}]}, "status": {"loadBalancer": {}}}
        """#),
    RecordedCreation(
      name: "networkpolicy", group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy",
      uid: "uid-of-networkpolicy", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "n"},
        "spec": {"podSelector": {}, "ingress": [{"ports": [{"port": 80}]}]}}
        """#,
      stored: #"""
        {"kind": "NetworkPolicy", "apiVersion": "networking.k8s.io/v1", "metadata": {"name": "n",
        "namespace": "g", "uid": "uid-of-networkpolicy", "generation": 1,
        "creationTimestamp": "2026-11-23T21:29:33Z"}, "spec": {"podSelector": {},
        "ingress": [{"ports": [{"protocol": "TCP", "port": 80}]}], "policyTypes": ["Ingress"]}}
        """#),
    RecordedCreation(
      name: "pdb", group: "policy", version: "v1", kind: "PodDisruptionBudget",
      uid: "uid-of-pdb", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "p"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}}}
        """#,
      stored: #"""
        {"kind": "PodDisruptionBudget", "apiVersion": "policy/v1", "metadata": {"name": "p",
        "namespace": "g", "uid": "uid-of-pdb", "generation": 1,
        "creationTimestamp": "2026-11-23T21:29:33Z"}, "spec": {"minAvailable": 1,
        "selector": {"matchLabels": {"a": "b"}}}, "status": {"disruptionsAllowed": 0, "currentHealthy": 0,
        "desiredHealthy": 0, "expectedPods": 0}}
        """#),
    RecordedCreation(
      name: "hpa", group: "autoscaling", version: "v2", kind: "HorizontalPodAutoscaler",
      uid: "uid-of-hpa", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"},
        "spec": {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment",
        "name": "d"}}}
        """#,
      stored: #"""
        {"kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2", "metadata": {"name": "h",
        "namespace": "g", "uid": "uid-of-hpa", "creationTimestamp": "2026-11-23T21:29:33Z"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"},
        "minReplicas": 1, "maxReplicas": 3, "metrics": [{"type": "Resource", "resource": {"name": "cpu",
        "target": {"type": "Utilization", "averageUtilization": 80}}}]}, "status": {"desiredReplicas": 0,
        "currentMetrics": null}}
        """#),
    RecordedCreation(
      name: "role", group: "rbac.authorization.k8s.io", version: "v1", kind: "Role",
      uid: "uid-of-role", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "r"},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}
        """#,
      stored: #"""
        {"kind": "Role", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "r",
        "namespace": "g", "uid": "uid-of-role", "creationTimestamp": "2026-11-23T21:29:33Z"},
        "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]}
        """#),
    RecordedCreation(
      name: "rolebinding", group: "rbac.authorization.k8s.io", version: "v1", kind: "RoleBinding",
      uid: "uid-of-rolebinding", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "r"},
        "roleRef": {"kind": "Role", "name": "r", "apiGroup": "rbac.authorization.k8s.io"},
        "subjects": [{"kind": "User", "name": "u"}]}
        """#,
      stored: #"""
        {"kind": "RoleBinding", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "r",
        "namespace": "g", "uid": "uid-of-rolebinding", "creationTimestamp": "2026-11-23T21:29:33Z"},
        "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "u"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"}}
        """#),
    RecordedCreation(
      name: "priorityclass", group: "scheduling.k8s.io", version: "v1", kind: "PriorityClass",
      uid: "uid-of-priorityclass", namespace: nil, time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "hi"},
        "value": 10}
        """#,
      stored: #"""
        {"kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1", "metadata": {"name": "hi",
        "uid": "uid-of-priorityclass", "generation": 1, "creationTimestamp": "2026-11-23T21:29:33Z"},
        "value": 10, "preemptionPolicy": "PreemptLowerPriority"}
        """#),
    RecordedCreation(
      name: "lease", group: "coordination.k8s.io", version: "v1", kind: "Lease",
      uid: "uid-of-lease", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"},
        "spec": {"holderIdentity": "x", "leaseDurationSeconds": 15,
        "renewTime": "2026-01-01T00:00:00.000000Z"}}
        """#,
      stored: #"""
        {"kind": "Lease", "apiVersion": "coordination.k8s.io/v1", "metadata": {"name": "l",
        "namespace": "g", "uid": "uid-of-lease", "creationTimestamp": "2026-11-23T21:29:33Z"},
        "spec": {"holderIdentity": "x", "leaseDurationSeconds": 15,
        "renewTime": "2026-01-01T00:00:00.000000Z"}}
        """#),
    RecordedCreation(
      name: "endpointslice", group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice",
      uid: "uid-of-endpointslice", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "e",
        "labels": {"kubernetes.io/service-name": "s"}}, "addressType": "IPv4", "ports": [{"port": 80}],
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": true}}]}
        """#,
      stored: #"""
        {"kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "metadata": {"name": "e",
        "namespace": "g", "uid": "uid-of-endpointslice", "generation": 1,
        "creationTimestamp": "2026-11-23T21:29:33Z", "labels": {"kubernetes.io/service-name": "s"}},
        "addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": true}}],
        "ports": [{"name": "", "protocol": "TCP", "port": 80}]}
        """#),
    RecordedCreation(
      name: "event", group: "", version: "v1", kind: "Event",
      uid: "uid-of-event", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "ev"},
        "involvedObject": {"kind": "Pod", "name": "p1", "namespace": "g"}, "reason": "Scheduled",
        "message": "m", "type": "Normal", "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z", "count": 2, "source": {"component": "x"},
        "eventTime": null, "reportingComponent": "", "reportingInstance": ""}
        """#,
      stored: #"""
        {"kind": "Event", "apiVersion": "v1", "metadata": {"name": "ev", "namespace": "g",
        "uid": "uid-of-event", "creationTimestamp": "2026-11-23T21:29:33Z"},
        "involvedObject": {"kind": "Pod", "namespace": "g", "name": "p1"}, "reason": "Scheduled",
        "message": "m", "source": {"component": "x"}, "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z", "count": 2, "type": "Normal", "eventTime": null,
        "reportingComponent": "", "reportingInstance": ""}
        """#),
    RecordedCreation(
      name: "limitrange", group: "", version: "v1", kind: "LimitRange",
      uid: "uid-of-limitrange", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"},
        "spec": {"limits": [{"type": "Container", "default": {"cpu": "1"},
        "defaultRequest": {"cpu": "100m"}}]}}
        """#,
      stored: #"""
        {"kind": "LimitRange", "apiVersion": "v1", "metadata": {"name": "l", "namespace": "g",
        "uid": "uid-of-limitrange", "creationTimestamp": "2026-11-23T21:29:33Z"},
        "spec": {"limits": [{"type": "Container", "default": {"cpu": "1"},
        "defaultRequest": {"cpu": "100m"}}]}}
        """#),
    RecordedCreation(
      name: "resourcequota", group: "", version: "v1", kind: "ResourceQuota",
      uid: "uid-of-resourcequota", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"},
        "spec": {"hard": {"pods": "10", "requests.cpu": "4"}}}
        """#,
      stored: #"""
        {"kind": "ResourceQuota", "apiVersion": "v1", "metadata": {"name": "q", "namespace": "g",
        "uid": "uid-of-resourcequota", "creationTimestamp": "2026-11-23T21:29:33Z"},
        "spec": {"hard": {"pods": "10", "requests.cpu": "4"}}, "status": {}}
        """#),
    RecordedCreation(
      name: "serviceaccount", group: "", version: "v1", kind: "ServiceAccount",
      uid: "uid-of-serviceaccount", namespace: "g", time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "sa"}}
        """#,
      stored: #"""
        {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {"name": "sa", "namespace": "g",
        "uid": "uid-of-serviceaccount", "creationTimestamp": "2026-11-23T21:29:33Z"}}
        """#),
    RecordedCreation(
      name: "node", group: "", version: "v1", kind: "Node",
      uid: "uid-of-node", namespace: nil, time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "spec": {},
        "status": {"daemonEndpoints": {"kubeletEndpoint": {"Port": 0}}, "nodeInfo": {"machineID": "",
        "systemUUID": "", "bootID": "", "kernelVersion": "", "osImage": "", "containerRuntimeVersion": "",
        "kubeletVersion": "", "kubeProxyVersion": "", "operatingSystem": "", "architecture": ""}}}
        """#,
      stored: #"""
        {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "n1", "uid": "uid-of-node",
        "creationTimestamp": "2026-11-23T21:29:33Z"}, "spec": {},
        "status": {"daemonEndpoints": {"kubeletEndpoint": {"Port": 0}}, "nodeInfo": {"machineID": "",
        "systemUUID": "", "bootID": "", "kernelVersion": "", "osImage": "", "containerRuntimeVersion": "",
        "kubeletVersion": "", "kubeProxyVersion": "", "operatingSystem": "", "architecture": ""}}}
        """#),
    RecordedCreation(
      name: "crd", group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition",
      uid: "uid-of-crd", namespace: nil, time: "2026-11-23T21:29:33Z",
      request: #"""
        {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "foos.ex.io"}, "spec": {"group": "ex.io", "scope": "Namespaced",
        "names": {"plural": "foos", "kind": "Foo"}, "versions": [{"name": "v1", "served": true,
        "storage": true, "schema": {"openAPIV3Schema": {"type": "object",
        "properties": {"spec": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1,
        "default": 2}}}}}}, "subresources": {"status": {}}, "additionalPrinterColumns": [{"name": "N",
        "type": "integer", "jsonPath": ".spec.n"}]}]}}
        """#,
      stored: #"""
        {"kind": "CustomResourceDefinition", "apiVersion": "apiextensions.k8s.io/v1",
        "metadata": {"name": "foos.ex.io", "uid": "uid-of-crd", "generation": 1,
        "creationTimestamp": "2026-11-23T21:29:33Z"}, "spec": {"group": "ex.io",
        "names": {"plural": "foos", "singular": "foo", "kind": "Foo", "listKind": "FooList"},
        "scope": "Namespaced", "versions": [{"name": "v1", "served": true, "storage": true,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object",
        "properties": {"n": {"type": "integer", "default": 2, "minimum": 1}}}}}},
        "subresources": {"status": {}}, "additionalPrinterColumns": [{"name": "N", "type": "integer",
        "jsonPath": ".spec.n"}]}], "conversion": {"strategy": "None"}}, "status": {"conditions": null,
        "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": ["v1"]}}
        """#),
  ]
}
