import Foundation
public import Objects
import Yams

/// YAML as Kubernetes reads and writes it: the values of JSON in another notation.
public enum YAML {
  /// Deeper documents are refused.
  private static let depth = JSON.maximumDepth

  /// A document that cannot be read.
  public struct Failure: Error, Hashable, CustomStringConvertible {
    /// What is wrong.
    public let description: String
  }

  /// Reads one document.
  /// - Throws: for text that is not UTF-8 or not YAML, documents that are too deep, and aliases.
  public static func json(_ bytes: [UInt8]) throws(Failure) -> JSON {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(description: "yaml: control characters are not allowed")
    }
    do {
      guard let node = try Yams.compose(yaml: text) else { return .null }
      // Only aliases make more values than there are bytes: a few lines of them can stand for billions.
      var budget = bytes.count + 1
      return try json(node, depth: 0, budget: &budget)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(description: "yaml: \(error)")
    }
  }

  private static func json(_ node: Node, depth: Int, budget: inout Int) throws -> JSON {
    budget -= 1
    guard budget >= 0 else { throw Failure(description: "yaml: document contains excessive aliasing") }
    guard depth < Self.depth else { throw Failure(description: "yaml: exceeded max depth") }
    switch node {
    case .mapping(let mapping):
      var members: [(String, JSON)] = []
      for (key, value) in mapping {
        guard let name = key.scalar?.string else {
          throw Failure(description: "yaml: a key that is no scalar")
        }
        members.append((name, try json(value, depth: depth + 1, budget: &budget)))
      }
      return .object(JSONObject(members))
    case .sequence(let sequence):
      var elements: [JSON] = []
      for element in sequence { elements.append(try json(element, depth: depth + 1, budget: &budget)) }
      return .array(elements)
    case .scalar(let scalar): return json(scalar)
    case .alias: throw Failure(description: "yaml: aliases are not supported")
    }
  }

  private static func json(_ scalar: Node.Scalar) -> JSON {
    guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
    let text = scalar.string
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    // As YAML 1.1 has them, which Kubernetes reads.
    case "true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON": return .boolean(true)
    case "false", "False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF": return .boolean(false)
    default: break
    }
    // As JSON writes numbers, and YAML's other bases.
    if let integer = integer(text) { return .integer(integer) }
    if text.utf8.first.map({ "+-.0123456789".utf8.contains($0) }) ?? false, let number = Double(text),
      number.isFinite
    {
      return .number(number)
    }
    return .string(text)
  }

  /// An integer in YAML 1.1's notations: decimal, or in another base, octal with a plain zero before it too.
  private static func integer(_ text: String) -> Int64? {
    let isNegative = text.hasPrefix("-")
    let digits = text.dropFirst(isNegative || text.hasPrefix("+") ? 1 : 0).lowercased()
    guard digits.first?.isNumber == true else { return nil }
    let sign = isNegative ? "-" : ""
    for (prefix, base) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
      return Int64(sign + digits.dropFirst(2), radix: base)
    }
    if digits.count > 1, digits.hasPrefix("0") { return Int64(sign + digits, radix: 8) }
    return Int64(sign + digits)
  }

  /// Writes one document, in block style with sorted keys.
  public static func bytes(_ value: JSON) -> [UInt8] {
    var output = ""
    write(value, indent: 0, to: &output)
    if output.hasPrefix("\n") { output.removeFirst() }
    if !output.hasSuffix("\n") { output += "\n" }
    return Array(output.utf8)
  }

  private static func write(_ value: JSON, indent: Int, to output: inout String) {
    let margin = String(repeating: " ", count: indent)
    switch value {
    case .object(let object) where !object.isEmpty:
      for member in object {
        output += "\n" + margin + scalar(member.key) + ":"
        // Lists begin below their key without a further margin, as Kubernetes' own tools write them.
        if case .array(let elements) = member.value, !elements.isEmpty {
          write(member.value, indent: indent, to: &output)
        } else {
          write(member.value, indent: indent + 2, to: &output)
        }
      }
    case .array(let elements) where !elements.isEmpty:
      for element in elements {
        var inner = ""
        write(element, indent: indent + 2, to: &inner)
        let lead = "\n" + margin + "  "
        output +=
          "\n" + margin + "- "
          + (inner.hasPrefix(lead)
            ? String(inner.dropFirst(lead.count)) : String(inner.drop(while: { $0 == " " })))
      }
    case .string(let text) where text.contains("\n") && isBlock(text):
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      let isEnded = text.hasSuffix("\n")
      output += isEnded ? " |" : " |-"
      for line in isEnded ? lines.dropLast() : lines[...] {
        output += "\n" + (line.isEmpty ? "" : margin + line)
      }
    case .string(let text): output += " " + scalar(text)
    default: output += " " + value.text
    }
  }

  /// Whether a text of several lines can stand as a block: its first line shows the margin.
  private static func isBlock(_ text: String) -> Bool {
    guard let first = text.first, first != " ", first != "\n", first != "\t" else { return false }
    return !text.hasSuffix("\n\n")
      && !text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" && $0 != "\t" || $0 == "\u{7f}" }
  }

  private static func scalar(_ text: String) -> String {
    let isPlain =
      !text.isEmpty && json(Node.Scalar(text, Tag(.implicit), .plain)) == .string(text)
      && text.utf8.first.map { !"!&*-?|>@`\"'%{}[],#: .=~<".utf8.contains($0) } ?? false
      && !text.contains(": ") && !text.contains(" #") && !text.hasSuffix(":") && !text.hasSuffix(" ")
      && !text.unicodeScalars.contains { $0.value < 32 || $0.value == 127 }
    return isPlain ? text : JSON.string(text).text
  }
}
