import ContainerRuntime
import NIOPosix

// Drives a real containerd through the project's own client and says what differs from what it should do.
// Started by Tests/Robustness/containerd/run, in namespaces of its own.

let usage = """
  usage: cri-probe FOLDER IMAGES [--only WORD] [--snapshotter overlayfs|native] [--measure PODS]
    containerd keeps everything below FOLDER; IMAGES has the archives of scripts/images. WORD chooses the cases
    whose names have it. With --measure pods are made one after another, and the median time of each call is told.
  """

var positional: [String] = []
var options: [String: String] = [:]
var rest = CommandLine.arguments.dropFirst()
while let argument = rest.popFirst() {
  if argument.hasPrefix("--") {
    options[argument] = rest.popFirst() ?? ""
  } else {
    positional.append(argument)
  }
}
guard positional.count == 2 else {
  print(usage)
  exitNow(2)
}

let stage = Stage(
  folder: positional[0], images: positional[1],
  snapshotter: options["--snapshotter"].flatMap { ContainerdConfiguration.Snapshotter(rawValue: $0) },
  on: MultiThreadedEventLoopGroup.singleton.next())
do {
  try await stage.setUp()
} catch {
  print("containerd does not come up: \(error)")
  await stage.tearDown()
  exitNow(1)
}

if let pods = options["--measure"].flatMap({ Int($0) }) {
  do {
    try await measure(stage, pods: max(pods, 1))
  } catch {
    print("the measurement fails: \(error)")
  }
  await stage.tearDown()
  exitNow(0)
}

var passed = 0
var failed = 0
for (name, body) in lifeCases + serviceCases + portCases + recoveryCases {
  if let word = options["--only"], !name.contains(word) { continue }
  let start = ContinuousClock.now
  do {
    try await body(stage)
    passed += 1
    print("  \(name) \(milliseconds(.now - start)) ms")
  } catch {
    failed += 1
    print("failed: \(name)\n  \(error)")
  }
  await stage.clean()
}
await stage.tearDown()
print("\(passed) passed, \(failed) failed")
exitNow(passed > 0 && failed == 0 ? 0 : 1)
