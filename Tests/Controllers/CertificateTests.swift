import Client
import Exchange
import Objects
import Testing

@testable import Controllers

private let now = Timestamp(seconds: 1_800_000_000)
private let nodeClient = "kubernetes.io/kube-apiserver-client-kubelet"
private let nodeServing = "kubernetes.io/kubelet-serving"
private let client = "kubernetes.io/kube-apiserver-client"

/// Requests and certificates are JSON instead of PEM: `{"cn": …, "o": […], "dns": […], "ip": […]}`.
private struct PaperAuthority: CertificateSigning {
  func read(request: String) throws(CertificateProblem) -> CertificateRequestFacts {
    guard let json = try? JSON.parse(Array(request.utf8)), let name = json["cn"]?.string else {
      throw CertificateProblem("it is no certificate request")
    }
    func texts(_ key: String) -> [String] { (json[key]?.array ?? []).compactMap(\.string) }
    return CertificateRequestFacts(
      commonName: name, organizations: texts("o"), dnsNames: texts("dns"), addresses: texts("ip"),
      otherNameCount: texts("mail").count)
  }

  func sign(
    request: String, usages: [String], seconds: Int64, now: Timestamp
  ) throws(CertificateProblem) -> String {
    guard let json = try? JSON.parse(Array(request.utf8)) else { throw CertificateProblem("no request") }
    let certificate: JSON = [
      "subject": json, "usages": .array(usages.map { .string($0) }),
      "end": .string(now.advanced(bySeconds: seconds).text),
    ]
    return certificate.text
  }

  func end(ofCertificate certificate: String) -> Timestamp? {
    (try? JSON.parse(Array(certificate.utf8)))?["end"]?.string.flatMap { Timestamp($0) }
  }
}

private let nodeRequest: JSON = ["cn": "system:node:a", "o": ["system:nodes"]]
private let clientUsages = ["client auth", "digital signature"]
private let servingUsages = ["server auth", "digital signature", "key encipherment"]

private func request(
  _ content: JSON = nodeRequest, signer: String = nodeClient, usages: [String] = clientUsages,
  user: String = "system:bootstrap:abcdef", groups: [String] = ["system:bootstrappers"], name: String = "r",
  seconds: Int64? = nil, conditions: [JSON] = []
) -> JSON {
  var object: JSON = [
    "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
    "metadata": ["name": .string(name), "creationTimestamp": .string(now.text)],
    "spec": [
      "request": .string(Base64.encode(Array(content.text.utf8))), "signerName": .string(signer),
      "usages": .array(usages.map { .string($0) }), "username": .string(user),
      "groups": .array(groups.map { .string($0) }),
    ],
  ]
  if let seconds { object["spec", "expirationSeconds"] = .integer(seconds) }
  if !conditions.isEmpty { object["status"] = ["conditions": .array(conditions)] }
  return object
}

private func condition(_ type: String, secondsAgo: Int64 = 0) -> JSON {
  Conditions.make(
    type, "True", reason: "r", message: "m", now: now.advanced(bySeconds: -secondsAgo), updated: true)
}

private let node: JSON = [
  "apiVersion": "v1", "kind": "Node", "metadata": ["name": "a"],
  "status": [
    "addresses": [
      ["type": "InternalIP", "address": "10.0.0.1"], ["type": "Hostname", "address": "host.example"],
      ["type": "ExternalIP", "address": "10.0.0.9"],
    ]
  ],
]

@Suite struct CertificateTests {
  // MARK: Signers

  private func problem(
    _ signer: CertificateSigner, _ usages: [String], _ name: String = "system:node:a",
    _ groups: [String] = ["system:nodes"], dns: [String] = [], mail: Int = 0
  ) -> String? {
    signer.problem(
      CertificateRequestFacts(
        commonName: name, organizations: groups, dnsNames: dns, otherNameCount: mail), usages: usages)
  }

  @Test func `signers sign what is theirs`() {
    #expect(problem(.nodeClient, clientUsages) == nil)
    #expect(problem(.nodeClient, clientUsages + ["key encipherment"]) == nil)
    #expect(problem(.nodeServing, servingUsages, dns: ["a"]) == nil)
    #expect(problem(.client, ["client auth"], "jane", ["team"]) == nil)
    #expect(problem(.client, clientUsages, "jane", [], dns: ["jane.example"], mail: 1) == nil)
  }

