/// An image reference as container runtimes write it: `[registry/]repository[:tag][@digest]`.
struct ImageReference {
  /// The tag; `latest` if there is neither tag nor digest, nil if there is a digest alone.
  let tag: String?

  /// Nil for text that is no reference: an upper-case repository, a bad tag, a bare image ID.
  init?(_ text: String) {
    let bytes = Array(text.utf8)
    // 64 hexadecimal digits are an image ID, not a name.
    if bytes.count == 64,
      bytes.allSatisfy({ isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) })
    {
      return nil
    }
    var name = bytes[...]
    var hasDigest = false
    if let at = name.firstIndex(of: UInt8(ascii: "@")) {
      guard isDigestText(name[(at + 1)...]) else { return nil }
      hasDigest = true
      name = name[..<at]
    }
    var tagBytes: ArraySlice<UInt8>?
    if let colon = name.lastIndex(of: UInt8(ascii: ":")),
      !name[colon...].contains(UInt8(ascii: "/"))
    {
      tagBytes = name[(colon + 1)...]
      name = name[..<colon]
    }
    guard isRepositoryName(name) else { return nil }
    if let tagBytes {
      guard isTagText(tagBytes) else { return nil }
      tag = String(decoding: tagBytes, as: UTF8.self)
    } else {
      tag = hasDigest ? nil : "latest"
    }
  }

  /// When to pull an image whose container does not say: a moving tag always, all else only when it is not there.
  static func pullPolicy(for image: String) -> String {
    ImageReference(image)?.tag == "latest" ? "Always" : "IfNotPresent"
  }
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
private func isLower(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
private func isUpper(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }

private func isTagText(_ bytes: ArraySlice<UInt8>) -> Bool {
  guard let first = bytes.first, bytes.count <= 128 else { return false }
  func isWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || isLower(byte) || isUpper(byte) || byte == UInt8(ascii: "_")
  }
  return isWord(first)
    && bytes.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
}

private func isDigestText(_ bytes: ArraySlice<UInt8>) -> Bool {
  guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return false }
  let lengths = ["sha256": 64, "sha384": 96, "sha512": 128]
  let digits = bytes[(colon + 1)...]
  return lengths[String(decoding: bytes[..<colon], as: UTF8.self)] == digits.count
    && digits.allSatisfy { isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
}

/// A registry, if the first part looks like a host, and path components in lower case.
private func isRepositoryName(_ bytes: ArraySlice<UInt8>) -> Bool {
  guard !bytes.isEmpty, bytes.count <= 255 else { return false }
  var components = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
  if components.count > 1, let first = components.first, looksLikeHost(first) {
    guard isHost(first) else { return false }
    components = components.dropFirst()
  }
  return components.allSatisfy(isPathComponent)
}

private func looksLikeHost(_ bytes: ArraySlice<UInt8>) -> Bool {
  bytes.contains(UInt8(ascii: ".")) || bytes.contains(UInt8(ascii: ":")) || bytes.contains(where: isUpper)
    || bytes.elementsEqual("localhost".utf8)
}

private func isHost(_ bytes: ArraySlice<UInt8>) -> Bool {
  var host = bytes
  if let colon = host.lastIndex(of: UInt8(ascii: ":")), host.last != UInt8(ascii: "]") {
    let port = host[(colon + 1)...]
    guard !port.isEmpty, port.allSatisfy(isDigit) else { return false }
    host = host[..<colon]
  }
  if host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]") {
    let address = host.dropFirst().dropLast()
    return !address.isEmpty
      && address.allSatisfy {
        isDigit($0) || isLower($0 | 0x20) && ($0 | 0x20) <= UInt8(ascii: "f") || $0 == UInt8(ascii: ":")
      }
  }
  return host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
    guard let first = label.first, let last = label.last else { return false }
    return first != UInt8(ascii: "-") && last != UInt8(ascii: "-")
      && label.allSatisfy { isDigit($0) || isLower($0) || isUpper($0) || $0 == UInt8(ascii: "-") }
  }
}

/// Runs of lower-case letters and digits, joined by `.`, `_`, `__` or any number of `-`.
private func isPathComponent(_ bytes: ArraySlice<UInt8>) -> Bool {
  func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isLower(byte) }
  guard let first = bytes.first, let last = bytes.last, isAlphanumeric(first), isAlphanumeric(last) else {
    return false
  }
  var rest = bytes
  while !rest.isEmpty {
    rest = rest.drop(while: isAlphanumeric)
    let joint = rest.prefix { !isAlphanumeric($0) }
    rest = rest.dropFirst(joint.count)
    let isAllowed =
      joint.isEmpty || joint.elementsEqual(".".utf8) || joint.elementsEqual("_".utf8)
      || joint.elementsEqual("__".utf8) || joint.allSatisfy { $0 == UInt8(ascii: "-") }
    guard isAllowed else { return false }
  }
  return true
}
