import Objects
import Proxy

func service(
  named name: String = "web", ip: String = "10.96.0.10", ports: JSON = [["name": "http", "port": 80]],
  spec: JSON = [:],
  status: JSON = [:]
) -> JSON {
  var whole = spec
  whole["clusterIP"] = .string(ip)
  whole["ports"] = ports
  return ["metadata": ["namespace": "n", "name": .string(name)], "spec": whole, "status": status]
}

/// A slice with endpoints of this form: address, node, ready, serving, terminating.
func slice(
  of service: String = "web", name: String = "web-1", port: Int64 = 8080, portName: String = "http",
  transport: String = "TCP", _ endpoints: [(String, String, Bool, Bool, Bool)]
) -> JSON {
  [
    "metadata": [
      "namespace": "n", "name": .string(name), "labels": ["kubernetes.io/service-name": .string(service)],
    ],
    "addressType": "IPv4",
    "ports": [["name": .string(portName), "port": .integer(port), "protocol": .string(transport)]],
    "endpoints": .array(
      endpoints.map { address, node, ready, serving, terminating in
        [
          "addresses": [.string(address)], "nodeName": .string(node),
          "conditions": [
            "ready": .boolean(ready), "serving": .boolean(serving), "terminating": .boolean(terminating),
          ],
        ]
      }),
  ]
}

func ready(_ address: String, _ node: String = "other") -> (String, String, Bool, Bool, Bool) {
  (address, node, true, true, false)
}

/// The rules of one service on the node `me`, with names that are easy to read: hashes are left out.
func rules(_ service: JSON, _ slices: JSON..., clusterCIDR: String = "") -> [String] {
  var table = ServiceTable(node: "me", clusterCIDR: clusterCIDR)
  table.setService("n/web", service)
  for slice in slices { table.setSlice(slice) }
  _ = table.update()
  return lines(table.rules)
}

func lines(_ rules: NFTables) -> [String] {
  let chains = rules.chains.sorted { $0.key < $1.key }.flatMap { name, rules in rules.map { "\(name): \($0)" }
  }
  let sets = rules.sets.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)s" }
  let elements = rules.elements.sorted { $0.key < $1.key }.map {
    "\($0.key.map.rawValue): \($0.key.text): \($0.value)"
  }
  return (chains + sets + elements).map { line in
    line.replacing(#/-[A-Z2-7]{10}-/#, with: "-")
      .replacing(#/-n\/web\/(tcp|udp|sctp)\/[a-z]*__/#, with: "-").replacing(
        #/-n\/web\/(tcp|udp|sctp)\/[a-z]*/#, with: "")
  }.sorted()
}
