import Client
import Objects

extension Resource {
  static let certificateRequests = known(
    "certificates.k8s.io", "v1", "certificatesigningrequests")
  static let accessReviews = known("authorization.k8s.io", "v1", "subjectaccessreviews")
}

/// A CertificateSigningRequest.
struct CertificateRequestObject: Sendable {
  let object: JSON

  /// Nil if it is for none of the cluster's own signers.
  var signer: CertificateSigner? { (object["spec", "signerName"]?.string).flatMap(CertificateSigner.init) }
  var usages: [String] { (object["spec", "usages"]?.array ?? []).compactMap(\.string) }
  var userName: String { object["spec", "username"]?.string ?? "" }
  var groups: [String] { (object["spec", "groups"]?.array ?? []).compactMap(\.string) }
  var expirationSeconds: Int64? { object["spec", "expirationSeconds"]?.integer }

  /// What is to be signed, in PEM form.
  var pem: String { Self.text(object["spec", "request"]) }
  /// The certificate, in PEM form; empty if there is none.
  var certificate: String { Self.text(object["status", "certificate"]) }

  func condition(_ type: String) -> JSON? { Conditions.find(type, in: object["status"]) }
  /// Whether somebody has approved or denied it.
  var isDecided: Bool { condition("Approved") != nil || condition("Denied") != nil }
  /// Whether there will be no more work on it.
  var isDone: Bool { condition("Denied") != nil || condition("Failed") != nil || !certificate.isEmpty }

  private static func text(_ field: JSON?) -> String {
    guard let bytes = try? Base64.decode(field?.string ?? "") else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The object with a condition more.
  func adding(_ type: String, reason: String, _ message: String, now: Timestamp) -> JSON {
    var status = object["status"] ?? [:]
    Conditions.replace(
      Conditions.make(type, "True", reason: reason, message: message, now: now, updated: true), in: &status)
    var changed = object
    changed["status"] = status
    return changed
  }

  /// Asks whether who made this request may do so.
  func review(_ subresource: String) -> JSON {
    var spec: JSON = [
      "user": .string(userName),
      "resourceAttributes": [
        "group": "certificates.k8s.io", "resource": "certificatesigningrequests", "verb": "create",
        "subresource": .string(subresource), "version": "*",
      ],
    ]
    for field in ["uid", "groups", "extra"] {
      if let value = object["spec", field] { spec[field] = value }
    }
    return ["apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec]
  }
}
