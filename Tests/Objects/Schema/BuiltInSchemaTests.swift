import Testing

@testable import Objects

@Suite struct BuiltInSchemaTests {
  private let schema = Schema.builtIn

  private func field(_ structure: String, _ name: String) throws -> Schema.Field {
    guard case .structure(let number)? = schema.shape(of: structure) else { throw Missing(name: structure) }
    return try #require(schema.structures[number][name], "\(structure) has \(name)")
  }

  private struct Missing: Error { let name: String }

  private func shape(_ structure: String) throws -> Schema.Shape { try #require(schema.shape(of: structure)) }

  @Test func fieldsAreSortedAndFound() {
    for structure in schema.structures {
      #expect(zip(structure.fields, structure.fields.dropFirst()).allSatisfy { $0.name < $1.name })
      for field in structure.fields { #expect(structure[field.name] == field) }
      #expect(structure["no such field"] == nil)
    }
    let unsorted = Schema.Structure(
      name: "x", fields: [.init(name: "b", shape: .string), .init(name: "a", shape: .any)])
    #expect(unsorted.fields.map(\.name) == ["a", "b"])
  }

  @Test func shapes() throws {
    #expect(try field("core/v1.Pod", "spec").shape == shape("core/v1.PodSpec"))
    #expect(try field("core/v1.Pod", "kind").shape == .string)
    #expect(try field("core/v1.ResourceRequirements", "limits").shape == .map(.quantity, isAtomic: false))
    #expect(try field("core/v1.PodSpec", "nodeSelector").shape == .map(.string, isAtomic: true))
    #expect(
      try field("core/v1.Container", "ports").shape
        == .list(shape("core/v1.ContainerPort"), .map(keys: ["containerPort", "protocol"])))
    #expect(try field("meta/v1.ObjectMeta", "finalizers").shape == .list(.string, .set))
    #expect(try field("core/v1.Container", "args").shape == .list(.string, .atomic))
    #expect(try field("core/v1.Secret", "data").shape == .map(.bytes, isAtomic: false))
    #expect(try field("core/v1.ServicePort", "targetPort").shape == .intOrString)
    #expect(try field("coordination/v1.LeaseSpec", "renewTime").shape == .microTime)
    #expect(try field("meta/v1.ManagedFieldsEntry", "fieldsV1").shape == .rawObject)
    #expect(try field("apps/v1.ControllerRevision", "data").shape == .rawObject)
    #expect(try field("metrics/v1beta1.PodMetrics", "window").shape == .duration)
    #expect(try field("meta/v1.Table", "rows").shape == .list(shape("meta/v1.TableRow"), .atomic))
    #expect(try field("meta/v1.TableRow", "cells").shape == .list(.any, .atomic))
    #expect(
      try field("authentication/v1.UserInfo", "extra").shape == .map(.list(.string, .atomic), isAtomic: false)
    )
    #expect(try field("apiextensions/v1.JSONSchemaProps", "maximum").shape == .number)
    #expect(try field("apiextensions/v1.JSONSchemaProps", "additionalProperties").shape == .any)
    // Inlined fields stand in the outer structure.
    #expect(try field("core/v1.Volume", "emptyDir").shape == shape("core/v1.EmptyDirVolumeSource"))
    #expect(try field("core/v1.EphemeralContainer", "image").shape == .string)
    #expect(
      try field("admissionregistration/v1.NamedRuleWithOperations", "apiGroups").shape
        == .list(.string, .atomic))
  }

  @Test func properties() throws {
    let containers = try field("core/v1.PodSpec", "containers")
    #expect(containers.patchStrategy == .init(merges: true))
    #expect(containers.mergeKey == "name")
    #expect(containers.isRequired && !containers.omitsEmpty && !containers.isOptionalPointer)
    #expect(containers.protobufNumber == 2)
    #expect(try field("core/v1.PodSpec", "volumes").patchStrategy == .init(merges: true, retainsKeys: true))
    #expect(try field("apps/v1.DeploymentSpec", "strategy").patchStrategy == .init(retainsKeys: true))
    let replicas = try field("apps/v1.DeploymentSpec", "replicas")
    #expect(replicas.isOptionalPointer && replicas.omitsEmpty && !replicas.isRequired)
    let proto = try field("core/v1.ServicePort", "protocol")
    #expect(proto.defaultValue == "TCP")
    #expect(proto.enumeration == ["TCP", "UDP", "SCTP"])
    #expect(proto.typeName == "v1.Protocol")
    #expect(try field("core/v1.GRPCAction", "service").defaultValue == "")
    #expect(
      try field("core/v1.PersistentVolumeSpec", "accessModes").typeName == "[]v1.PersistentVolumeAccessMode")
    #expect(try field("core/v1.ResourceRequirements", "limits").typeName == "v1.ResourceList")
    #expect(try field("meta/v1.ObjectMeta", "uid").typeName == "types.UID")
    // Constants of a type that may have other values, too, are no enumeration.
    #expect(try field("core/v1.Secret", "type").enumeration.isEmpty)
    #expect(try field("core/v1.PodCondition", "type").enumeration.isEmpty)
    #expect(try field("discovery/v1.EndpointSlice", "addressType").enumeration == ["IPv4", "IPv6", "FQDN"])
  }

  @Test func structuresWithOneOwner() throws {
    for (name, isAtomic) in [
      ("meta/v1.LabelSelector", true), ("core/v1.SecretKeySelector", true), ("core/v1.EnvVarSource", false),
      ("rbac/v1.RoleRef", true), ("autoscaling/v2.CrossVersionObjectReference", false),
    ] {
      guard case .structure(let number) = try shape(name) else { continue }
      #expect(schema.structures[number].isAtomic == isAtomic, "\(name)")
    }
  }

  @Test func everyResourceHasItsStructures() {
    for resource in Resource.builtIn {
      let found = schema.structure(forGroup: resource.group, version: resource.version, kind: resource.kind)
      #expect(found?["metadata"] != nil, "\(resource.apiVersion) \(resource.kind)")
      if resource.verbs.contains("list") {
        let list = schema.structure(
          forGroup: resource.group, version: resource.version, kind: resource.kind + "List")
        #expect(list?["items"] != nil, "\(resource.kind)List")
      }
      for child in resource.subresources {
        #expect(
          schema.shape(forGroup: child.group, version: child.version, kind: child.kind) != nil,
          "\(resource.resource)/\(child.name)")
      }
    }
  }

  @Test func groupsAndPackages() {
    #expect(schema.structure(forGroup: "", version: "v1", kind: "Pod")?.name == "core/v1.Pod")
    #expect(
      schema.structure(forGroup: "rbac.authorization.k8s.io", version: "v1", kind: "Role")?.name
        == "rbac/v1.Role")
    #expect(
      schema.structure(forGroup: "flowcontrol.apiserver.k8s.io", version: "v1", kind: "FlowSchema")?.name
        == "flowcontrol/v1.FlowSchema")
    #expect(schema.structure(forGroup: "meta.k8s.io", version: "v1", kind: "Table")?.name == "meta/v1.Table")
    #expect(
      schema.structure(forGroup: "apps", version: "v1", kind: "DeleteOptions")?.name
        == "meta/v1.DeleteOptions")
    #expect(schema.structure(forGroup: "", version: "v1", kind: "Status")?.name == "meta/v1.Status")
    #expect(schema.shape(forGroup: "apps", version: "v1", kind: "Pod") == nil)
    #expect(schema.shape(forGroup: "", version: "v9", kind: "Pod") == nil)
  }
}
