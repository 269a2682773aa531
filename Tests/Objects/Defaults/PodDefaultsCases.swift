extension DefaultsTests {
  static let podCases: [Case] = [
    Case(
      name: "an empty one", kind: "Pod", given: "{}",
      expected: #"""
        {"spec": {"dnsPolicy": "ClusterFirst", "enableServiceLinks": true, "restartPolicy": "Always",
        "schedulerName": "default-scheduler", "securityContext": {}, "terminationGracePeriodSeconds": 30}}
        """#),
    Case(
      name: "what is set stays", kind: "Pod",
      given: #"""
        {"spec": {"dnsPolicy": "None", "enableServiceLinks": false, "restartPolicy": "Never",
        "schedulerName": "mine", "securityContext": {"runAsUser": 1}, "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "c", "image": "x", "imagePullPolicy": "Never",
        "terminationMessagePath": "/x", "terminationMessagePolicy": "FallbackToLogsOnError",
        "livenessProbe": {"timeoutSeconds": 5, "periodSeconds": 6, "successThreshold": 7,
        "failureThreshold": 8, "httpGet": {"path": "/h", "scheme": "HTTPS", "port": "p"}}}]}}
        """#,
      expected: #"""
        {"spec": {"dnsPolicy": "None", "enableServiceLinks": false, "restartPolicy": "Never",
        "schedulerName": "mine", "securityContext": {"runAsUser": 1}, "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "c", "image": "x", "imagePullPolicy": "Never",
        "terminationMessagePath": "/x", "terminationMessagePolicy": "FallbackToLogsOnError",
        "livenessProbe": {"timeoutSeconds": 5, "periodSeconds": 6, "successThreshold": 7,
        "failureThreshold": 8, "httpGet": {"path": "/h", "scheme": "HTTPS", "port": "p"}}}]}}
        """#),
    Case(
      name: "ports of a pod on the host's network", kind: "Pod",
      given: #"""
        {"spec": {"hostNetwork": true, "containers": [{"image": "x:1", "ports": [{"containerPort": 80},
        {"containerPort": 81, "hostPort": 8081, "protocol": "UDP"}]}],
        "ephemeralContainers": [{"image": "x:1", "ports": [{"containerPort": 82}]}]}}
        """#,
      expected: #"""
        {"spec": {"hostNetwork": true, "containers": [{"image": "x:1", "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"},
        {"containerPort": 81, "hostPort": 8081, "protocol": "UDP"}],
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
        "ephemeralContainers": [{"image": "x:1", "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": 82, "protocol": "TCP"}],
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
        "dnsPolicy": "ClusterFirst", "enableServiceLinks": true, "restartPolicy": "Always",
        "schedulerName": "default-scheduler", "securityContext": {}, "terminationGracePeriodSeconds": 30}}
        """#),
    Case(
      name: "probes, hooks, environment, resources", kind: "Pod",
      given: #"""
        {"spec": {"initContainers": [{"image": "x:1", "resources": {"limits": {"cpu": "1"}}}],
        "containers": [{"image": "x:1", "readinessProbe": {"grpc": {"port": 1}},
        "startupProbe": {"exec": {"command": ["x"]}, "periodSeconds": 3},
        "lifecycle": {"preStop": {"httpGet": {"port": 1}}, "postStart": {"sleep": {"seconds": 1}}},
        "env": [{"name": "F", "valueFrom": {"fileKeyRef": {"key": "k", "path": "p", "volumeName": "v"}}}],
        "resources": {"limits": {"cpu": "2", "memory": "1Gi", "example.com/gpu": "1"},
        "requests": {"cpu": "1", "memory": "0.0001"}}}]}}
        """#,
      expected: #"""
        {"spec": {"initContainers": [{"image": "x:1", "imagePullPolicy": "IfNotPresent",
        "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
        "containers": [{"image": "x:1", "imagePullPolicy": "IfNotPresent",
        "readinessProbe": {"grpc": {"port": 1, "service": ""}, "timeoutSeconds": 1, "periodSeconds": 10,
        "successThreshold": 1, "failureThreshold": 3},
        "startupProbe": {"exec": {"command": ["x"]}, "timeoutSeconds": 1, "periodSeconds": 3,
        "successThreshold": 1, "failureThreshold": 3},
        "lifecycle": {"preStop": {"httpGet": {"port": 1, "path": "/", "scheme": "HTTP"}},
        "postStart": {"sleep": {"seconds": 1}}},
        "env": [{"name": "F", "valueFrom": {"fileKeyRef": {"key": "k", "path": "p", "volumeName": "v",
        "optional": false}}}],
        "resources": {"limits": {"cpu": "2", "memory": "1Gi", "example.com/gpu": "1"},
        "requests": {"cpu": "1", "memory": "1m", "example.com/gpu": "1"}},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
        "dnsPolicy": "ClusterFirst", "enableServiceLinks": true, "restartPolicy": "Always",
        "schedulerName": "default-scheduler", "securityContext": {}, "terminationGracePeriodSeconds": 30}}
        """#),
    Case(
      name: "requests of the pod follow its containers, then its limits", kind: "Pod",
      given: #"""
        {"spec": {"resources": {"limits": {"cpu": "4", "memory": "4Gi"}},
        "initContainers": [
        {"image": "x:1", "restartPolicy": "Always", "resources": {"requests": {"cpu": "100m"}}},
        {"image": "x:1", "resources": {"requests": {"cpu": "1"}}}],
        "containers": [{"image": "x:1", "resources": {"requests": {"cpu": "200m"},
        "limits": {"hugepages-2Mi": "4Mi"}}}, {"image": "x:1", "resources": {"requests": {"cpu": "300m"}}}]}}
        """#,
      expected: #"""
        {"spec": {"resources": {"limits": {"cpu": "4", "memory": "4Gi", "hugepages-2Mi": "4Mi"},
        "requests": {"cpu": "1100m", "memory": "4Gi", "hugepages-2Mi": "4Mi"}},
        "initContainers": [
        {"image": "x:1", "imagePullPolicy": "IfNotPresent", "restartPolicy": "Always",
        "resources": {"requests": {"cpu": "100m"}},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"},
        {"image": "x:1", "imagePullPolicy": "IfNotPresent", "resources": {"requests": {"cpu": "1"}},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
        "containers": [{"image": "x:1", "imagePullPolicy": "IfNotPresent",
        "resources": {"requests": {"cpu": "200m", "hugepages-2Mi": "4Mi"}, "limits": {"hugepages-2Mi": "4Mi"}},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"},
        {"image": "x:1", "imagePullPolicy": "IfNotPresent", "resources": {"requests": {"cpu": "300m"}},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
        "dnsPolicy": "ClusterFirst", "enableServiceLinks": true, "restartPolicy": "Always",
        "schedulerName": "default-scheduler", "securityContext": {}, "terminationGracePeriodSeconds": 30}}
        """#),
    Case(
      name: "a template gets neither requests nor what only pods have", kind: "PodTemplate",
      given: #"""
        {"template": {"spec": {"serviceAccount": "old", "hostNetwork": true, "containers": [{"image": "x",
        "ports": [{"containerPort": 1}], "resources": {"limits": {"cpu": "1"}}}]}}}
        """#,
      expected: #"""
        {"template": {"spec": {"serviceAccount": "old", "serviceAccountName": "old", "hostNetwork": true,
        "containers": [{"image": "x", "imagePullPolicy": "Always",
        "ports": [{"containerPort": 1, "protocol": "TCP"}], "resources": {"limits": {"cpu": "1"}},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
        "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
        "securityContext": {}, "terminationGracePeriodSeconds": 30}}}
        """#),
    Case(
      name: "the new name of the service account wins; the address is in both fields", kind: "Pod",
      given: #"""
        {"spec": {"serviceAccount": "old", "serviceAccountName": "new"}, "status": {"podIP": "10.0.0.2",
        "podIPs": [{"ip": "10.0.0.1"}], "containerStatuses": [{"resources": {"limits": {"cpu": "1u"}}}]}}
        """#,
      expected: #"""
        {"spec": {"serviceAccount": "new", "serviceAccountName": "new", "dnsPolicy": "ClusterFirst",
        "enableServiceLinks": true, "restartPolicy": "Always", "schedulerName": "default-scheduler",
        "securityContext": {}, "terminationGracePeriodSeconds": 30}, "status": {"podIP": "10.0.0.2",
        "podIPs": [{"ip": "10.0.0.2"}], "containerStatuses": [{"resources": {"limits": {"cpu": "1m"}}}]}}
        """#),
  ]

  static let volumeCases: [Case] = [
    Case(
      name: "sources", kind: "PodTemplate",
      given: #"""
        {"template": {"spec": {"dnsPolicy": "Default", "restartPolicy": "Never", "schedulerName": "s",
        "securityContext": {}, "terminationGracePeriodSeconds": 1, "volumes": [{"name": "none"},
        {"name": "secret", "secret": {"defaultMode": 256}},
        {"name": "iscsi", "iscsi": {"iqn": "i", "lun": 0, "targetPortal": "t"}},
        {"name": "rbd", "rbd": {"image": "i", "monitors": ["m"], "pool": "p"}},
        {"name": "azure", "azureDisk": {"diskName": "d", "diskURI": "u"}},
        {"name": "scale", "scaleIO": {"gateway": "g", "system": "s", "secretRef": null, "volumeName": "v"}},
        {"name": "image", "image": {"reference": "x"}}, {"name": "image", "image": {"reference": "x:1"}},
        {"name": "claim", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}}},
        {"name": "all", "projected": {"sources": [{"podCertificate": {"keyType": "ED25519",
        "signerName": "a/b"}}, {"downwardAPI": {"items": [{"path": "p",
        "fieldRef": {"fieldPath": "metadata.name"}}]}}]}}]}}}
        """#,
      expected: #"""
        {"template": {"spec": {"dnsPolicy": "Default", "restartPolicy": "Never", "schedulerName": "s",
        "securityContext": {}, "terminationGracePeriodSeconds": 1, "volumes": [{"name": "none",
        "emptyDir": {}}, {"name": "secret", "secret": {"defaultMode": 256}},
        {"name": "iscsi", "iscsi": {"iqn": "i", "lun": 0, "targetPortal": "t", "iscsiInterface": "default"}},
        {"name": "rbd", "rbd": {"image": "i", "monitors": ["m"], "pool": "p", "user": "admin",
        "keyring": "/etc/ceph/keyring"}},
        {"name": "azure", "azureDisk": {"diskName": "d", "diskURI": "u", "cachingMode": "ReadWrite",
        "fsType": "ext4", "kind": "Shared", "readOnly": false}},
        {"name": "scale", "scaleIO": {"gateway": "g", "system": "s", "secretRef": null, "volumeName": "v",
        "fsType": "xfs", "storageMode": "ThinProvisioned"}},
        {"name": "image", "image": {"reference": "x", "pullPolicy": "Always"}},
        {"name": "image", "image": {"reference": "x:1", "pullPolicy": "IfNotPresent"}},
        {"name": "claim", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"],
        "volumeMode": "Filesystem"}}}},
        {"name": "all", "projected": {"defaultMode": 420, "sources": [{"podCertificate": {"keyType": "ED25519",
        "signerName": "a/b", "maxExpirationSeconds": 86400}}, {"downwardAPI": {"items": [{"path": "p",
        "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}]}}]}}]}}}
        """#)
  ]
}
