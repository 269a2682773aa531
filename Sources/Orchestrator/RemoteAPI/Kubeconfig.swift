import Foundation
import Yams

/// The current context of a kubeconfig: where an API server is, and as whom to speak to it.
public struct Kubeconfig: Sendable {
  /// `https://127.0.0.1:6443`.
  public var server: String
  /// PEM; the roots that the server's certificate must lead to. Nil: those of the system.
  public var certificateAuthority: [UInt8]?
  /// PEM.
  public var clientCertificate: [UInt8]?
  /// PEM.
  public var clientKey: [UInt8]?
  /// A bearer token.
  public var token: String?
  /// Whether any certificate of the server will do.
  public var skipsVerification = false

  /// A server whose certificate the system's authorities know, and nobody to speak to it as.
  public init(server: String) { self.server = server }

  /// Reads a file. `context` is the context to take; nil for the file's own choice.
  public init(path: String, context: String? = nil) throws(KubeconfigError) {
    let text: String
    do {
      text = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw KubeconfigError("cannot read the kubeconfig \(path): \(error.localizedDescription)")
    }
    try self.init(text: text, path: path, context: context)
  }

  /// Reads a text; files that it names are relative to the folder of `path`.
  public init(text: String, path: String, context: String? = nil) throws(KubeconfigError) {
    func fail(_ problem: String) -> KubeconfigError {
      KubeconfigError("the kubeconfig \(path) \(problem)")
    }
    let node: Node?
    do {
      node = try Yams.compose(yaml: text)
    } catch {
      throw fail("is not YAML: \(error)")
    }
    guard let root = node?.mapping else { throw fail("is not a mapping") }
    let name = context ?? root["current-context"]?.string ?? ""
    guard !name.isEmpty else { throw fail("names no current-context") }
    func entry(_ list: String, _ member: String, named name: String) throws(KubeconfigError)
      -> Node.Mapping
    {
      let found = root[list]?.sequence?.first { $0.mapping?["name"]?.string == name }
      guard let entry = found?.mapping?[member]?.mapping else {
        throw fail("has no \(member) of the name \(name)")
      }
      return entry
    }
    let chosen = try entry("contexts", "context", named: name)
    let cluster = try entry("clusters", "cluster", named: chosen["cluster"]?.string ?? "")
    guard let server = cluster["server"]?.string, !server.isEmpty else { throw fail("names no server") }
    self.server = server

    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    func bytes(_ mapping: Node.Mapping, _ field: String) throws(KubeconfigError) -> [UInt8]? {
      if let data = mapping[field + "-data"]?.string, !data.isEmpty {
        guard let decoded = Data(base64Encoded: data) else {
          throw fail("has a \(field)-data that is not base64")
        }
        return Array(decoded)
      }
      guard let file = mapping[field]?.string, !file.isEmpty else { return nil }
      let url = file.hasPrefix("/") ? URL(fileURLWithPath: file) : folder.appendingPathComponent(file)
      guard let data = try? Data(contentsOf: url) else {
        throw fail("names \(url.path), which cannot be read")
      }
      return Array(data)
    }
    certificateAuthority = try bytes(cluster, "certificate-authority")
    skipsVerification = cluster["insecure-skip-tls-verify"]?.bool ?? false
    let user: Node.Mapping
    if let userName = chosen["user"]?.string, !userName.isEmpty {
      user = try entry("users", "user", named: userName)
    } else {
      user = Node.Mapping([])
    }
    clientCertificate = try bytes(user, "client-certificate")
    clientKey = try bytes(user, "client-key")
    token = user["token"]?.string
    if token == nil, let file = user["tokenFile"]?.string, !file.isEmpty {
      guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
        throw fail("names \(file), which cannot be read")
      }
      token = text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }
}

/// Why a kubeconfig cannot be used; the description is for the user.
public struct KubeconfigError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong.
  public let description: String

  init(_ description: String) { self.description = description }
}
