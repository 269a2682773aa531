import Client
import ClientSupport
import ContainerRuntime
import Objects
import Synchronization
import Testing

@testable import Kubelet

private func log(_ lines: String...) -> [UInt8] {
  Array(lines.map { "2026-01-01T00:00:00.1Z \($0)\n" }.joined().utf8)
}

@Suite struct TerminationMessageTests {
  @Test(
    arguments: [
      (log("stdout F one", "stderr F two  words", "stdout F "), true, "one\ntwo  words\n\n"),
      (log("stdout F cut", "stdout F whole"), false, "whole\n"),
      (log("stdout P half ", "stdout F line", "stdout P open"), true, "half line\nopen"),
      (log("stdout P:X tagged ", "stdout F:X line"), true, "tagged line\n"),
      (Array("no log at all\n\u{0}\n".utf8), true, "all\n"),
      ([], true, ""), ([], false, ""),
    ] as [([UInt8], Bool, String)])
  func `the end of a log is read`(bytes: [UInt8], isWhole: Bool, expected: String) {
    #expect(TerminationMessage.last(ofLog: bytes, isWhole: isWhole) == expected)
  }

  @Test func `a long log is cut to its last lines and bytes`() {
    let lines = (1...200).map { "2026-01-01T00:00:00Z stdout F \($0)\n" }.joined()
    let expected = (121...200).map { "\($0)\n" }.joined()
    #expect(TerminationMessage.last(ofLog: Array(lines.utf8), isWhole: true) == expected)
    let long = log("stdout F " + String(repeating: "é", count: 3000))
    let last = TerminationMessage.last(ofLog: long, isWhole: true)
    #expect(last == String(repeating: "é", count: 1023) + "\n")
  }

  @Test(
    arguments: [
      ("", "", ""), ("oom", "", "oom"), ("", "own", "own"), ("oom", "own", "oom: own"),
    ])
  func `the runtime's words come first`(runtime: String, own: String, expected: String) {
    #expect(TerminationMessage.join(runtime, own) == expected)
  }

  @Test func `messages of a pod share what there is`() {
    let text = String(repeating: "é", count: 10_000)
    #expect(TerminationMessage.fitting(text, containers: 1).utf8.count == 12288)
    #expect(TerminationMessage.fitting(text, containers: 7).utf8.count == 1754)
    #expect(TerminationMessage.fitting("short", containers: 7) == "short")
  }

  @Test(
    arguments: [
      ("File", 1, "said", "said"), ("File", 1, "", nil), ("FallbackToLogsOnError", 1, "said", "said"),
      ("FallbackToLogsOnError", 1, "", "logged\n"), ("FallbackToLogsOnError", 0, "", nil),
    ] as [(String, Int32, String, String?)])
  func `the status tells what a container said last`(
    policy: String, exit: Int32, said: String, expected: String?
  ) async throws {
    let memory = MemoryFiles()
    let node = try Node(
      volumes: NodeVolumes(files: memory, mounter: FakeMounter(), stamp: stamps()),
      options: KubeletOptions(files: memory))
    node.put(
      pod(
        [
          [
            "name": "c", "image": "i", "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": .string(policy),
          ]
        ], policy: "Never"))
    try await node.run {
      #expect(await node.isRunning())
      try memory.write("/var/lib/kubelet/pods/u/containers/c/0", Array(said.utf8), mode: 0o666)
      try memory.write("/log/c-0", log("stdout F logged"), mode: 0o644)
      node.runtime.end("c-0", exitCode: exit)
      #expect(await node.passes { ["Failed", "Succeeded"].contains(node.pod?["status", "phase"]) })
      let state = node.pod?["status", "containerStatuses"]?.array?.first?["state", "terminated"]
      #expect(state?["message"]?.string == expected)
      #expect(state?["exitCode"]?.integer == Int64(exit))
    }
  }

  @Test func `the machine's files are read from their end`() throws {
    let path = "/tmp/kubelet-tail-\(UInt64.random(in: 0 ... .max))"
    let files = SystemFiles()
    defer { try? files.remove(path) }
    let none = try files.tail(path, limit: 3)
    #expect(none == nil)
    try files.write(path, [1, 2, 3, 4], mode: 0o600)
    let short = try #require(try files.tail(path, limit: 3))
    #expect(short.bytes == [2, 3, 4] && !short.isWhole)
    let whole = try #require(try files.tail(path, limit: 4))
    #expect(whole.bytes == [1, 2, 3, 4] && whole.isWhole)
  }
}
