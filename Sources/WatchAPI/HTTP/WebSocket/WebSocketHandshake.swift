/// How a WebSocket begins (RFC 6455, 4). Pure.
public enum WebSocketHandshake {
  /// What a client must send to ask for a WebSocket.
  /// - Parameters:
  ///   - protocols: what the two sides may speak within it, best first.
  ///   - key: 16 bytes that nobody can foresee.
  public static func request(protocols: [String], key: [UInt8]) -> [(name: String, value: String)] {
    var headers = [
      (name: "sec-websocket-version", value: "13"), (name: "sec-websocket-key", value: base64(key)),
    ]
    if !protocols.isEmpty {
      headers.append((name: "sec-websocket-protocol", value: protocols.joined(separator: ", ")))
    }
    return headers
  }

  /// The fields of a server's answer beside `upgrade` and `connection`; nil if the request is not as it must be.
  /// - Parameter chosen: the protocol to be spoken within it, one of those offered.
  public static func answer(
    to headers: [(name: String, value: String)], protocol chosen: String?
  ) -> [(name: String, value: String)]? {
    func value(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    guard value("upgrade")?.lowercased() == "websocket", value("sec-websocket-version") == "13",
      let key = value("sec-websocket-key"), key.utf8.count == 24
    else { return nil }
    var answer = [(name: "sec-websocket-accept", value: accept(key))]
    if let chosen { answer.append((name: "sec-websocket-protocol", value: chosen)) }
    return answer
  }

  /// The protocols that a request offers, in its order.
  public static func protocols(_ headers: [(name: String, value: String)]) -> [String] {
    headers.filter { $0.name == "sec-websocket-protocol" }.flatMap { field in
      field.value.split(separator: ",").map { part in String(part.filter { $0 != " " && $0 != "\t" }) }
    }
  }

  /// What proves that a server has understood the key.
  public static func accept(_ key: String) -> String {
    base64(SHA1.hash(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
  }

  static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      bits <<= 8 * UInt32(3 - group.count)
      for place in 0..<4 {
        text.append(place <= group.count ? digits[Int(bits >> (18 - 6 * UInt32(place)) & 63)] : "=")
      }
    }
    return text
  }
}

/// SHA-1 (RFC 3174), which the handshake prescribes; it protects nothing there.
enum SHA1 {
  static func hash(_ message: [UInt8]) -> [UInt8] {
    var bytes = message + [0x80]
    while bytes.count % 64 != 56 { bytes.append(0) }
    bytes += withUnsafeBytes(of: UInt64(message.count * 8).bigEndian) { Array($0) }
    var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
    for start in stride(from: 0, to: bytes.count, by: 64) { mix(bytes[start..<(start + 64)], &state) }
    return state.flatMap { word in withUnsafeBytes(of: word.bigEndian) { Array($0) } }
  }

  private static func mix(_ block: ArraySlice<UInt8>, _ state: inout [UInt32]) {
    func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 - count) }
    var words = stride(from: block.startIndex, to: block.endIndex, by: 4).map { index in
      block[index..<(index + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    for index in 16..<80 {
      words.append(
        rotated(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1))
    }
    var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
    for index in 0..<80 {
      let (choice, constant): (UInt32, UInt32) =
        switch index / 20 {
        case 0: (b & c | ~b & d, 0x5A82_7999)
        case 1: (b ^ c ^ d, 0x6ED9_EBA1)
        case 2: (b & c | b & d | c & d, 0x8F1B_BCDC)
        default: (b ^ c ^ d, 0xCA62_C1D6)
        }
      let next = rotated(a, 5) &+ choice &+ e &+ constant &+ words[index]
      (a, b, c, d, e) = (next, a, rotated(b, 30), c, d)
    }
    for (index, word) in [a, b, c, d, e].enumerated() { state[index] &+= word }
  }
}
