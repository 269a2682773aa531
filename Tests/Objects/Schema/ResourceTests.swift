import Testing

@testable import Objects

@Suite struct ResourceTests {
  @Test func coreResourcesInTheOrderOfDiscovery() {
    let names = Resource.builtIn.filter { $0.group.isEmpty }.map(\.resource)
    #expect(
      names == [
        "bindings", "componentstatuses", "configmaps", "endpoints", "events", "limitranges", "namespaces",
        "nodes",
        "persistentvolumeclaims", "persistentvolumes", "pods", "podtemplates", "replicationcontrollers",
        "resourcequotas", "secrets", "serviceaccounts", "services",
      ])
  }

  @Test func groupsInTheOrderOfDiscovery() {
    var groups: [String] = []
    for resource in Resource.builtIn where groups.last != resource.apiVersion {
      groups.append(resource.apiVersion)
    }
    #expect(
      groups == [
        "v1", "apiregistration.k8s.io/v1", "apps/v1", "events.k8s.io/v1", "authentication.k8s.io/v1",
        "authorization.k8s.io/v1", "autoscaling/v2", "autoscaling/v1", "batch/v1", "certificates.k8s.io/v1",
        "networking.k8s.io/v1", "policy/v1", "rbac.authorization.k8s.io/v1", "storage.k8s.io/v1",
        "admissionregistration.k8s.io/v1", "apiextensions.k8s.io/v1", "scheduling.k8s.io/v1",
        "coordination.k8s.io/v1",
        "node.k8s.io/v1", "discovery.k8s.io/v1", "resource.k8s.io/v1", "flowcontrol.apiserver.k8s.io/v1",
      ])
  }

  @Test func pods() throws {
    let pods = try #require(Resource.builtIn(group: "", version: "v1", resource: "pods"))
    #expect(pods.kind == "Pod")
    #expect(pods.singular == "pod")
    #expect(pods.isNamespaced)
    #expect(pods.shortNames == ["po"])
    #expect(pods.categories == ["all"])
    #expect(
      pods.verbs == ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"])
    #expect(
      pods.subresources.map(\.name) == [
        "attach", "binding", "ephemeralcontainers", "eviction", "exec", "log", "portforward", "proxy",
        "resize",
        "status",
      ])
    let eviction = try #require(pods[subresource: "eviction"])
    #expect((eviction.group, eviction.version, eviction.kind) == ("policy", "v1", "Eviction"))
    #expect(eviction.verbs == ["create"])
    #expect(pods[subresource: "status"]?.kind == "Pod")
    #expect(pods[subresource: "scale"] == nil)
  }

  @Test func otherGroups() throws {
    let deployments = try #require(Resource.builtIn(group: "apps", version: "v1", kind: "Deployment"))
    #expect(deployments.resource == "deployments")
    #expect(deployments.apiVersion == "apps/v1")
    let scale = try #require(deployments[subresource: "scale"])
    #expect((scale.group, scale.version, scale.kind) == ("autoscaling", "v1", "Scale"))
    let token = Resource.builtIn(group: "", version: "v1", resource: "serviceaccounts")?[subresource: "token"]
    #expect(token?.group == "authentication.k8s.io")
    #expect(
      Resource.builtIn(group: "", version: "v1", resource: "namespaces")?.verbs.contains("deletecollection")
        == false)
    #expect(
      Resource.builtIn(group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition")?
        .shortNames == ["crd", "crds"])
    #expect(Resource.builtIn(group: "apps", version: "v1", resource: "pods") == nil)
    #expect(Resource.builtIn(group: "", version: "v1", kind: "Eviction") == nil)
  }
}
