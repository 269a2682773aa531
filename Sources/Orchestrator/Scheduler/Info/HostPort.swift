internal import Objects

/// A port of the node that a pod wants for itself.
struct HostPort: Sendable, Hashable {
  /// `0.0.0.0` for all addresses.
  let address: String
  /// `TCP`, `UDP` or `SCTP`.
  let protocolName: String
  let port: Int64

  static let everyAddress = "0.0.0.0"

  func conflicts(with other: HostPort) -> Bool {
    port == other.port && protocolName == other.protocolName
      && (address == other.address || address == Self.everyAddress || other.address == Self.everyAddress)
  }

  /// The host ports of a pod: those of its containers and of its init containers that keep running.
  static func all(spec: JSON) -> [HostPort] {
    var ports: [HostPort] = []
    func collect(_ container: JSON) {
      for port in container["ports"]?.array ?? [] {
        guard let number = port["hostPort"]?.integer, number > 0 else { continue }
        let address = port["hostIP"]?.string ?? ""
        let protocolName = port["protocol"]?.string ?? ""
        ports.append(
          HostPort(
            address: address.isEmpty ? everyAddress : address,
            protocolName: protocolName.isEmpty ? "TCP" : protocolName, port: number))
      }
    }
    for container in spec["initContainers"]?.array ?? []
    where container["restartPolicy"]?.string == "Always" { collect(container) }
    for container in spec["containers"]?.array ?? [] { collect(container) }
    return ports
  }
}
