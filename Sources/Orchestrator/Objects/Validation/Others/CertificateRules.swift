// The rules for requests of certificates.
extension Checker {
  mutating func certificateRequest(_ request: JSON) {
    metadata(request, isNamespaced: false, .subdomain)
    let spec = request["spec"] ?? .null
    let path = FieldPath("spec")
    if spec.text(at: "request").isEmpty {
      invalid(path["request"], nil, "PEM block type must be CERTIFICATE REQUEST")
    }
    let usages = spec.texts(at: "usages")
    if usages.isEmpty { required(path["usages"]) }
    for (index, usage) in usages.enumerated() {
      if !keyUsages.contains(usage) {
        notSupported(path["usages"][index], usage, keyUsages)
      } else if usages[..<index].contains(usage) {
        duplicate(path["usages"][index], usage)
      }
    }
    let signer = spec.text(at: "signerName")
    if signer == "kubernetes.io/legacy-unknown" {
      invalid(path["signerName"], signer, "the legacy signerName is not allowed via this API version")
    } else {
      signerName(signer, path["signerName"])
    }
    if let seconds = spec.optionalInteger(at: "expirationSeconds"), seconds < 600 {
      invalid(
        path["expirationSeconds"], seconds, "may not specify a duration less than 600 seconds (10 minutes)")
    }
    requestConditions((request["status"] ?? .null).list(at: "conditions"), FieldPath("status", "conditions"))
  }

  private mutating func requestConditions(_ conditions: [JSON], _ path: FieldPath) {
    var types: Set<String> = []
    for (index, condition) in conditions.enumerated() {
      let path = path[index]
      let type = condition.text(at: "type")
      requiredText(type, path["type"])
      let status = condition.text(at: "status")
      choice(status, path["status"], ["False", "True", "Unknown"])
      if ["Approved", "Denied", "Failed"].contains(type), status != "True", !status.isEmpty {
        notSupported(path["status"], status, ["True"])
      }
      if !types.insert(type).inserted { duplicate(path["type"], type) }
    }
    if types.isSuperset(of: ["Approved", "Denied"]) {
      invalid(path, "Denied", "Approved and Denied conditions are mutually exclusive")
    }
  }

  mutating func certificateRequestUpdate(_ new: JSON, _ old: JSON) {
    certificateRequest(new)
    metadataUpdate(new, old)
  }

  /// The name of a signer: a domain and a path.
  mutating func signerName(_ name: String, _ path: FieldPath) {
    if name.isEmpty { return required(path) }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else {
      return invalid(
        path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")
    }
    if parts[0].isEmpty {
      required(path)
    } else if let (value, problem) = NameFormats.fullyQualifiedDomainName(parts[0]) {
      invalid(path, value, problem)
    }
    for label in parts[1].split(separator: ".", omittingEmptySubsequences: false).map(String.init) {
      for problem in NameFormats.dns1123Label(label) {
        invalid(path, parts[1], "validating label \(MessageText.quoted(label)): \(problem)")
      }
    }
    if name.utf8.count > 571 { tooLong(path, 571) }
  }
}

private let keyUsages = [
  "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment",
  "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system",
  "ipsec tunnel",
  "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing",
  "s/mime",
  "server auth", "signing", "timestamping",
]
