"""An object of each kind that a server takes: where mutations start from."""

LABELS = {"app": "fuzz"}
CONTAINER = {"name": "main", "image": "example/app:1", "ports": [{"name": "web", "containerPort": 80}],
             "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)"}],
             "resources": {"requests": {"cpu": "10m", "memory": "1Mi"}}}
POD = {"containers": [CONTAINER], "volumes": [{"name": "scratch", "emptyDir": {}}],
       "tolerations": [{"key": "a", "operator": "Exists"}], "terminationGracePeriodSeconds": 1}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": POD}
JOB_TEMPLATE = {"spec": {**POD, "restartPolicy": "Never"}}
SELECTOR = {"matchLabels": LABELS}
WORKLOAD = {"replicas": 1, "selector": SELECTOR, "template": TEMPLATE}
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
ROLE = {"rules": [{"apiGroups": ["", "apps"], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]}]}
SUBJECTS = [{"kind": "User", "name": "jane", "apiGroup": "rbac.authorization.k8s.io"},
            {"kind": "ServiceAccount", "name": "default", "namespace": "default"}]
TIME = "2026-01-02T03:04:05Z"
MICRO_TIME = "2026-01-02T03:04:05.000006Z"
HOOK = {"webhooks": [{
    "name": "hook.example.org", "clientConfig": {"url": "https://127.0.0.1:1/hook"}, "sideEffects": "None",
    "failurePolicy": "Ignore", "admissionReviewVersions": ["v1"],
    "rules": [{"apiGroups": ["never.example.org"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nones"]}]}]}
NO_MATCH = {"resourceRules": [{
    "apiGroups": ["never.example.org"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nones"]}]}
SIGNING_REQUEST = (
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIUE1IY0NBUUF3RlRFVE1CRUdBMVVFQXd3S1puVjZlaTExYzJWeU1GTUtCMGdHCi0tLS0t"
    "RU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=")
PROBE_ATTRIBUTES = {"resourceAttributes": {"namespace": "fuzz-a", "verb": "get", "resource": "pods"}}
DEVICE_REQUESTS = {"devices": {"requests": [{"name": "one", "exactly": {"deviceClassName": "example.org"}}]}}

# (group, kind): what is in the object besides its type and its metadata.
EXAMPLES = {
    ("", "Binding"): {"target": {"kind": "Node", "name": "node-0"}},
    ("", "ConfigMap"): {"data": {"a": "1", "b": "two"}},
    ("", "Endpoints"): {"subsets": [{"addresses": [{"ip": "10.1.2.3"}], "ports": [{"name": "web", "port": 80}]}]},
    ("", "Event"): {"involvedObject": {"kind": "Pod", "namespace": "fuzz-a", "name": "a"}, "reason": "Fuzz", "message": "m",
                    "type": "Normal", "count": 1, "firstTimestamp": TIME, "lastTimestamp": TIME},
    ("", "LimitRange"): {"spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}, "default": {"cpu": "1"}}]}},
    ("", "Namespace"): {},
    ("", "Node"): {"spec": {"podCIDR": "10.9.0.0/24", "taints": [{"key": "a", "value": "b", "effect": "NoSchedule"}]}},
    ("", "PersistentVolume"): {"spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
                                        "hostPath": {"path": "/tmp/fuzz"}}},
    ("", "PersistentVolumeClaim"): {"spec": CLAIM},
    ("", "Pod"): {"spec": POD},
    ("", "PodTemplate"): {"template": TEMPLATE},
    ("", "ReplicationController"): {"spec": {"replicas": 1, "selector": LABELS, "template": TEMPLATE}},
    ("", "ResourceQuota"): {"spec": {"hard": {"pods": "100", "requests.cpu": "100"}}},
    ("", "Secret"): {"type": "Opaque", "data": {"a": "MQ=="}, "stringData": {"b": "2"}},
    ("", "Service"): {"spec": {"selector": LABELS, "ports": [{"name": "web", "port": 80, "targetPort": "web"}]}},
    ("", "ServiceAccount"): {"secrets": [{"name": "a"}], "automountServiceAccountToken": False},
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"): {"spec": {
        "matchConstraints": NO_MATCH, "reinvocationPolicy": "Never", "failurePolicy": "Ignore",
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}]}},
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"): {"spec": {"policyName": "fuzz-a"}},
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): HOOK,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): {"spec": {
        "matchConstraints": NO_MATCH, "validations": [{"expression": "true"}], "failurePolicy": "Ignore"}},
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): {"spec": {
        "policyName": "fuzz-a", "validationActions": ["Audit"]}},
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): HOOK,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): {"spec": {
        "group": "example.org", "scope": "Namespaced", "names": {"plural": "fuzz-as", "singular": "fuzz-a", "kind": "FuzzA"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}]}},
    ("apiregistration.k8s.io", "APIService"): {"spec": {
        "group": "example.org", "version": "v1", "groupPriorityMinimum": 10, "versionPriority": 10,
        "insecureSkipTLSVerify": True, "service": {"namespace": "default", "name": "a"}}},
    ("apps", "ControllerRevision"): {"data": {"a": 1}, "revision": 1},
    ("apps", "DaemonSet"): {"spec": {"selector": SELECTOR, "template": TEMPLATE}},
    ("apps", "Deployment"): {"spec": {**WORKLOAD, "strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1}}}},
    ("apps", "ReplicaSet"): {"spec": WORKLOAD},
    ("apps", "StatefulSet"): {"spec": {**WORKLOAD, "serviceName": "a",
                                       "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": CLAIM}]}},
    ("authentication.k8s.io", "TokenRequest"): {"spec": {"audiences": ["api"], "expirationSeconds": 3600}},
    ("authentication.k8s.io", "TokenReview"): {"spec": {"token": "abc"}},
    ("authorization.k8s.io", "LocalSubjectAccessReview"): {"spec": {**PROBE_ATTRIBUTES, "user": "jane"}},
    ("authorization.k8s.io", "SelfSubjectAccessReview"): {"spec": PROBE_ATTRIBUTES},
    ("authorization.k8s.io", "SelfSubjectRulesReview"): {"spec": {"namespace": "default"}},
    ("authorization.k8s.io", "SubjectAccessReview"): {"spec": {**PROBE_ATTRIBUTES, "user": "jane", "groups": ["a"]}},
    ("autoscaling", "HorizontalPodAutoscaler"): {"spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "fuzz-a"}, "minReplicas": 1, "maxReplicas": 3}},
    ("autoscaling", "Scale"): {"spec": {"replicas": 2}},
    ("batch", "CronJob"): {"spec": {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": JOB_TEMPLATE}}}},
    ("batch", "Job"): {"spec": {"completions": 1, "parallelism": 1, "template": JOB_TEMPLATE}},
    ("certificates.k8s.io", "CertificateSigningRequest"): {"spec": {
        "request": SIGNING_REQUEST, "signerName": "example.org/fuzz", "usages": ["client auth"]}},
    ("coordination.k8s.io", "Lease"): {"spec": {"holderIdentity": "a", "leaseDurationSeconds": 15, "renewTime": MICRO_TIME}},
    ("discovery.k8s.io", "EndpointSlice"): {
        "addressType": "IPv4", "endpoints": [{"addresses": ["10.1.2.3"], "conditions": {"ready": True}}],
        "ports": [{"name": "web", "port": 80, "protocol": "TCP"}]},
    ("events.k8s.io", "Event"): {
        "eventTime": MICRO_TIME, "reportingController": "example.org/fuzz", "reportingInstance": "a", "action": "Fuzzing",
        "reason": "Fuzz", "type": "Normal", "regarding": {"kind": "Pod", "namespace": "fuzz-a", "name": "a"}, "note": "n"},
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): {"spec": {
        "priorityLevelConfiguration": {"name": "global-default"}, "matchingPrecedence": 9000,
        "rules": [{"subjects": [{"kind": "User", "user": {"name": "nobody"}}],
                   "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/none"]}]}]}},
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): {"spec": {
        "type": "Limited", "limited": {"nominalConcurrencyShares": 1, "limitResponse": {"type": "Reject"}}}},
    ("networking.k8s.io", "Ingress"): {"spec": {"rules": [{"host": "a.example.org", "http": {"paths": [
        {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "a", "port": {"number": 80}}}}]}}]}},
    ("networking.k8s.io", "IngressClass"): {"spec": {"controller": "example.org/fuzz"}},
    ("networking.k8s.io", "IPAddress"): {"spec": {"parentRef": {"resource": "services", "namespace": "default", "name": "a"}}},
    ("networking.k8s.io", "NetworkPolicy"): {"spec": {
        "podSelector": SELECTOR, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}]}},
    ("networking.k8s.io", "ServiceCIDR"): {"spec": {"cidrs": ["10.200.0.0/24"]}},
    ("node.k8s.io", "RuntimeClass"): {"handler": "fuzz", "overhead": {"podFixed": {"cpu": "1m"}}},
    ("policy", "Eviction"): {"deleteOptions": {"gracePeriodSeconds": 1}},
    ("policy", "PodDisruptionBudget"): {"spec": {"minAvailable": "50%", "selector": {"matchLabels": {"app": "budget"}}}},
    ("rbac.authorization.k8s.io", "ClusterRole"): ROLE,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): {
        "subjects": SUBJECTS, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}},
    ("rbac.authorization.k8s.io", "Role"): ROLE,
    ("rbac.authorization.k8s.io", "RoleBinding"): {
        "subjects": SUBJECTS, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "fuzz-a"}},
    ("resource.k8s.io", "DeviceClass"): {"spec": {"selectors": [{"cel": {"expression": "true"}}]}},
    ("resource.k8s.io", "ResourceClaim"): {"spec": DEVICE_REQUESTS},
    ("resource.k8s.io", "ResourceClaimTemplate"): {"spec": {"spec": DEVICE_REQUESTS}},
    ("resource.k8s.io", "ResourceSlice"): {"spec": {
        "driver": "example.org", "nodeName": "node-0", "pool": {"name": "a", "generation": 1, "resourceSliceCount": 1},
        "devices": [{"name": "one", "attributes": {"a": {"int": 1}}, "capacity": {"memory": {"value": "1Gi"}}}]}},
    ("scheduling.k8s.io", "PriorityClass"): {"value": 100, "description": "d"},
    ("storage.k8s.io", "CSIDriver"): {"spec": {"attachRequired": False, "podInfoOnMount": True}},
    ("storage.k8s.io", "CSINode"): {"spec": {"drivers": [{"name": "example.org", "nodeID": "a", "topologyKeys": ["a/b"]}]}},
    ("storage.k8s.io", "CSIStorageCapacity"): {"storageClassName": "fuzz-a", "capacity": "1Gi", "nodeTopology": SELECTOR},
    ("storage.k8s.io", "StorageClass"): {"provisioner": "example.org/fuzz", "parameters": {"a": "b"}},
    ("storage.k8s.io", "VolumeAttachment"): {"spec": {
        "attacher": "example.org", "nodeName": "node-0", "source": {"persistentVolumeName": "fuzz-a"}}},
    ("storage.k8s.io", "VolumeAttributesClass"): {"driverName": "example.org", "parameters": {"a": "b"}},
}

# Kinds of questions, which are not stored and take no metadata.
REVIEWS = {
    "LocalSubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectReview", "SelfSubjectRulesReview", "SubjectAccessReview",
    "TokenReview"}

# Kinds whose names have a form of their own.
NAMES = {
    ("networking.k8s.io", "IPAddress"): ["10.1.2.3", "10.1.2.4", "fd00::1"],
    ("apiregistration.k8s.io", "APIService"): ["v1.example.org"],
    ("apiextensions.k8s.io", "CustomResourceDefinition"): ["fuzz-as.example.org"],
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): ["fuzz-a", "catch-all", "exempt"],
    ("rbac.authorization.k8s.io", "ClusterRole"): ["fuzz-a", "system:fuzz", "admin"],
    ("", "Node"): ["node-0", "node-1", "fuzz-a", "fuzz-b"],
    ("", "Namespace"): ["fuzz-a", "fuzz-b", "fuzz-c", "fuzz-d"],
}
