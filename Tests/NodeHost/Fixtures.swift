import Foundation
import NodeHost
import Objects
import Testing

/// A folder that is removed when it is let go of.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("node-host-\(UUID())").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Makes a file with its folders.
  func write(_ file: String, _ text: String) throws {
    let url = URL(fileURLWithPath: "\(path)/\(file)")
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  func text(_ file: String) -> String? { try? String(contentsOfFile: "\(path)/\(file)", encoding: .utf8) }
  func names(_ folder: String = "") -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)")) ?? []).sorted()
  }
}

func ranges(_ texts: String...) throws -> [AddressRange] {
  try texts.map { try #require(AddressRange($0)) }
}

func node(_ name: String, _ ranges: [String], address: String) -> JSON {
  var node: JSON = [
    "apiVersion": "v1", "kind": "Node", "metadata": ["name": .string(name)],
    "spec": ["podCIDRs": .array(ranges.map { .string($0) })],
    "status": [
      "addresses": [
        ["type": "Hostname", "address": .string(name)],
        ["type": "InternalIP", "address": .string(address)],
      ]
    ],
  ]
  if let first = ranges.first { node["spec", "podCIDR"] = .string(first) }
  return node
}
