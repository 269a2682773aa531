extension DefaultsTests {
  static let coreCases: [Case] = [
    Case(
      name: "affinity without a time", kind: "Service",
      given: #"{"spec": {"sessionAffinity": "ClientIP", "type": "ExternalName", "externalName": "a.b"}}"#,
      expected: #"""
        {"spec": {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}},
        "type": "ExternalName", "externalName": "a.b"}}
        """#),
    Case(
      name: "no affinity, external addresses", kind: "Service",
      given: #"""
        {"spec": {"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 1}}, "externalIPs": ["1.2.3.4"],
        "ports": [{"port": 53, "protocol": "UDP", "targetPort": 0}, {"port": 54, "targetPort": ""}]}}
        """#,
      expected: #"""
        {"spec": {"sessionAffinity": "None", "type": "ClusterIP", "externalIPs": ["1.2.3.4"],
        "externalTrafficPolicy": "Cluster", "internalTrafficPolicy": "Cluster",
        "ports": [{"port": 53, "protocol": "UDP", "targetPort": 53},
        {"port": 54, "protocol": "TCP", "targetPort": 54}]}}
        """#),
    Case(
      name: "address of a load balancer", kind: "Service",
      given: #"""
        {"spec": {"type": "LoadBalancer", "allocateLoadBalancerNodePorts": false},
        "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}, {"hostname": "h"}]}}}
        """#,
      expected: #"""
        {"spec": {"sessionAffinity": "None", "type": "LoadBalancer", "allocateLoadBalancerNodePorts": false,
        "externalTrafficPolicy": "Cluster", "internalTrafficPolicy": "Cluster"},
        "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4", "ipMode": "VIP"}, {"hostname": "h"}]}}}
        """#),
    Case(
      name: "text replaces data", kind: "Secret",
      given: #"""
        {"data": {"a": "b2xk", "k": "a2VwdA=="}, "type": "",
        "stringData": {"a": "new", "b": "", "c": "é", "d": "four"}}
        """#,
      expected: #"""
        {"data": {"a": "bmV3", "b": "", "c": "w6k=", "d": "Zm91cg==", "k": "a2VwdA=="}, "type": "Opaque"}
        """#),
    Case(
      name: "limits from maxima, requests from limits and minima", kind: "LimitRange",
      given: #"""
        {"spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}, "min": {"cpu": "1", "memory": "1"},
        "default": {"storage": "1"}}, {"type": "Pod", "max": {"cpu": "100u"}}]}}
        """#,
      expected: #"""
        {"spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}, "min": {"cpu": "1", "memory": "1"},
        "default": {"cpu": "2", "storage": "1"},
        "defaultRequest": {"cpu": "2", "memory": "1", "storage": "1"}}, {"type": "Pod", "max": {"cpu": "1m"}}]}}
        """#),
    Case(
      name: "what has no name yet has no label", kind: "Namespace",
      given: #"{"metadata": {"generateName": "a-"}}"#,
      expected: #"{"metadata": {"generateName": "a-"}, "status": {"phase": "Active"}}"#),
    Case(
      name: "pod addresses, allocatable from capacity", kind: "Node",
      given: #"{"spec": {"podCIDR": "10.0.0.0/24"}, "status": {"capacity": {"cpu": "4", "memory": "1Gi"}}}"#,
      expected: #"""
        {"spec": {"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.0.0.0/24"]},
        "status": {"allocatable": {"cpu": "4", "memory": "1Gi"}, "capacity": {"cpu": "4", "memory": "1Gi"}}}
        """#),
    Case(
      name: "labels and selector from the template", kind: "ReplicationController",
      given: #"""
        {"spec": {"template": {"metadata": {"labels": {"a": "b"}}, "spec": {"dnsPolicy": "Default",
        "restartPolicy": "Always", "schedulerName": "s", "securityContext": {},
        "terminationGracePeriodSeconds": 1}}}}
        """#,
      expected: #"""
        {"metadata": {"labels": {"a": "b"}}, "spec": {"replicas": 1, "selector": {"a": "b"},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"dnsPolicy": "Default",
        "restartPolicy": "Always", "schedulerName": "s", "securityContext": {},
        "terminationGracePeriodSeconds": 1}}}}
        """#),
    Case(
      name: "protocol", kind: "Endpoints",
      given: #"{"subsets": [{"addresses": [{"ip": "1.2.3.4"}], "ports": [{"port": 1}]}]}"#,
      expected:
        #"{"subsets": [{"addresses": [{"ip": "1.2.3.4"}], "ports": [{"port": 1, "protocol": "TCP"}]}]}"#),
    Case(
      name: "sources of a volume", kind: "PersistentVolume",
      given:
        #"{"spec": {"capacity": {"storage": "1.0001"}, "rbd": {"image": "i"}}, "status": {"phase": "Bound"}}"#,
      expected: #"""
        {"spec": {"capacity": {"storage": "1001m"}, "persistentVolumeReclaimPolicy": "Retain",
        "rbd": {"image": "i", "keyring": "/etc/ceph/keyring", "pool": "rbd", "user": "admin"},
        "volumeMode": "Filesystem"}, "status": {"phase": "Bound"}}
        """#),
    Case(
      name: "expiry", group: "authentication.k8s.io", kind: "TokenRequest", given: "{}",
      expected: #"{"spec": {"expirationSeconds": 3600}}"#),
  ]

  private static let template = #"""
    {"spec": {"dnsPolicy": "Default", "restartPolicy": "Never", "schedulerName": "s",
    "securityContext": {}, "terminationGracePeriodSeconds": 1}}
    """#

  static let workloadCases: [Case] = [
    Case(
      name: "recreation has no parameters", group: "apps", kind: "Deployment",
      given: #"{"spec": {"replicas": 0, "strategy": {"type": "Recreate"}, "template": \#(template)}}"#,
      expected: #"""
        {"spec": {"replicas": 0, "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10,
        "strategy": {"type": "Recreate"}, "template": \#(template)}}
        """#),
    Case(
      name: "half of the parameters", group: "apps", kind: "Deployment",
      given: #"""
        {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 0}}, "template": \#(template)}}
        """#,
      expected: #"""
        {"spec": {"replicas": 1, "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "25%"}},
        "template": \#(template)}}
        """#),
    Case(
      name: "deletion by hand", group: "apps", kind: "DaemonSet",
      given: #"{"spec": {"updateStrategy": {"type": "OnDelete"}, "template": \#(template)}}"#,
      expected: #"""
        {"spec": {"revisionHistoryLimit": 10, "updateStrategy": {"type": "OnDelete"}, "template": \#(template)}}
        """#),
    Case(
      name: "a named strategy gets no parameters", group: "apps", kind: "StatefulSet",
      given: #"""
        {"spec": {"podManagementPolicy": "Parallel", "updateStrategy": {"type": "RollingUpdate"},
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}, "template": \#(template)}}
        """#,
      expected: #"""
        {"spec": {"podManagementPolicy": "Parallel", "replicas": 1, "revisionHistoryLimit": 10,
        "updateStrategy": {"type": "RollingUpdate"},
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete", "whenScaled": "Retain"},
        "template": \#(template)}}
        """#),
    Case(
      name: "a queue, retries by index, a failure policy", group: "batch", kind: "Job",
      given: #"""
        {"metadata": {"labels": {"a": "b"}}, "spec": {"parallelism": 3, "backoffLimitPerIndex": 1,
        "podFailurePolicy": {"rules": [{"action": "Ignore",
        "onPodConditions": [{"type": "DisruptionTarget"}]}]}, "template": \#(template)}}
        """#,
      expected: #"""
        {"metadata": {"labels": {"a": "b"}}, "spec": {"parallelism": 3, "backoffLimit": 2147483647,
        "backoffLimitPerIndex": 1, "completionMode": "NonIndexed", "manualSelector": false,
        "podFailurePolicy": {"rules": [{"action": "Ignore",
        "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]},
        "podReplacementPolicy": "Failed", "suspend": false, "template": \#(template)}}
        """#),
    Case(
      name: "completions alone", group: "batch", kind: "Job",
      given: #"{"spec": {"completions": 5, "template": \#(template)}}"#,
      expected: #"""
        {"spec": {"completions": 5, "parallelism": 1, "backoffLimit": 6, "completionMode": "NonIndexed",
        "manualSelector": false, "podReplacementPolicy": "TerminatingOrFailed", "suspend": false,
        "template": \#(template)}}
        """#),
  ]

  static let otherCases: [Case] = [
    Case(
      name: "behavior in part", group: "autoscaling", version: "v2", kind: "HorizontalPodAutoscaler",
      given: #"""
        {"spec": {"minReplicas": 0, "metrics": [{"type": "Pods"}],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 60, "selectPolicy": "Disabled"}}}}
        """#,
      expected: #"""
        {"spec": {"minReplicas": 0, "metrics": [{"type": "Pods"}], "behavior": {
        "scaleDown": {"stabilizationWindowSeconds": 60, "selectPolicy": "Disabled",
        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]},
        "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15}]}}}}
        """#),
    Case(
      name: "first version", group: "autoscaling", kind: "HorizontalPodAutoscaler",
      given: #"{"spec": {"maxReplicas": 3}}"#,
      expected: #"{"spec": {"maxReplicas": 3, "minReplicas": 1, "targetCPUUtilizationPercentage": 80}}"#),
    Case(
      name: "outgoing rules", group: "networking.k8s.io", kind: "NetworkPolicy",
      given:
        #"{"spec": {"podSelector": {}, "egress": [{"ports": [{"port": 1, "protocol": "UDP"}, {"port": 2}]}]}}"#,
      expected: #"""
        {"spec": {"podSelector": {}, "egress": [{"ports": [{"port": 1, "protocol": "UDP"},
        {"port": 2, "protocol": "TCP"}]}], "policyTypes": ["Ingress", "Egress"]}}
        """#),
    Case(
      name: "parameters", group: "networking.k8s.io", kind: "IngressClass",
      given: #"{"spec": {"controller": "a/b", "parameters": {"kind": "K", "name": "n"}}}"#,
      expected:
        #"{"spec": {"controller": "a/b", "parameters": {"kind": "K", "name": "n", "scope": "Cluster"}}}"#),
    Case(
      name: "subjects", group: "rbac.authorization.k8s.io", kind: "ClusterRoleBinding",
      given: #"""
        {"roleRef": {"apiGroup": "", "kind": "ClusterRole", "name": "r"}, "subjects": [
        {"kind": "Group", "name": "g"}, {"kind": "ServiceAccount", "name": "a", "namespace": "n"}]}
        """#,
      expected: #"""
        {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "r"}, "subjects": [
        {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "g"},
        {"kind": "ServiceAccount", "name": "a", "namespace": "n"}]}
        """#),
    Case(
      name: "all", group: "storage.k8s.io", kind: "CSIDriver", given: "{}",
      expected: #"""
        {"spec": {"attachRequired": true, "fsGroupPolicy": "ReadWriteOnceWithFSType", "podInfoOnMount": false,
        "requiresRepublish": false, "seLinuxMount": false, "storageCapacity": false,
        "volumeLifecycleModes": ["Persistent"]}}
        """#),
    Case(
      name: "requests", group: "resource.k8s.io", kind: "ResourceClaim",
      given: #"""
        {"spec": {"devices": {"requests": [{"name": "a", "exactly": {"deviceClassName": "c",
        "tolerations": [{"key": "k"}]}}, {"name": "b", "firstAvailable": [{"allocationMode": "All"}]}]}}}
        """#,
      expected: #"""
        {"spec": {"devices": {"requests": [{"name": "a", "exactly": {"deviceClassName": "c",
        "allocationMode": "ExactCount", "count": 1, "tolerations": [{"key": "k", "operator": "Equal"}]}},
        {"name": "b", "firstAvailable": [{"allocationMode": "All"}]}]}}}
        """#),
    Case(
      name: "queues", group: "flowcontrol.apiserver.k8s.io", kind: "PriorityLevelConfiguration",
      given: #"""
        {"spec": {"type": "Limited", "limited": {"limitResponse": {"type": "Queue", "queuing": {"queues": 1}}}}}
        """#,
      expected: #"""
        {"spec": {"type": "Limited", "limited": {"lendablePercent": 0, "nominalConcurrencyShares": 30,
        "limitResponse": {"type": "Queue", "queuing": {"handSize": 8, "queueLengthLimit": 50, "queues": 1}}}}}
        """#),
    Case(
      name: "precedence", group: "flowcontrol.apiserver.k8s.io", kind: "FlowSchema", given: "{}",
      expected: #"{"spec": {"matchingPrecedence": 1000}}"#),
    Case(
      name: "all", group: "admissionregistration.k8s.io", kind: "MutatingWebhookConfiguration",
      given: #"{"webhooks": [{"name": "w", "clientConfig": {"service": {"name": "s"}}, "rules": [{}]}]}"#,
      expected: #"""
        {"webhooks": [{"name": "w", "clientConfig": {"service": {"name": "s", "port": 443}},
        "failurePolicy": "Fail", "matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {},
        "reinvocationPolicy": "Never", "rules": [{"scope": "*"}], "timeoutSeconds": 10}]}
        """#),
    Case(
      name: "constraints", group: "admissionregistration.k8s.io", kind: "ValidatingAdmissionPolicy",
      given: #"{"spec": {"matchConstraints": {"resourceRules": [{"operations": ["CREATE"]}]}}}"#,
      expected: #"""
        {"spec": {"failurePolicy": "Fail", "matchConstraints": {"matchPolicy": "Equivalent",
        "namespaceSelector": {}, "objectSelector": {},
        "resourceRules": [{"operations": ["CREATE"], "scope": "*"}]}}}
        """#),
    Case(
      name: "conversion by webhook", group: "apiextensions.k8s.io", kind: "CustomResourceDefinition",
      given: #"""
        {"spec": {"names": {"kind": "FooBar", "singular": "f"}, "conversion": {"strategy": "Webhook",
        "webhook": {"clientConfig": {"service": {"name": "s"}}}}}}
        """#,
      expected: #"""
        {"spec": {"names": {"kind": "FooBar", "singular": "f", "listKind": "FooBarList"},
        "conversion": {"strategy": "Webhook",
        "webhook": {"clientConfig": {"service": {"name": "s", "port": 443}}}}}}
        """#),
    Case(
      name: "port", group: "apiregistration.k8s.io", kind: "APIService",
      given: #"{"spec": {"service": {"name": "s", "namespace": "n"}}}"#,
      expected: #"{"spec": {"service": {"name": "s", "namespace": "n", "port": 443}}}"#),
    Case(
      name: "overhead", group: "node.k8s.io", kind: "RuntimeClass",
      given: #"{"handler": "h", "overhead": {"podFixed": {"cpu": "1n", "memory": "2e-6"}}}"#,
      expected: #"{"handler": "h", "overhead": {"podFixed": {"cpu": "1m", "memory": "1e-3"}}}"#),
  ]
}
