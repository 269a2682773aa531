import ContainerRuntime
import Objects
import Testing

@testable import Kubelet

private let sources = PodSources(
  configMaps: ["settings": ["data": ["LEVEL": "high", "a=b": "x", "key": "v"]]],
  secrets: ["keys": ["data": ["token": "czNjcmV0"]]],
  services: [
    [
      "metadata": ["name": "kubernetes", "namespace": "default"],
      "spec": ["clusterIP": "10.96.0.1", "ports": [["name": "https", "port": 443, "protocol": "TCP"]]],
    ],
    [
      "metadata": ["name": "my-db", "namespace": "n"],
      "spec": ["clusterIP": "fd00::5", "ports": [["port": 53, "protocol": "UDP"]]],
    ],
    ["metadata": ["name": "headless", "namespace": "n"], "spec": ["clusterIP": "None"]],
    ["metadata": ["name": "other", "namespace": "elsewhere"], "spec": ["clusterIP": "10.96.0.9"]],
  ],
  podAddresses: ["10.1.0.2", "fd00::2"], hostAddresses: ["192.0.2.1"],
  allocatable: ["cpu": "3500m", "memory": "8Gi"])

private func environment(
  _ container: JSON, links: Bool = false, metadata: JSONObject = [:]
) throws(ContainerConfigError) -> ContainerEnvironment {
  var full = container
  full["name"] = "c"
  let it = pod([full], spec: ["enableServiceLinks": .boolean(links)], metadata: metadata)
  return try ContainerEnvironment(of: "c", in: it, sources)
}

/// The variables that are not services'.
private func own(_ environment: ContainerEnvironment) -> [String] {
  environment.variables.map { "\($0.name)=\($0.value)" }.filter { !$0.hasPrefix("KUBERNETES_") }
}

@Suite struct ContainerEnvironmentTests {
  @Test(arguments: [
    ("$(A)", "1"), ("$$(A)", "$(A)"), ("$(B)", "$(B)"), ("$(A", "$(A"), ("$A", "$A"), ("a$", "a$"),
    ("$$$(A)$$", "$1$"), ("x$(A)y$(A)", "x1y1"), ("$()", "$()"), ("é$(A)é", "é1é"), ("", ""),
  ])
  func `variables are filled in`(text: String, expected: String) {
    #expect(Expansion.expand(text) { $0 == "A" ? "1" : nil } == expected)
  }

  @Test func `a value sees the variables before it and the services`() throws {
    let it = try environment([
      "env": [
        ["name": "A", "value": "1"], ["name": "B", "value": "$(A)-$(LATE)-$(KUBERNETES_SERVICE_HOST)"],
        ["name": "LATE", "value": "2"], ["name": "A", "value": "3"],
      ],
      "command": ["run", "$(A)"], "args": ["$$(A)", "$(NONE)"],
    ])
    #expect(own(it) == ["A=3", "B=1-$(LATE)-10.96.0.1", "LATE=2"])
    #expect(it.command == ["run", "3"])
    #expect(it.arguments == ["$(A)", "$(NONE)"])
  }

