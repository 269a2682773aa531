import Exchange
import Objects

/// The parameter `resourceVersion`: a decimal number, or nothing.
enum ResourceVersion {
  /// Nil for an empty text.
  /// - Parameter isWatch: a watch's message names no field.
  static func parse(_ text: String) throws(StatusError) -> Int64? {
    guard !text.isEmpty else { return nil }
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      throw invalid(text, "invalid syntax")
    }
    guard let value = UInt64(text) else { throw invalid(text, "value out of range") }
    return Int64(clamping: value)
  }

  private static func invalid(_ text: String, _ problem: String) -> StatusError {
    let quoted = JSON.string(text).text
    return .badRequest(
      "invalid resource version: resourceVersion: Invalid value: \(quoted): strconv.ParseUint: parsing \(quoted): \(problem)"
    )
  }

  /// 504: the caller has seen more than this store has.
  static func tooLarge(_ wanted: Int64, current: Int64) -> StatusError {
    StatusError(
      code: 504, reason: "Timeout",
      message: "Timeout: Too large resource version: \(wanted), current: \(current)",
      details: [
        "causes": [["reason": "ResourceVersionTooLarge", "message": "Too large resource version"]],
        "retryAfterSeconds": 1,
      ])
  }

  /// Checks which of the parameters go together (Kubernetes: `ValidateListOptions`).
  static func check(
    version: String, match: String, continueToken: String, sendsInitialEvents: Bool?, isWatch: Bool
  ) throws(StatusError) {
    let field = FieldPath("resourceVersionMatch")
    var errors: [FieldError] = []
    if let sendsInitialEvents {
      if !isWatch {
        errors.append(.forbidden(FieldPath("sendInitialEvents"), "sendInitialEvents is forbidden for list"))
      } else if match.isEmpty {
        errors.append(
          .forbidden(field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
      } else if match != "NotOlderThan" {
        errors.append(.notSupported(field, .string(match), ["NotOlderThan"]))
      }
      _ = sendsInitialEvents
    } else if !match.isEmpty {
      if isWatch {
        errors.append(
          .forbidden(
            field, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"))
      } else {
        if version.isEmpty {
          errors.append(
            .forbidden(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
        }
        if !continueToken.isEmpty {
          errors.append(.forbidden(field, "resourceVersionMatch is forbidden when continue is provided"))
        }
        if match != "Exact", match != "NotOlderThan" {
          errors.append(.notSupported(field, .string(match), ["Exact", "NotOlderThan"]))
        }
        if match == "Exact", version == "0" {
          errors.append(
            .forbidden(field, "resourceVersionMatch \"Exact\" is forbidden for resourceVersion \"0\""))
        }
      }
    }
    if !errors.isEmpty {
      throw .invalid(errors, group: "meta.k8s.io", kind: "ListOptions", name: "")
    }
  }
}

/// Where a list that was cut goes on.
struct ContinueToken: Sendable, Hashable {
  /// The revision of the whole list; -1 for the store's present one, after the first was compacted.
  var revision: Int64
  /// The next key, after the range's first.
  var start: [UInt8]

  init(revision: Int64, start: [UInt8]) {
    self.revision = revision
    self.start = start
  }

  /// Reads what a client sends back.
  init(_ text: String) throws(StatusError) {
    func fail(_ problem: String) -> StatusError {
      .badRequest("invalid continue token: continue key is not valid: \(problem)")
    }
    guard let bytes = Base64URL.decode(text) else {
      throw fail("illegal base64 data at input byte \(text.utf8.count)")
    }
    let json: JSON
    do {
      json = try JSON.parse(bytes)
    } catch {
      guard let first = bytes.first else { throw fail("unexpected end of JSON input") }
      let character =
        first < 0x20 || first >= 0x7f
        ? "'\\x" + String(first, radix: 16) + "'" : "'" + String(UnicodeScalar(first)) + "'"
      throw fail("invalid character \(character) looking for beginning of value")
    }
    guard json["v"]?.string == "meta.k8s.io/v1" else {
      throw fail("server does not recognize this encoded version \"\(json["v"]?.string ?? "")\"")
    }
    guard let revision = json["rv"]?.integer, revision != 0 else {
      throw fail("incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
    }
    guard let start = json["start"]?.string, !start.isEmpty else {
      throw fail("encoded start key empty (version meta.k8s.io/v1)")
    }
    guard !start.split(separator: "/").contains("..") else { throw fail("\(start)") }
    self.revision = revision
    // The slash at the beginning stands for the end of the range's own prefix.
    self.start = Array((start.hasPrefix("/") ? start.dropFirst() : start[...]).utf8)
  }

  /// As it is given to clients.
  var text: String {
    let start = "/" + String(decoding: self.start, as: UTF8.self)
    // Members in Kubernetes' own order.
    let json = "{\"v\":\"meta.k8s.io/v1\",\"rv\":\(revision),\"start\":\(JSON.string(start).text)}"
    return Base64URL.encode(Array(json.utf8))
  }
}

/// Base64 for URLs, without padding (RFC 4648 §5).
enum Base64URL {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
  private static let values: [UInt8?] = {
    var values = [UInt8?](repeating: nil, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()

  static func encode(_ bytes: [UInt8]) -> String {
    var output: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var bits: UInt32 = 0
      for byte in group { bits = bits << 8 | UInt32(byte) }
      bits <<= UInt32(8 * (3 - group.count))
      for index in 0...group.count { output.append(alphabet[Int(bits >> UInt32(18 - 6 * index) & 63)]) }
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// Nil if a character is none of the alphabet, or one is left over.
  static func decode(_ text: String) -> [UInt8]? {
    var output: [UInt8] = []
    var bits: UInt32 = 0
    var count: UInt32 = 0
    for character in text.utf8 where character != UInt8(ascii: "=") {
      guard let value = values[Int(character)] else { return nil }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        output.append(UInt8(truncatingIfNeeded: bits >> count))
      }
    }
    return count >= 6 ? nil : output
  }
}