  @Test func `signers refuse everything else`() {
    #expect(problem(.nodeClient, ["digital signature"]) == "usage \"client auth\" is missing")
    #expect(problem(.nodeClient, ["client auth"]) == "usage \"digital signature\" is missing")
    #expect(
      problem(.nodeClient, clientUsages + ["server auth"])
        == "usage \"server auth\" is not for signer kubernetes.io/kube-apiserver-client-kubelet")
    let group = "the subject's organization is not system:nodes"
    #expect(problem(.nodeClient, clientUsages, "system:node:a", ["system:nodes", "system:masters"]) == group)
    #expect(problem(.nodeServing, servingUsages, "system:node:a", [], dns: ["a"]) == group)
    let name = "the subject's common name does not begin with system:node:"
    #expect(problem(.nodeClient, clientUsages, "jane") == name)
    #expect(problem(.nodeClient, clientUsages, "system:node:") == name)
    #expect(problem(.nodeClient, clientUsages, dns: ["a"]) == "alternative names are not allowed")
    #expect(
      problem(.nodeServing, servingUsages, dns: ["a"], mail: 1)
        == "alternative names other than DNS names and addresses are not allowed")
    #expect(problem(.nodeServing, servingUsages) == "it names no DNS name and no address")
    #expect(
      problem(.client, clientUsages, "jane", ["system:masters"])
        == "the group system:masters is not for certificates of this signer")
  }

  @Test func `certificates are good as long as asked, within bounds`() {
    #expect(CertificateSigner.seconds(wanted: nil) == 31_536_000)
    #expect(CertificateSigner.seconds(wanted: 3600) == 3600)
    #expect(CertificateSigner.seconds(wanted: 1) == 600)
    #expect(CertificateSigner.seconds(wanted: .max) == 31_536_000)
  }

  // MARK: Approval

  private func decide(_ object: JSON, reserved: Set<String> = []) -> CertificateApproval {
    let request = CertificateRequestObject(object: object)
    guard let facts = try? PaperAuthority().read(request: request.pem) else { return .leave }
    return CertificateApproval.decide(request, facts, reservedNames: reserved) { $0 == "a" ? node : nil }
  }

  private func subresources(_ approval: CertificateApproval) -> [String] {
    guard case .review(let permissions) = approval else { return [] }
    return permissions.map(\.subresource)
  }

  @Test func `node clients are approved by what they may do`() {
    #expect(subresources(decide(request())) == ["nodeclient"])
    #expect(subresources(decide(request(user: "system:node:b"))) == ["nodeclient"])
    #expect(subresources(decide(request(user: "system:node:a"))) == ["selfnodeclient", "nodeclient"])
  }

  @Test func `what is decided, of other signers or not for nodes is left`() {
    #expect(decide(request(conditions: [condition("Approved")])) == .leave)
    #expect(decide(request(conditions: [condition("Denied")])) == .leave)
    #expect(decide(request(conditions: [condition("Failed")])) == .leave)
    #expect(decide(request(signer: client)) == .leave)
    #expect(decide(request(signer: "example.com/signer")) == .leave)
    #expect(decide(request(["cn": "jane", "o": ["system:nodes"]])) == .leave)
    #expect(decide(request(usages: ["any"])) == .leave)
  }

  private func serving(_ content: JSON, user: String = "system:node:a", groups: [String] = ["system:nodes"])
    -> JSON
  {
    var content = content
    content["cn"] = content["cn"] ?? "system:node:a"
    content["o"] = ["system:nodes"]
    return request(content, signer: nodeServing, usages: servingUsages, user: user, groups: groups)
  }

  @Test func `nodes serve under the names and addresses that they have`() {
    let approved = CertificateApproval.approve(
      message: "Auto approving kubelet serving certificate for the node's own addresses.")
    #expect(decide(serving(["ip": ["10.0.0.1", "10.0.0.9"], "dns": ["a", "host.example"]])) == approved)
    #expect(decide(serving(["dns": ["a"]], user: "system:node:b")) == .leave)
    #expect(decide(serving(["dns": ["a"]], groups: [])) == .leave)
    #expect(
      decide(serving(["ip": ["10.0.0.2"]])) == .wait(problem: "node a does not have the address 10.0.0.2"))
    #expect(
      decide(serving(["cn": "system:node:b", "dns": ["b"]], user: "system:node:b"))
        == .wait(problem: "there is no node b"))
    #expect(
      decide(serving(["ip": ["10.0.0.9"]]), reserved: ["10.0.0.9"])
        == .wait(problem: "10.0.0.9 is not for nodes"))
  }

  @Test(arguments: [
    "kubernetes", "Kubernetes.default", "x.y.svc.cluster.local", "a.svc", "localhost", "127.0.0.1", "::1",
    "*.example",
  ])
  func `no node serves under the names of the API server or of services`(name: String) {
    #expect(decide(serving(["dns": [.string(name)]])) == .wait(problem: "\(name) is not for nodes"))
  }

  // MARK: Clearing away

  private func isOver(_ conditions: [JSON], after seconds: Int64, certificateEnd: Timestamp? = nil) -> Bool {
    var object = request(conditions: conditions)
    if let certificateEnd {
      let certificate: JSON = ["end": .string(certificateEnd.text)]
      object["status", "certificate"] = .string(Base64.encode(Array(certificate.text.utf8)))
    }
    return CertificateCleaner(authority: PaperAuthority()).isOver(
      CertificateRequestObject(object: object), now.advanced(bySeconds: seconds))
  }

  @Test func `requests go when nobody needs them`() {
    #expect(!isOver([], after: 86_400) && isOver([], after: 86_401))
    for type in ["Approved", "Denied", "Failed"] {
      #expect(!isOver([condition(type)], after: 3600) && isOver([condition(type)], after: 3601))
    }
    #expect(!isOver([condition("Approved", secondsAgo: 3000), condition("Failed")], after: 3600))
    let end = now.advanced(bySeconds: 600)
    #expect(!isOver([condition("Approved")], after: 600, certificateEnd: end))
    #expect(isOver([condition("Approved")], after: 601, certificateEnd: end))
  }

  // MARK: All together

  private func withControllers(_ body: @Sendable (InMemoryAPI) async throws -> Void) async throws {
    let api = InMemoryAPI(now: now)
    let authority = PaperAuthority()
    let group = ControllerGroup(
      [
        CertificateApprovingController(authority: authority),
        CertificateSigningController(authority: authority),
        CertificateCleaner(authority: authority),
      ], client: APIClient(transport: api, userAgent: "test"), now: { now })
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await group.run() }
      try await body(api)
      tasks.cancelAll()
    }
  }

  private func certificate(_ api: InMemoryAPI, _ name: String) -> JSON? {
    guard let object = api.objects(.certificateRequests).first(where: { $0.name == name }) else { return nil }
    return try? JSON.parse(Array(CertificateRequestObject(object: object).certificate.utf8))
  }

  @Test func `a node that may is approved and gets its certificate`() async throws {
    try await withControllers { api in
      api.review { review in
        review["spec"]
          == [
            "user": "system:bootstrap:abcdef", "groups": ["system:bootstrappers"],
            "resourceAttributes": [
              "group": "certificates.k8s.io", "resource": "certificatesigningrequests", "verb": "create",
              "subresource": "nodeclient", "version": "*",
            ],
          ]
      }
      api.act(as: "system:bootstrap:abcdef", groups: ["system:bootstrappers"])
      try api.apply(.certificateRequests, request(seconds: 7200))
      #expect(await api.wait { certificate(api, "r") != nil })
      #expect(
        certificate(api, "r")
          == [
            "subject": nodeRequest, "usages": ["client auth", "digital signature"],
            "end": .string(now.advanced(bySeconds: 7200).text),
          ])
      let approved = Conditions.find("Approved", in: api.objects(.certificateRequests).first?["status"])
      #expect(approved?["reason"] == "AutoApproved")
      #expect(
        approved?["message"] == "Auto approving kubelet client certificate after SubjectAccessReview.")
    }
  }

  @Test func `one who may not waits for people, and their word counts`() async throws {
    try await withControllers { api in
      api.act(as: "jane", groups: [])
      try api.apply(.certificateRequests, request())
      #expect(
        await api.wait {
          api.objects(.known("", "v1", "events")).contains {
            $0["message"] == "jane may not create certificatesigningrequests/nodeclient"
          }
        })
      #expect(certificate(api, "r") == nil)
      let client = APIClient(transport: api, userAgent: "test")
      let object = try #require(api.objects(.certificateRequests).first)
      let approved = CertificateRequestObject(object: object).adding("Approved", reason: "r", "m", now: now)
      try await client.update(.certificateRequests, approved, subresource: "approval")
      #expect(await api.wait { certificate(api, "r") != nil })
    }
  }

  @Test func `what is approved but cannot be signed fails`() async throws {
    try await withControllers { api in
      let bad = request(["cn": "jane", "o": ["system:masters"]], signer: client)
      try api.apply(.certificateRequests, bad)
      let object = try #require(api.objects(.certificateRequests).first)
      let approved = CertificateRequestObject(object: object).adding("Approved", reason: "r", "m", now: now)
      try await APIClient(transport: api, userAgent: "test").update(
        .certificateRequests, approved, subresource: "approval")
      #expect(
        await api.wait {
          let failed = Conditions.find("Failed", in: api.objects(.certificateRequests).first?["status"])
          return failed?["reason"] == "SignerValidationFailure"
            && failed?["message"] == "the group system:masters is not for certificates of this signer"
        })
    }
  }

  @Test func `what is old is deleted`() async throws {
    let api = InMemoryAPI(now: now.advanced(bySeconds: -100_000))
    try api.apply(.certificateRequests, request(signer: client))
    let group = ControllerGroup(
      [CertificateCleaner(authority: PaperAuthority())],
      client: APIClient(transport: api, userAgent: "test"), now: { now })
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await group.run() }
      #expect(await api.wait { api.objects(.certificateRequests).isEmpty })
      tasks.cancelAll()
    }
  }
}
