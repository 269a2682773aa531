import Testing

@testable import Objects

@Suite struct DiscoveryTests {
  private static func resource(
    _ group: String, _ version: String, _ name: String, _ kind: String, isNamespaced: Bool = true,
    shortNames: [String] = [], categories: [String] = [], verbs: [String]? = nil,
    subresources: [Resource.Subresource] = []
  ) -> Resource {
    Resource(
      group: group, version: version, resource: name, kind: kind, isNamespaced: isNamespaced,
      shortNames: shortNames, categories: categories, verbs: verbs ?? all, subresources: subresources)
  }

  private static let all = [
    "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
  ]
  private static let write = ["get", "patch", "update"]

  private static let documents = DiscoveryDocuments(resources: [
    resource(
      "apps", "v1", "deployments", "Deployment", shortNames: ["deploy"],
      categories: ["all"],
      subresources: [
        .init(name: "status", group: "apps", version: "v1", kind: "Deployment", verbs: write),
        .init(name: "scale", group: "autoscaling", version: "v1", kind: "Scale", verbs: write),
      ]),
    resource(
      "", "v1", "pods", "Pod",
      subresources: [
        .init(name: "eviction", group: "policy", version: "v1", kind: "Eviction", verbs: ["create"])
      ]),
    resource("", "v1", "bindings", "Binding", verbs: ["create"]),
    resource("", "v1", "nodes", "Node", isNamespaced: false),
    resource(
      "autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
    resource(
      "autoscaling", "v1", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
  ])

  private var allVerbs: JSON { .array(Self.all.map { .string($0) }) }
  private var writeVerbs: JSON { .array(Self.write.map { .string($0) }) }

  @Test func coreVersions() {
    #expect(
      Self.documents.coreVersions(serverAddress: "192.0.2.2:16443") == [
        "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": "192.0.2.2:16443"]],
      ])
  }

  @Test func groupsComeInOrderWithTheirFirstVersionPreferred() {
    let apps: JSON = ["groupVersion": "apps/v1", "version": "v1"]
    let (second, first): (JSON, JSON) = (
      ["groupVersion": "autoscaling/v2", "version": "v2"],
      ["groupVersion": "autoscaling/v1", "version": "v1"]
    )
    #expect(
      Self.documents.groupList == [
        "kind": "APIGroupList", "apiVersion": "v1",
        "groups": [
          ["name": "apps", "versions": [apps], "preferredVersion": apps],
          ["name": "autoscaling", "versions": [second, first], "preferredVersion": second],
        ],
      ])
    #expect(
      Self.documents.group("apps") == [
        "kind": "APIGroup", "apiVersion": "v1", "name": "apps", "versions": [apps], "preferredVersion": apps,
      ])
    #expect(Self.documents.group("nope.io") == nil)
    #expect(Self.documents.group("") == nil)
  }

  /// As a stock server answers for its own `apps/v1`.
  @Test func resourceList() {
    #expect(
      Self.documents.resourceList(group: "apps", version: "v1") == [
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "apps/v1",
        "resources": [
          [
            "name": "deployments", "singularName": "deployment", "namespaced": true, "kind": "Deployment",
            "verbs": allVerbs, "shortNames": ["deploy"], "categories": ["all"],
            "storageVersionHash": "8aSe+NMegvE=",
          ],
          [
            "name": "deployments/scale", "singularName": "", "namespaced": true, "group": "autoscaling",
            "version": "v1", "kind": "Scale", "verbs": writeVerbs,
          ],
          [
            "name": "deployments/status", "singularName": "", "namespaced": true, "kind": "Deployment",
            "verbs": writeVerbs,
          ],
        ],
      ])
    #expect(Self.documents.resourceList(group: "apps", version: "v2") == nil)
  }

  @Test func theCoreGroupsListHasNoVersionOfItsOwn() {
    let list = Self.documents.resourceList(group: "", version: "v1")
    #expect(list?["apiVersion"] == nil)
    #expect(list?["groupVersion"] == "v1")
    #expect(
      list?["resources"]?.array?.map { $0["name"]?.string } == ["bindings", "nodes", "pods", "pods/eviction"])
    #expect(list?["resources"]?.array?[0]["storageVersionHash"] == nil)
    #expect(list?["resources"]?.array?[1]["namespaced"] == false)
  }

  @Test func aggregatedCore() {
    #expect(
      Self.documents.aggregatedCore == [
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": [:],
        "items": [
          [
            "metadata": [:],
            "versions": [
              [
                "version": "v1", "freshness": "Current",
                "resources": [
                  [
                    "resource": "bindings", "scope": "Namespaced", "singularResource": "binding",
                    "responseKind": ["group": "", "version": "", "kind": "Binding"], "verbs": ["create"],
                  ],
                  [
                    "resource": "nodes", "scope": "Cluster", "singularResource": "node",
                    "responseKind": ["group": "", "version": "", "kind": "Node"], "verbs": allVerbs,
                  ],
                  [
                    "resource": "pods", "scope": "Namespaced", "singularResource": "pod",
                    "responseKind": ["group": "", "version": "", "kind": "Pod"], "verbs": allVerbs,
                    "subresources": [
                      [
                        "subresource": "eviction", "verbs": ["create"],
                        "responseKind": ["group": "policy", "version": "v1", "kind": "Eviction"],
                      ]
                    ],
                  ],
                ],
              ]
            ],
          ]
        ],
      ])
  }

  @Test func aggregatedGroups() {
    let items = Self.documents.aggregatedGroups["items"]?.array ?? []
    #expect(items.map { $0["metadata"] } == [["name": "apps"], ["name": "autoscaling"]])
    #expect(items.last?["versions"]?.array?.map { $0["version"] } == ["v2", "v1"])
  }

  @Test(arguments: [
    ("", "v1", "Pod", "xPOwRZ+Yhw8="), ("", "v1", "Service", "0/CO1lhkEBI="),
    ("apps", "v1", "ReplicaSet", "P1RzHs8/mWQ="), ("ex.io", "v1", "Foo", "Ic0/Fpq4BGQ="),
  ])
  func storageVersionHashes(_ group: String, _ version: String, _ kind: String, _ hash: String) {
    #expect(StorageVersionHash.text(group: group, version: version, kind: kind) == hash)
  }

  @Test func whatIsStoredInAnotherVersionHasThatVersionsHash() {
    let event = Self.resource("events.k8s.io", "v1", "events", "Event")
    #expect(StorageVersionHash.text(for: event) == "r2yiGXH7wu8=")
    let versions = ["v1", "v2"].map {
      let resource = Self.documents.resourceList(group: "autoscaling", version: $0)
      return resource?["resources"]?.array?.first?["storageVersionHash"]
    }
    #expect(versions == ["qwQve8ut294=", "qwQve8ut294="])
  }
}
