// The rules for projected volumes.
extension Checker {
  mutating func projectedVolume(_ volume: JSON, _ path: FieldPath) {
    fileMode(volume.optionalInteger(at: "defaultMode"), path["defaultMode"])
    var taken: Set<String> = []
    for (index, source) in volume.list(at: "sources").enumerated() {
      let sourcePath = path["sources"][index]
      var count = 0
      for kind in ["secret", "configMap"] {
        guard let projection = source.member(at: kind) else { continue }
        count += 1
        let name = projection.text(at: "name")
        requiredText(name, sourcePath[kind]["name"])
        for (place, item) in projection.list(at: "items").enumerated() {
          keyItem(item, sourcePath[kind]["items"][place])
          claim(item.text(at: "path"), shown: name, &taken, path)
        }
      }
      if let projection = source.member(at: "downwardAPI") {
        count += 1
        for file in projection.list(at: "items") {
          downwardFile(file, sourcePath["downwardAPI"])
          claim(file.text(at: "path"), shown: file.text(at: "path"), &taken, path)
        }
      }
      if let projection = source.member(at: "serviceAccountToken") {
        count += 1
        tokenProjection(projection, sourcePath["serviceAccountToken"], volume: path)
      }
      if let projection = source.member(at: "clusterTrustBundle") {
        count += 1
        trustBundleProjection(projection, sourcePath["clusterTrustBundle"])
        claim(projection.text(at: "path"), shown: projection.text(at: "path"), &taken, path, evenEmpty: true)
      }
      if let projection = source.member(at: "podCertificate") {
        count += 1
        certificateProjection(projection, sourcePath["podCertificate"], &taken, volume: path)
      }
      if count > 1 { forbidden(sourcePath, "may not specify more than 1 volume type per source") }
    }
  }

  private mutating func claim(
    _ place: String, shown: String, _ taken: inout Set<String>, _ path: FieldPath, evenEmpty: Bool = false
  ) {
    guard evenEmpty || !place.isEmpty, !taken.insert(place).inserted else { return }
    invalid(path, shown, "conflicting duplicate paths")
  }

  private mutating func tokenProjection(_ projection: JSON, _ path: FieldPath, volume: FieldPath) {
    let seconds = projection.integer(at: "expirationSeconds")
    if seconds < 600 {
      invalid(path["expirationSeconds"], seconds, "may not specify a duration less than 10 minutes")
    }
    if seconds > 1 << 32 {
      invalid(path["expirationSeconds"], seconds, "may not specify a duration larger than 2^32 seconds")
    }
    let place = projection.text(at: "path")
    if place.isEmpty { required(volume["path"]) } else { localUnreservedPath(place, volume["path"]) }
  }

  private mutating func trustBundleProjection(_ projection: JSON, _ path: FieldPath) {
    let name = projection.optionalText(at: "name")
    let signer = projection.optionalText(at: "signerName")
    switch (name, signer) {
    case (.some, .some):
      invalid(
        path, shown: GoForm.value(projection, as: "TrustBundleProjection").compact,
        "only one of name and signerName may be used")
    case (let name?, nil):
      requiredText(name, path["name"], "must be a valid object name")
      if let selector = projection.member(at: "labelSelector") {
        invalid(
          path["labelSelector"], shown: selectorText(selector),
          "labelSelector must be unset if name is specified")
      }
    case (nil, let signer?):
      requiredText(signer, path["signerName"], "must be a valid signer name")
      signerName(signer, path["signerName"])
      labelSelector(projection["labelSelector"], path["labelSelector"])
    case (nil, nil): required(path, "either name or signerName must be specified")
    }
    let place = projection.text(at: "path")
    requiredText(place, path["path"])
    localUnreservedPath(place, path["path"])
  }

  private mutating func certificateProjection(
    _ projection: JSON, _ path: FieldPath, _ taken: inout Set<String>, volume: FieldPath
  ) {
    let signer = projection.text(at: "signerName")
    signerName(signer, path["signerName"])
    let keyType = projection.text(at: "keyType")
    let keyTypes = ["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"]
    if !keyTypes.contains(keyType) { notSupported(path["keyType"], keyType, keyTypes) }
    if let seconds = projection.optionalInteger(at: "maxExpirationSeconds") {
      let maximum: Int64 = signer.hasPrefix("kubernetes.io/") ? 86_400 : 91 * 86_400
      if seconds < 3_600 {
        invalid(path["maxExpirationSeconds"], seconds, "if provided, maxExpirationSeconds must be >= 3600")
      }
      if seconds > maximum {
        invalid(
          path["maxExpirationSeconds"], seconds, "if provided, maxExpirationSeconds must be <= \(maximum)")
      }
    }
    var count = 0
    for field in ["credentialBundlePath", "keyPath", "certificateChainPath"] {
      let place = projection.text(at: field)
      if place.isEmpty { continue }
      count += 1
      localUnreservedPath(place, path[field])
      claim(place, shown: place, &taken, volume)
    }
    if count == 0 {
      required(path, "specify at least one of credentialBundlePath, keyPath, and certificateChainPath")
    }
  }
}
