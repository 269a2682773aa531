import Foundation
import SwiftASN1
import X509

/// The names of a server in its certificate.
enum SubjectName {
  /// An address if the text is one, else a DNS name.
  static func parse(_ text: String) -> GeneralName {
    for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
      var bytes = [UInt8](repeating: 0, count: count)
      if inet_pton(family, text, &bytes) == 1 { return .ipAddress(ASN1OctetString(contentBytes: bytes[...])) }
    }
    return .dnsName(text)
  }

  /// The text of an address; nil for every other name.
  static func address(_ name: GeneralName) -> String? {
    guard case .ipAddress(let address) = name,
      let family = [4: AF_INET, 16: AF_INET6][address.bytes.count]
    else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(family, Array(address.bytes), &text, socklen_t(text.count)) != nil else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
