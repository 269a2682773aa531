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
}
