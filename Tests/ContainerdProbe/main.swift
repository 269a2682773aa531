import ContainerRuntime
import NIOPosix

// Drives a real containerd through the project's own client and says what differs from what it should do.
// Usage: cri-probe FOLDER IMAGES [WORD]: containerd keeps everything below FOLDER, IMAGES has the archives of
// scripts/images, WORD chooses the cases whose names have it. Started by Tests/Robustness/containerd/run, in namespaces
// of its own.

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
  print("usage: cri-probe FOLDER IMAGES [WORD]")
  exitNow(2)
}

let stage = Stage(
  folder: arguments[1], images: arguments[2], on: MultiThreadedEventLoopGroup.singleton.next())
do {
  try await stage.setUp()
} catch {
  print("containerd does not come up: \(error)")
  exitNow(1)
}

var passed = 0
var failed = 0
for (name, body) in lifeCases + serviceCases + recoveryCases {
  guard arguments.count < 4 || name.contains(arguments[3]) else { continue }
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
