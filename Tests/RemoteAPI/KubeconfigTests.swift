import Foundation
import RemoteAPI
import Testing

@Suite struct KubeconfigTests {
  private static let text = """
    apiVersion: v1
    kind: Config
    current-context: one
    contexts:
    - name: one
      context: {cluster: c, user: u}
    - name: two
      context: {cluster: d}
    - name: lost
      context: {cluster: nowhere}
    clusters:
    - name: c
      cluster:
        server: https://127.0.0.1:6443
        certificate-authority-data: Q0E=
    - name: d
      cluster: {server: "https://d.example", insecure-skip-tls-verify: true}
    users:
    - name: u
      user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ, token: t}
    """

  @Test func `the current context counts`() throws {
    let kubeconfig = try Kubeconfig(text: Self.text, path: "/nowhere/config")
    #expect(kubeconfig.server == "https://127.0.0.1:6443")
    #expect(kubeconfig.certificateAuthority == Array("CA".utf8))
    #expect(kubeconfig.clientCertificate == Array("CERT".utf8))
    #expect(kubeconfig.clientKey == Array("KEY".utf8))
    #expect(kubeconfig.token == "t")
    #expect(!kubeconfig.skipsVerification)
  }

  @Test func `another context may be chosen, and may have no user`() throws {
    let kubeconfig = try Kubeconfig(text: Self.text, path: "/nowhere/config", context: "two")
    #expect(kubeconfig.server == "https://d.example")
    #expect(kubeconfig.certificateAuthority == nil && kubeconfig.token == nil)
    #expect(kubeconfig.skipsVerification)
  }

  @Test func `files are relative to the kubeconfig`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("FILE".utf8).write(to: folder.appendingPathComponent("ca.crt"))
    let text = Self.text.replacingOccurrences(
      of: "certificate-authority-data: Q0E=", with: "certificate-authority: ca.crt")
    let file = folder.appendingPathComponent("config")
    try Data(text.utf8).write(to: file)
    #expect(try Kubeconfig(path: file.path).certificateAuthority == Array("FILE".utf8))
  }

  @Test(arguments: [
    ("", "the kubeconfig /k is not a mapping"), ("[]", "the kubeconfig /k is not a mapping"),
    ("a: b", "the kubeconfig /k names no current-context"),
    ("current-context: x", "the kubeconfig /k has no context of the name x"),
  ])
  func `what is missing is named`(text: String, problem: String) {
    #expect {
      try Kubeconfig(text: text, path: "/k")
    } throws: {
      ($0 as? KubeconfigError)?.description == problem
    }
  }

  @Test(arguments: [
    ("lost", "", "", "the kubeconfig /k has no cluster of the name nowhere"),
    ("one", "Q0E=", "Q", "the kubeconfig /k has a certificate-authority-data that is not base64"),
    (
      "one", "certificate-authority-data: Q0E=", "certificate-authority: missing.crt",
      "the kubeconfig /k names /missing.crt, which cannot be read"
    ),
  ])
  func `what cannot be used is named`(context: String, old: String, new: String, problem: String) {
    let text = old.isEmpty ? Self.text : Self.text.replacingOccurrences(of: old, with: new)
    #expect {
      try Kubeconfig(text: text, path: "/k", context: context)
    } throws: {
      ($0 as? KubeconfigError)?.description == problem
    }
  }

  @Test func `a file that is not there is named`() {
    #expect(throws: KubeconfigError.self) { try Kubeconfig(path: "/nowhere/at/all") }
  }
}
