import Testing

@testable import Objects

/// Objects that are right, as they are after defaulting, for tests to make them wrong.
enum ValidationSample {
  static let container: JSON = [
    "name": "c", "image": "x", "resources": [:], "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File", "imagePullPolicy": "Always",
  ]

  static let podSpecification: JSON = [
    "containers": [container], "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst", "securityContext": [:], "schedulerName": "default-scheduler",
  ]

  static let template: JSON = ["metadata": ["labels": ["a": "b"]], "spec": podSpecification]

  static let selector: JSON = ["matchLabels": ["a": "b"]]

  static func metadata(_ name: String, namespace: String? = "g") -> JSON {
    var metadata: JSON = ["name": .string(name)]
    if let namespace { metadata["namespace"] = .string(namespace) }
    return metadata
  }

  static let pod: JSON = ["metadata": metadata("bad"), "spec": podSpecification]

  static let deployment: JSON = [
    "metadata": metadata("x"),
    "spec": [
      "replicas": 1, "selector": selector, "template": template, "revisionHistoryLimit": 10,
      "progressDeadlineSeconds": 600,
      "strategy": ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": "25%", "maxSurge": "25%"]],
    ],
  ]

  static let statefulSet: JSON = [
    "metadata": metadata("x"),
    "spec": [
      "replicas": 1, "selector": selector, "template": template, "serviceName": "s",
      "podManagementPolicy": "OrderedReady",
      "updateStrategy": ["type": "RollingUpdate", "rollingUpdate": ["partition": 0]],
    ],
  ]

  static let daemonSet: JSON = [
    "metadata": metadata("x"),
    "spec": [
      "selector": selector, "template": template,
      "updateStrategy": ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": 1, "maxSurge": 0]],
    ],
  ]

  static let job: JSON = {
    var job: JSON = ["metadata": metadata("x")]
    job["metadata", "uid"] = "u"
    let labels: JSON = [
      "controller-uid": "u", "job-name": "x", "batch.kubernetes.io/controller-uid": "u",
      "batch.kubernetes.io/job-name": "x",
    ]
    job["spec"] = [
      "parallelism": 1, "completions": 1, "backoffLimit": 6, "completionMode": "NonIndexed",
      "selector": ["matchLabels": ["batch.kubernetes.io/controller-uid": "u"]], "template": template,
    ]
    job["spec", "template", "metadata", "labels"] = labels
    job["spec", "template", "spec", "restartPolicy"] = "Never"
    return job
  }()

  static let cronJob: JSON = {
    var cronJob: JSON = [
      "metadata": metadata("x"),
      "spec": [
        "schedule": "*/5 * * * *", "concurrencyPolicy": "Allow",
        "jobTemplate": ["spec": ["template": template]],
      ],
    ]
    cronJob["spec", "jobTemplate", "spec", "template", "spec", "restartPolicy"] = "Never"
    return cronJob
  }()

  static let service: JSON = [
    "metadata": metadata("x"),
    "spec": [
      "type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster",
      "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"], "ipFamilies": ["IPv4"],
      "ipFamilyPolicy": "SingleStack", "ports": [["protocol": "TCP", "port": 80, "targetPort": 80]],
    ],
  ]

  static let claim: JSON = [
    "metadata": metadata("c"),
    "spec": [
      "accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]],
      "volumeMode": "Filesystem",
    ],
  ]

  static let volume: JSON = [
    "metadata": metadata("v", namespace: nil),
    "spec": [
      "capacity": ["storage": "1Gi"], "accessModes": ["ReadWriteOnce"],
      "hostPath": ["path": "/x", "type": ""],
      "persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem",
    ],
  ]

  /// The object as it is stored, so that updates of it are right.
  static func stored(_ object: JSON) -> JSON {
    var object = object
    object["metadata", "resourceVersion"] = "1"
    object["metadata", "uid"] = "u"
    object["metadata", "creationTimestamp"] = "2026-01-01T00:00:00Z"
    return object
  }

  /// The object with another value at this path.
  static func changed(_ object: JSON, _ path: [String], _ value: JSON?) -> JSON {
    guard let key = path.first else { return value ?? .null }
    var result = object
    if let index = Int(key), case .array(var elements) = object {
      guard index < elements.count else { return .array(elements + [value ?? .null]) }
      elements[index] = changed(elements[index], Array(path.dropFirst()), value)
      return .array(elements)
    }
    if path.count == 1 {
      result[key] = value
    } else {
      result[key] = changed(object[key] ?? .object([:]), Array(path.dropFirst()), value)
    }
    return result
  }
}

/// A change that makes an object wrong, and what is said of it.
struct WrongObject: Sendable, CustomTestStringConvertible {
  let path: String
  let value: JSON?
  let errors: [String]

  init(_ path: String, _ value: JSON?, _ errors: String...) {
    self.path = path
    self.value = value
    self.errors = errors
  }

  var testDescription: String { path + " = " + (value.map { "\($0)" } ?? "nothing") }

  func applied(to object: JSON) -> JSON {
    path.isEmpty
      ? object : ValidationSample.changed(object, path.split(separator: "/").map(String.init), value)
  }
}
