public import Objects

/// A certificate that a node wants of its cluster.
public struct CertificateOrder: Sendable, Hashable {
  /// Who is to sign it.
  public let signer: String
  /// In the words of the certificates API.
  public let usages: [String]
  /// The common name.
  public let user: String
  /// The organisations.
  public let groups: [String]
  /// DNS names and addresses.
  public let names: [String]
  /// For how long; the signer's choice if nil.
  public let expirationSeconds: Int64?

  /// The certificate with which a node speaks to the API server.
  public static func client(node: String, expirationSeconds: Int64? = nil) -> CertificateOrder {
    CertificateOrder(
      signer: "kubernetes.io/kube-apiserver-client-kubelet", usages: ["digital signature", "client auth"],
      user: "system:node:" + node, groups: ["system:nodes"], names: [], expirationSeconds: expirationSeconds)
  }

  /// The certificate with which a node serves its own port. Only the node itself may order it.
  /// - Parameter names: DNS names and addresses, all of which its Node object has to have.
  public static func serving(
    node: String, names: [String], expirationSeconds: Int64? = nil
  ) -> CertificateOrder {
    CertificateOrder(
      signer: "kubernetes.io/kubelet-serving", usages: ["digital signature", "server auth"],
      user: "system:node:" + node, groups: ["system:nodes"], names: names,
      expirationSeconds: expirationSeconds)
  }

  /// The CertificateSigningRequest; the server finds its name.
  /// - Parameter request: in PEM form.
  public func object(request: String) -> JSON {
    var spec: JSON = [
      "request": .string(Base64.encode(Array(request.utf8))), "signerName": .string(signer),
      "usages": .array(usages.map { .string($0) }),
    ]
    if let expirationSeconds { spec["expirationSeconds"] = .integer(expirationSeconds) }
    return [
      "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
      "metadata": ["generateName": "node-csr-"], "spec": spec,
    ]
  }

  /// How far an order is.
  public enum Progress: Sendable, Hashable {
    /// Nobody has decided.
    case pending
    /// It is approved, and will be signed.
    case approved
    /// The certificate, in PEM form.
    case issued(certificate: String)
    /// There will be none.
    case refused(NodeJoinError)
  }

  /// How far the order of a CertificateSigningRequest is.
  public static func progress(_ object: JSON) -> Progress {
    let name = object["metadata", "name"]?.string ?? ""
    let conditions = object["status", "conditions"]?.array ?? []
    func message(_ type: String) -> String? {
      guard let condition = conditions.first(where: { $0["type"]?.string == type }) else { return nil }
      return condition["message"]?.string ?? condition["reason"]?.string ?? ""
    }
    if let message = message("Denied") { return .refused(.denied(request: name, message: message)) }
    if let message = message("Failed") { return .refused(.failed(request: name, message: message)) }
    if let text = object["status", "certificate"]?.string, !text.isEmpty {
      guard let bytes = try? Base64.decode(text) else {
        return .refused(.failed(request: name, message: "the certificate cannot be read"))
      }
      return .issued(certificate: String(decoding: bytes, as: UTF8.self))
    }
    return message("Approved") == nil ? .pending : .approved
  }
}