  @Test func `values come from config maps, secrets and fields`() throws {
    let it = try environment(
      [
        "resources": ["requests": ["cpu": "1500m", "memory": "100Mi"]],
        "env": [
          ["name": "M", "valueFrom": ["configMapKeyRef": ["name": "settings", "key": "LEVEL"]]],
          ["name": "S", "valueFrom": ["secretKeyRef": ["name": "keys", "key": "token"]]],
          [
            "name": "O",
            "valueFrom": ["secretKeyRef": ["name": "none", "key": "k", "optional": true]],
          ],
          ["name": "N", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]],
          ["name": "L", "valueFrom": ["fieldRef": ["fieldPath": "metadata.labels['app']"]]],
          ["name": "I", "valueFrom": ["fieldRef": ["fieldPath": "status.podIPs"]]],
          ["name": "H", "valueFrom": ["fieldRef": ["fieldPath": "status.hostIP"]]],
          ["name": "C", "valueFrom": ["resourceFieldRef": ["resource": "requests.cpu"]]],
          [
            "name": "P",
            "valueFrom": ["resourceFieldRef": ["resource": "requests.cpu", "divisor": "1m"]],
          ],
          ["name": "X", "valueFrom": ["resourceFieldRef": ["resource": "limits.cpu"]]],
          [
            "name": "Y",
            "valueFrom": ["resourceFieldRef": ["resource": "requests.memory", "divisor": "1Mi"]],
          ],
        ],
      ], metadata: ["labels": ["app": "web"]])
    #expect(
      own(it) == [
        "M=high", "S=s3cret", "N=p", "L=web", "I=10.1.0.2,fd00::2", "H=192.0.2.1", "C=2", "P=1500", "X=4",
        "Y=100",
      ])
  }

  @Test func `all keys of an object come with a prefix, except those that name no variable`() throws {
    let it = try environment([
      "envFrom": [
        ["prefix": "P_", "configMapRef": ["name": "settings"]], ["secretRef": ["name": "keys"]],
        ["configMapRef": ["name": "none", "optional": true]],
      ],
      "env": [["name": "P_key", "value": "over"]],
    ])
    #expect(own(it) == ["P_LEVEL=high", "P_key=over", "token=s3cret"])
    #expect(
      it.skipped == [
        "Keys [P_a=b] from the EnvFrom configMap n/settings were skipped since they are considered "
          + "invalid environment variable names."
      ])
  }

  @Test(
    arguments: [
      (["configMapKeyRef": ["name": "none", "key": "k"]], "configmap \"none\" not found"),
      (["secretKeyRef": ["name": "none", "key": "k"]], "secret \"none\" not found"),
      (["secretKeyRef": ["name": "keys", "key": "k"]], "couldn't find key k in Secret n/keys"),
      (["configMapKeyRef": ["name": "settings", "key": "k"]], "couldn't find key k in ConfigMap n/settings"),
      (["fieldRef": ["fieldPath": "spec.x"]], "unsupported fieldPath: spec.x"),
      (["resourceFieldRef": ["resource": "limits.gpu"]], "unsupported container resource : limits.gpu"),
    ] as [(JSON, String)])
  func `what is missing is named`(from: JSON, message: String) {
    #expect(throws: ContainerConfigError(message)) {
      try environment(["env": [["name": "A", "valueFrom": from]]])
    }
  }

  @Test func `services are variables, all of the namespace's with links`() throws {
    let links = try environment([:], links: true)
    let names = Dictionary(uniqueKeysWithValues: links.variables.map { ($0.name, $0.value) })
    #expect(
      names == [
        "KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443",
        "KUBERNETES_SERVICE_PORT_HTTPS": "443", "KUBERNETES_PORT": "tcp://10.96.0.1:443",
        "KUBERNETES_PORT_443_TCP": "tcp://10.96.0.1:443", "KUBERNETES_PORT_443_TCP_PROTO": "tcp",
        "KUBERNETES_PORT_443_TCP_PORT": "443", "KUBERNETES_PORT_443_TCP_ADDR": "10.96.0.1",
        "MY_DB_SERVICE_HOST": "fd00::5", "MY_DB_SERVICE_PORT": "53", "MY_DB_PORT": "udp://[fd00::5]:53",
        "MY_DB_PORT_53_UDP": "udp://[fd00::5]:53", "MY_DB_PORT_53_UDP_PROTO": "udp",
        "MY_DB_PORT_53_UDP_PORT": "53", "MY_DB_PORT_53_UDP_ADDR": "fd00::5",
      ])
    #expect(try environment([:]).variables.allSatisfy { $0.name.hasPrefix("KUBERNETES_") })
  }

  @Test func `labels are lines in a file, escaped`() {
    let it = pod(metadata: ["labels": ["b": "say \"x\"", "a": "1\n2"]])
    #expect(sources.fields(of: it).field("metadata.labels") == "a=\"1\\n2\"\nb=\"say \\\"x\\\"\"")
  }
}
