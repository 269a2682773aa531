import Admission
import Objects
import Testing

@Suite struct FirstObjectsTests {
  @Test func `the cluster has its namespaces and classes`() {
    #expect(
      FirstObjects.namespaces.map(\.name) == ["kube-system", "default", "kube-public", "kube-node-lease"])
    #expect(
      FirstObjects.priorityClasses.map { "\($0.name) \($0.object["value"]?.integer ?? 0)" } == [
        "system-node-critical 2000001000", "system-cluster-critical 2000000000",
      ])
  }

  private static let everything =
    FirstObjects.namespaces + FirstObjects.priorityClasses + FirstObjects.flowControl
    + ServerEndpoints.objects(addresses: ["10.0.0.1"], port: 6443) + [
      FirstObjects.kubernetesService(targetPort: 6443),
      FirstObjects.extensionAuthentication(clientAuthority: "PEM"),
      FirstObjects.clusterInfo(server: "https://10.0.0.1:6443", authority: "PEM"),
      FirstObject(
        resource("leases", group: "coordination.k8s.io"),
        ServerLease(identity: "a", hostName: "h", address: "10.0.0.1").renewed(nil, now: now).object),
    ]

  @Test(arguments: everything)
  func `the first objects keep to the rules of their kinds`(first: FirstObject) throws {
    let resource = first.resource
    let shape = try #require(
      Schema.builtIn.shape(forGroup: resource.group, version: resource.version, kind: resource.kind))
    let decoded = try ObjectDecoder().decode(first.object, as: shape)
    #expect(decoded.problems == [])
    var object = decoded.value
    let group = resource.group
    Defaults.apply(to: &object, group: group, version: resource.version, kind: resource.kind)
    Strategy.builtIn(group: group, version: resource.version, kind: resource.kind).prepareForCreate(
      &object, uid: "u", write: Strategy.Write(time: Self.now))
    #expect(
      Validation.validate(create: object, group: group, version: resource.version, kind: resource.kind).map(
        \.description) == [])
    // What the server fills in is no reason to write again.
    #expect(first.change(from: object) == nil)
  }

  @Test func `every flow goes to a level that is there`() {
    let levels = Set(FirstObjects.flowControl.filter { $0.object["spec", "type"] != nil }.map(\.name))
    let flows = FirstObjects.flowControl.filter { $0.object["spec", "type"] == nil }
    #expect(levels.count == 8)
    #expect(flows.count == 13)
    for flow in flows {
      #expect(levels.contains(flow.object["spec", "priorityLevelConfiguration", "name"]?.string ?? ""))
    }
  }

  @Test func `what is missing is created, and what is there stays`() {
    for object in FirstObjects.namespaces + FirstObjects.priorityClasses {
      #expect(object.change(from: nil)?.kind == .create)
      #expect(object.change(from: nil)?.object == object.object)
      #expect(object.change(from: ["metadata": ["name": .string(object.name)]]) == nil)
    }
  }

  @Test func `the service of the API servers has the first address`() throws {
    let range = try #require(ServiceAddressRange("10.43.0.0/16"))
    let first = FirstObjects.kubernetesService(addresses: range, targetPort: 6443)
    #expect(
      first.object
        == json(
          #"""
          {"apiVersion":"v1","kind":"Service","metadata":{"name":"kubernetes","namespace":"default",
          "labels":{"component":"apiserver","provider":"kubernetes"}},"spec":{"type":"ClusterIP",
          "clusterIP":"10.43.0.1","clusterIPs":["10.43.0.1"],"sessionAffinity":"None","ipFamilies":["IPv4"],
          "ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster",
          "ports":[{"name":"https","protocol":"TCP","port":443,"targetPort":6443}]}}
          """#))
    var stored = first.object
    stored["metadata", "resourceVersion"] = "7"
    stored["metadata", "labels", "mine"] = "x"
    #expect(first.change(from: stored) == nil)
    let moved = FirstObjects.kubernetesService(addresses: range, targetPort: 7443)
    var expected = stored
    expected["spec", "ports"] = json(#"[{"name":"https","protocol":"TCP","port":443,"targetPort":7443}]"#)
    #expect(moved.change(from: stored)?.kind == .update)
    #expect(moved.change(from: stored)?.object == expected)
  }

  @Test func `others' data in the config maps stays`() {
    let first = FirstObjects.extensionAuthentication(
      clientAuthority: "PEM", frontProxy: (authority: "P2", names: ["front-proxy-client"]))
    #expect(
      first.object["data"]
        == json(
          #"""
          {"client-ca-file":"PEM","requestheader-client-ca-file":"P2",
          "requestheader-allowed-names":"[\"front-proxy-client\"]",
          "requestheader-username-headers":"[\"X-Remote-User\"]",
          "requestheader-group-headers":"[\"X-Remote-Group\"]",
          "requestheader-extra-headers-prefix":"[\"X-Remote-Extra-\"]"}
          """#))
    var stored = first.object
    stored["data", "mine"] = "x"
    #expect(first.change(from: stored) == nil)
    stored["data", "client-ca-file"] = "old"
    #expect(first.change(from: stored)?.object["data", "client-ca-file"] == "PEM")
    #expect(first.change(from: stored)?.object["data", "mine"] == "x")
  }

  @Test func `who is to join finds the cluster`() {
    let first = FirstObjects.clusterInfo(server: "https://10.0.0.1:6443", authority: "PEM")
    #expect(first.namespace == "kube-public")
    #expect(
      first.object["data", "kubeconfig"]?.string == """
        apiVersion: v1
        clusters:
        - cluster:
            certificate-authority-data: UEVN
            server: "https://10.0.0.1:6443"
          name: ""
        contexts: null
        current-context: ""
        kind: Config
        users: null

        """)
  }

  private static let now = Timestamp(seconds: 1_700_000_000)

  @Test func `an API server counts as long as it renews its lease`() throws {
    let first = ServerLease(identity: "a", hostName: "h1", address: "10.0.0.2")
    let second = ServerLease(identity: "b", hostName: "h2", address: "10.0.0.1")
    let made = first.renewed(nil, now: Self.now)
    #expect(made.kind == .create)
    #expect(made.object["metadata", "name"] == "apiserver-a")
    #expect(made.object["spec", "renewTime"] == "2023-11-14T22:13:20.000000Z")
    let later = Timestamp(seconds: Self.now.seconds + 16)
    let leases = [made.object, second.renewed(nil, now: later).object, ["metadata": ["name": "other"]]]
    #expect(ServerLease.addresses(of: leases, now: Self.now) == ["10.0.0.1", "10.0.0.2"])
    #expect(ServerLease.addresses(of: leases, now: later) == ["10.0.0.1"])
    let renewed = first.renewed(made.object, now: later)
    #expect(renewed.kind == .update)
    #expect(ServerLease.addresses(of: [renewed.object], now: later) == ["10.0.0.2"])
    let muchLater = Timestamp(seconds: Self.now.seconds + 3605)
    #expect(ServerLease.abandoned(of: leases, now: muchLater) == [made.object])
  }

  @Test func `endpoints and slice have the servers' addresses`() {
    let objects = ServerEndpoints.objects(addresses: ["10.0.0.1", "10.0.0.2"], port: 6443)
    #expect(
      objects[0].object
        == json(
          #"""
          {"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"kubernetes","namespace":"default",
          "labels":{"endpointslice.kubernetes.io/skip-mirror":"true"}},
          "subsets":[{"addresses":[{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}],
          "ports":[{"name":"https","port":6443,"protocol":"TCP"}]}]}
          """#))
    #expect(
      objects[1].object
        == json(
          #"""
          {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice",
          "metadata":{"name":"kubernetes","namespace":"default",
          "labels":{"kubernetes.io/service-name":"kubernetes"}},"addressType":"IPv4",
          "endpoints":[{"addresses":["10.0.0.1"],"conditions":{"ready":true}},
          {"addresses":["10.0.0.2"],"conditions":{"ready":true}}],
          "ports":[{"name":"https","port":6443,"protocol":"TCP"}]}
          """#))
    let fewer = ServerEndpoints.objects(addresses: ["10.0.0.2"], port: 6443)
    #expect(zip(fewer, objects).map { $0.change(from: $1.object)?.object } == fewer.map(\.object))
    #expect(zip(objects, objects).allSatisfy { $0.change(from: $1.object) == nil })
    let none = ServerEndpoints.objects(addresses: [], port: 6443)
    #expect(none[0].change(from: objects[0].object)?.object["subsets"] == nil)
  }
}
