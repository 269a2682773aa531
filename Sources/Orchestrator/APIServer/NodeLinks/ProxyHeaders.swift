import Exchange

/// The header fields of requests and answers that are passed on. Pure.
enum ProxyHeaders {
  typealias Fields = [(name: String, value: String)]

  /// Fields about one connection (RFC 9110, 7.6.1), which each side writes anew.
  private static let hop: Set<String> = [
    "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te",
    "trailer", "transfer-encoding", "upgrade", "content-length", "host",
  ]

  /// What is passed on of a request to something that is not part of the control plane: how the caller made itself
  /// known to the API server is no business of others.
  static func request(_ request: APIRequest, prefix: String, rest: String) -> Fields {
    var fields = passed(request.headers).filter {
      $0.name != "authorization" && !$0.name.hasPrefix("impersonate-") && $0.name != "x-forwarded-uri"
    }
    fields.append((name: "x-forwarded-uri", value: prefix + (rest.isEmpty ? "" : rest)))
    let address = host(of: request.remoteAddress)
    if !address.isEmpty {
      let before = fields.filter { $0.name == "x-forwarded-for" }.map(\.value)
      fields.removeAll { $0.name == "x-forwarded-for" }
      fields.append((name: "x-forwarded-for", value: (before + [address]).joined(separator: ", ")))
    }
    return fields
  }

  /// What a kubelet gets of a request for a session: what the two sides agree on, such as stream protocols.
  static func session(_ request: APIRequest) -> Fields {
    passed(request.headers).filter {
      $0.name.hasPrefix("x-stream-") || $0.name.hasPrefix("sec-websocket-") || $0.name == "user-agent"
        || $0.name == "origin"
    }
  }

  /// What is passed on of an answer.
  static func answer(_ headers: Fields) -> Fields { passed(headers) }

  private static func passed(_ headers: Fields) -> Fields {
    let named = headers.filter { $0.name == "connection" }.flatMap {
      $0.value.split(separator: ",").map { part in
        String(part.drop { $0 == " " }.prefix { $0 != " " }).lowercased()
      }
    }
    return headers.filter { !hop.contains($0.name) && !named.contains($0.name) }
  }

  private static func host(of address: String) -> String {
    guard let colon = address.lastIndex(of: ":") else { return address }
    return address[..<colon].filter { $0 != "[" && $0 != "]" }
  }

  /// The address of a redirect, as the client is to see it: below what it asked the API server for, unless it leads
  /// elsewhere.
  /// - Parameters:
  ///   - location: as the other side gave it.
  ///   - host: the other side's, with its port.
  ///   - prefix: of the path, which the other side does not know.
  static func location(_ location: String, host: String, prefix: String) -> String {
    var path = Substring(location)
    if let scheme = location.firstRange(of: "://"), location[..<scheme.lowerBound].allSatisfy(\.isLetter) {
      let authority = location[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
      guard authority == host else { return location }
      path = location[authority.endIndex...]
      if !path.hasPrefix("/") { path = "/" + path }
    } else if location.hasPrefix("//") {
      return location
    }
    guard path.hasPrefix("/"), !path.hasPrefix(prefix + "/") else { return String(path) }
    return prefix + path
  }
}
