import Exchange
import Objects
import Registry
import Testing

@testable import NodeLinks

@Suite struct ProxyTests {
  @Test(
    arguments: [
      ("web", nil, "web", ""), ("web:80", nil, "web", "80"), (":web:http", nil, "web", "http"),
      ("http:web:", false, "web", ""), ("https:web:443", true, "web", "443"),
    ] as [(String, Bool?, String, String)])
  func `a proxied name is taken apart`(text: String, isSecure: Bool?, name: String, port: String) throws {
    let proxied = try #require(ProxiedName(text))
    #expect(proxied.isSecure == isSecure)
    #expect(proxied.name == name)
    #expect(proxied.port == port)
  }

  @Test(arguments: ["", ":80", "ftp:web:80", "http:web:80:1", "http::80"])
  func `what is no proxied name is refused`(text: String) { #expect(ProxiedName(text) == nil) }

  @Test(arguments: [
    ("/api/v1/namespaces/n/pods/p/proxy/a/b/", 7, "/api/v1/namespaces/n/pods/p/proxy", "/a/b/"),
    ("/api/v1/namespaces/n/pods/p/proxy", 7, "/api/v1/namespaces/n/pods/p/proxy", ""),
    ("/api/v1/nodes/n/proxy//x", 5, "/api/v1/nodes/n/proxy", "//x"), ("/api", 5, "/api", ""),
  ])
  func `a path is split behind the proxy`(path: String, segments: Int, prefix: String, rest: String) {
    let parts = ProxyPath.split(path, segments: segments)
    #expect(parts == (prefix, rest))
  }

  @Test(arguments: [
    ("/elsewhere", "/p/elsewhere"), ("/p/elsewhere", "/p/elsewhere"), ("next", "next"), ("", ""),
    ("http://10.0.0.1:80/a?b#c", "/p/a?b#c"), ("http://10.0.0.1:80", "/p/"),
    ("https://example.com/a", "https://example.com/a"), ("//example.com/a", "//example.com/a"),
    ("/login?to=http://10.0.0.1:80/", "/p/login?to=http://10.0.0.1:80/"),
  ])
  func `redirects`(location: String, seen: String) {
    #expect(ProxyHeaders.location(location, host: "10.0.0.1:80", prefix: "/p") == seen)
  }

  @Test(arguments: [
    ("10.0.0.1", true), ("fd00::1", true), ("192.168.1.1", true), ("127.0.0.1", false), ("0.0.0.0", false),
    ("169.254.169.254", false), ("224.0.0.1", false), ("255.255.255.255", false), ("::1", false),
    ("::", false), ("fe80::1", false), ("ff02::1", false), ("::ffff:127.0.0.1", false), ("", false),
    ("example.com", false),
  ])
  func `addresses that a pod may have`(address: String, isProxyable: Bool) {
    #expect(ProxyTarget.isProxyable(address) == isProxyable)
  }

  @Test func `a pod is reached at the port that is asked for, or its first`() throws {
    let pod: JSON = [
      "spec": ["containers": [["name": "a"], ["name": "b", "ports": [["containerPort": 8080]]]]],
      "status": ["podIP": "10.0.0.7"],
    ]
    func target(_ name: String) throws -> ProxyTarget { try .pod(pod, try #require(ProxiedName(name))) }
    #expect(try target("p") == ProxyTarget(isSecure: false, host: "10.0.0.7", port: 8080))
    #expect(try target("https:p:443") == ProxyTarget(isSecure: true, host: "10.0.0.7", port: 443))
    #expect(throws: StatusError.badRequest("web is no port")) { try target("p:web") }
    #expect(throws: StatusError.badRequest("70000 is no port")) { try target("p:70000") }
  }

  @Test func `a kubelet is reached at the node's internal address`() throws {
    #expect(throws: StatusError.self) { try ProxyTarget.kubelet(["metadata": ["name": "n"]]) }
    let node: JSON = [
      "status": [
        "addresses": [
          ["type": "ExternalIP", "address": "192.0.2.1"], ["type": "InternalIP", "address": "fd00::1"],
        ]
      ]
    ]
    let place = try ProxyTarget.kubelet(node)
    #expect(place == ProxyTarget(isSecure: true, host: "fd00::1", port: 10_250))
    #expect(place.authority == "[fd00::1]:10250")
  }

  @Test func `a simulated node's address is not asked: it may be somebody's`() {
    let node: JSON = [
      "metadata": ["name": "n"],
      "status": [
        "addresses": [["type": "InternalIP", "address": "10.0.0.1"]],
        "nodeInfo": ["containerRuntimeVersion": "simulated://1.0.0"],
      ],
    ]
    #expect(throws: StatusError.unavailable("node \"n\" is simulated: nothing runs there")) {
      try ProxyTarget.kubelet(node)
    }
  }

  @Test func `a call names the container that kubectl would take`() throws {
    let pod: JSON = [
      "metadata": [
        "namespace": "n", "name": "p", "annotations": ["kubectl.kubernetes.io/default-container": "two"],
      ], "spec": ["containers": [["name": "one"], ["name": "two"]]],
    ]
    func target(_ subresource: String, _ query: [(name: String, value: String)]) -> String? {
      KubeletCall(subresource, of: pod, APIRequest(path: "/", query: query))?.target
    }
    #expect(target("log", []) == "/containerLogs/n/p/two")
    #expect(target("log", [("container", "one"), ("follow", "")]) == "/containerLogs/n/p/one?follow=true")
    #expect(
      target("exec", [("stdout", "false"), ("stderr", "0"), ("tty", "1"), ("command", "a&b")])
        == "/exec/n/p/two?tty=1&command=a%26b")
    #expect(target("portforward", [("ports", "80"), ("ports", "81")]) == "/portForward/n/p?port=80%2C81")
    #expect(target("status", []) == nil)
  }
}
