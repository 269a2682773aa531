import Objects

/// How requests share an API server, as a cluster has it from its first start on.
extension FirstObjects {
  /// The priority levels and the flow schemas of a stock API server; levels first.
  public static let flowControl: [FirstObject] = levels.map(\.first) + flows.map(\.first)

  private static func object(
    _ resource: Resource, _ name: String, _ spec: JSON
  ) -> FirstObject {
    FirstObject(
      resource,
      [
        "apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind),
        "metadata": [
          "name": .string(name), "annotations": ["apf.kubernetes.io/autoupdate-spec": "true"],
        ], "spec": spec,
      ])
  }

  private struct Level {
    var name: String
    /// Its part of what the server does at a time.
    var shares: Int64
    /// How much of its part, in percent, others may use while it is idle.
    var lendable: Int64
    /// Nil: what cannot be done at once is refused.
    var queues: (count: Int64, hand: Int64)?
    var isExempt = false

    var first: FirstObject {
      var limits: JSON = [
        "nominalConcurrencyShares": .integer(shares), "lendablePercent": .integer(lendable),
      ]
      if isExempt {
        return object(KnownResources.priorityLevels, name, ["type": "Exempt", "exempt": limits])
      }
      if let queues {
        limits["limitResponse"] = [
          "type": "Queue",
          "queuing": [
            "queues": .integer(queues.count), "handSize": .integer(queues.hand), "queueLengthLimit": 50,
          ],
        ]
      } else {
        limits["limitResponse"] = ["type": "Reject"]
      }
      return object(KnownResources.priorityLevels, name, ["type": "Limited", "limited": limits])
    }
  }

  private static let levels = [
    Level(name: "exempt", shares: 0, lendable: 0, isExempt: true),
    Level(name: "catch-all", shares: 5, lendable: 0),
    Level(name: "system", shares: 30, lendable: 33, queues: (64, 6)),
    Level(name: "node-high", shares: 40, lendable: 25, queues: (64, 6)),
    Level(name: "leader-election", shares: 10, lendable: 0, queues: (16, 4)),
    Level(name: "workload-high", shares: 40, lendable: 50, queues: (128, 6)),
    Level(name: "workload-low", shares: 100, lendable: 90, queues: (128, 6)),
    Level(name: "global-default", shares: 20, lendable: 50, queues: (128, 6)),
  ]

  private enum Subject {
    case user(String)
    case group(String)
    case account(String)

    var json: JSON {
      switch self {
      case .user(let name): ["kind": "User", "user": ["name": .string(name)]]
      case .group(let name): ["kind": "Group", "group": ["name": .string(name)]]
      case .account(let name):
        ["kind": "ServiceAccount", "serviceAccount": ["namespace": "kube-system", "name": .string(name)]]
      }
    }
  }

  private struct Rule {
    var verbs = ["*"]
    /// Nil for all resources.
    var resources: (group: String, names: [String])?
    /// Nil for all paths; empty for none.
    var paths: [String]?

    static let everything = Rule()
  }

  private struct Flow {
    var name: String
    var precedence: Int64
    var level: String
    /// By what requests are told apart: `ByUser`, `ByNamespace`; nil for not at all.
    var distinguisher: String?
    var subjects: [Subject]
    var rules = [Rule.everything]

    var first: FirstObject {
      var rule: JSON = ["subjects": .array(subjects.map(\.json))]
      let ofResources = rules.filter { $0.resources != nil || $0.paths == nil }
      if !ofResources.isEmpty { rule["resourceRules"] = .array(ofResources.map(Self.resourceRule)) }
      let ofPaths = rules.filter { $0.resources == nil }
      if !ofPaths.isEmpty {
        rule["nonResourceRules"] = .array(
          ofPaths.map { ["verbs": texts($0.verbs), "nonResourceURLs": texts($0.paths ?? ["*"])] })
      }
      var spec: JSON = [
        "matchingPrecedence": .integer(precedence), "priorityLevelConfiguration": ["name": .string(level)],
        "rules": [rule],
      ]
      if let distinguisher { spec["distinguisherMethod"] = ["type": .string(distinguisher)] }
      return object(KnownResources.flowSchemas, name, spec)
    }

    private static func resourceRule(_ rule: Rule) -> JSON {
      [
        "verbs": texts(rule.verbs), "apiGroups": texts([rule.resources?.group ?? "*"]),
        "resources": texts(rule.resources?.names ?? ["*"]), "clusterScope": true, "namespaces": ["*"],
      ]
    }
  }

  private static func texts(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }

  private static let everybody: [Subject] = [
    .group("system:unauthenticated"), .group("system:authenticated"),
  ]
  private static let leaseWrites = Rule(
    verbs: ["get", "create", "update"], resources: ("coordination.k8s.io", ["leases"]), paths: [])

  private static let flows = [
    Flow(name: "exempt", precedence: 1, level: "exempt", subjects: [.group("system:masters")]),
    Flow(
      name: "probes", precedence: 2, level: "exempt", subjects: everybody,
      rules: [Rule(verbs: ["get"], paths: ["/healthz", "/readyz", "/livez"])]),
    Flow(
      name: "system-leader-election", precedence: 100, level: "leader-election", distinguisher: "ByUser",
      subjects: [.user("system:kube-controller-manager"), .user("system:kube-scheduler"), .account("*")],
      rules: [leaseWrites]),
    Flow(
      name: "endpoint-controller", precedence: 150, level: "workload-high", distinguisher: "ByUser",
      subjects: [
        .user("system:kube-controller-manager"), .account("endpoint-controller"),
        .account("endpointslicemirroring-controller"),
      ],
      rules: [
        Rule(
          verbs: ["get", "create", "update"], resources: ("", ["endpoints"]), paths: [])
      ]),
    Flow(
      name: "workload-leader-election", precedence: 200, level: "leader-election", distinguisher: "ByUser",
      subjects: [.account("*")], rules: [leaseWrites]),
    Flow(
      name: "system-node-high", precedence: 400, level: "node-high", distinguisher: "ByUser",
      subjects: [.group("system:nodes")],
      rules: [
        Rule(resources: ("", ["nodes", "nodes/status"]), paths: []),
        Rule(resources: ("coordination.k8s.io", ["leases"]), paths: []),
      ]),
    Flow(
      name: "system-nodes", precedence: 500, level: "system", distinguisher: "ByUser",
      subjects: [.group("system:nodes")]),
    Flow(
      name: "kube-controller-manager", precedence: 800, level: "workload-high", distinguisher: "ByNamespace",
      subjects: [.user("system:kube-controller-manager")]),
    Flow(
      name: "kube-scheduler", precedence: 800, level: "workload-high", distinguisher: "ByNamespace",
      subjects: [.user("system:kube-scheduler")]),
    Flow(
      name: "kube-system-service-accounts", precedence: 900, level: "workload-high",
      distinguisher: "ByNamespace", subjects: [.account("*")]),
    Flow(
      name: "service-accounts", precedence: 9000, level: "workload-low", distinguisher: "ByUser",
      subjects: [.group("system:serviceaccounts")]),
    Flow(
      name: "global-default", precedence: 9900, level: "global-default", distinguisher: "ByUser",
      subjects: everybody),
    Flow(
      name: "catch-all", precedence: 10_000, level: "catch-all", distinguisher: "ByUser", subjects: everybody),
  ]
}
