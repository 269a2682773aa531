// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
]

/// Making and reading certificates.
let certificates: [Target.Dependency] = [
  .product(name: "X509", package: "swift-certificates"),
  .product(name: "Crypto", package: "swift-crypto"),
  .product(name: "SwiftASN1", package: "swift-asn1"),
]

/// A module of the product; `path` shows its place in the architecture.
func module(
  _ name: String, path: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
  .target(name: name, dependencies: dependencies, path: path, exclude: exclude, swiftSettings: settings)
}

/// A command: argument parsing and wiring, nothing else.
func command(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, path: "Sources/Commands/\(name)",
    swiftSettings: settings)
}

/// The tests of one module, in `Tests/<name>`.
func tests(_ name: String, _ dependencies: [Target.Dependency], data: [String] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies, path: "Tests/\(name)", exclude: data,
    swiftSettings: settings)
}

let package = Package(
  name: "raftkv",
  products: [
    .executable(name: "raftkv", targets: ["raftkv"]),
    .executable(name: "bench", targets: ["bench"]),
    .executable(name: "orchestrator", targets: ["orchestrator"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    .systemLibrary(
      name: "CLMDB", path: "Sources/System/CLMDB", pkgConfig: "lmdb",
      providers: [.apt(["liblmdb-dev"])]),
    .systemLibrary(
      name: "CNghttp2", path: "Sources/System/CNghttp2", pkgConfig: "libnghttp2",
      providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(
      name: "CZstd", path: "Sources/System/CZstd", pkgConfig: "libzstd",
      providers: [.apt(["libzstd-dev"])]),
    .target(name: "CChecksum", path: "Sources/System/CChecksum"),
    .target(name: "CSparseFile", path: "Sources/System/CSparseFile"),
    module("Checksum", path: "Sources/System/Checksum", ["CChecksum"]),

    module("Raft", path: "Sources/RaftKV/Raft"),
    module("WAL", path: "Sources/RaftKV/WAL", ["CChecksum"]),
    module("MVCC", path: "Sources/RaftKV/MVCC", ["CLMDB", "CZstd", "CChecksum", "CSparseFile"]),
    module("EtcdImport", path: "Sources/RaftKV/Import", ["MVCC", "Checksum", "CChecksum"]),
    module(
      "RaftKV", path: "Sources/RaftKV/Node",
      [
        "Raft", "WAL", "MVCC", .product(name: "Logging", package: "swift-log"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "HeapModule", package: "swift-collections"),
      ]),

    module(
      "Peers", path: "Sources/RaftKV/Peers",
      [
        "Raft", "RaftKV", "CChecksum", .product(name: "Logging", package: "swift-log"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ] + certificates + nio),

    module("Objects", path: "Sources/Orchestrator/Objects", ["Checksum"]),
    module("Scheduler", path: "Sources/Orchestrator/Scheduler", ["Objects"]),
    module("Exchange", path: "Sources/Orchestrator/Exchange", ["Objects"]),
    module("Client", path: "Sources/Orchestrator/Client", ["Objects", "Exchange"]),
    module(
      "Controllers", path: "Sources/Orchestrator/Controllers", ["Objects", "Exchange", "Client"]),
    module(
      "SchedulerLoop", path: "Sources/Orchestrator/SchedulerLoop",
      ["Objects", "Exchange", "Client", "Scheduler"]),
    module("SimulatedNodes", path: "Sources/Orchestrator/SimulatedNodes", ["Objects", "Exchange", "Client"]),
    module(
      "Access", path: "Sources/Orchestrator/APIServer/Access", ["Objects", "Exchange"] + certificates),
    module("Storage", path: "Sources/Orchestrator/APIServer/Storage", ["Objects", "Exchange"]),

    module(
      "HTTP", path: "Sources/WatchAPI/HTTP",
      [
        "CNghttp2", .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "DequeModule", package: "swift-collections"),
      ] + nio),
    module(
      "GRPC", path: "Sources/WatchAPI/GRPC",
      ["HTTP", .product(name: "DequeModule", package: "swift-collections")] + nio),
    module(
      "Proto", path: "Sources/WatchAPI/Proto",
      [.product(name: "SwiftProtobuf", package: "swift-protobuf")], exclude: ["Definitions"]),
    module(
      "WatchAPI", path: "Sources/WatchAPI/Etcd",
      [
        "RaftKV", "MVCC", "Checksum", "HTTP", "GRPC", "Proto",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ] + nio),

    module(
      "Registry", path: "Sources/Orchestrator/APIServer/Registry", ["Objects", "Exchange", "Storage"]),
    module(
      "Admission", path: "Sources/Orchestrator/APIServer/Admission",
      ["Objects", "Exchange", "Registry", "Storage"]),
    module(
      "APIServer", path: "Sources/Orchestrator/APIServer/Serving",
      ["Objects", "Exchange", "Storage", "Access", "Registry", "Admission"]),
    module(
      "StoreLinks", path: "Sources/Orchestrator/APIServer/StoreLinks",
      [
        "Storage", "RaftKV", "MVCC", "WatchAPI", "GRPC", "HTTP", "Proto",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ] + nio),

    module("DNS", path: "Sources/Orchestrator/DNS", ["Objects", "Exchange", "Client"] + nio),
    module(
      "ContainerRuntime", path: "Sources/Orchestrator/Kubelet/CRI",
      ["Checksum", "GRPC", "HTTP", .product(name: "SwiftProtobuf", package: "swift-protobuf")] + nio,
      exclude: ["Definitions"]),
    module(
      "Kubelet", path: "Sources/Orchestrator/Kubelet/Agent",
      ["Checksum", "Objects", "Exchange", "Client", "ContainerRuntime"]),
    module(
      "NodeHost", path: "Sources/Orchestrator/Kubelet/Host",
      [
        "Kubelet", "ContainerRuntime", "Objects", "Exchange", "Client", "GRPC", "HTTP",
        .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ] + nio),
    module(
      "KubeletServer", path: "Sources/Orchestrator/Kubelet/Server",
      ["Checksum", "Objects", "Exchange", "Client", "HTTP", "ContainerRuntime"] + nio),
    module(
      "LocalVolumes", path: "Sources/Orchestrator/Kubelet/LocalVolumes", ["Objects", "Exchange", "Client"]),
    module("NodeJoin", path: "Sources/Orchestrator/NodeJoin", ["Objects", "Exchange", "Client"]),
    module("Cloud", path: "Sources/Orchestrator/Cloud", ["Objects", "Exchange", "Client"]),
    module(
      "NodeMetrics", path: "Sources/Orchestrator/APIServer/NodeMetrics", ["Objects", "Exchange", "Client"]),
    module(
      "NodeLinks", path: "Sources/Orchestrator/APIServer/NodeLinks",
      ["Objects", "Exchange", "Registry", "RemoteAPI", "HTTP"] + nio),
    module("Proxy", path: "Sources/Orchestrator/Proxy", ["Checksum", "Objects", "Client"]),
    module("YAMLObjects", path: "Sources/Orchestrator/YAML", ["Objects", "Yams"]),
    module(
      "RemoteAPI", path: "Sources/Orchestrator/RemoteAPI",
      ["Exchange", "HTTP", "Yams", .product(name: "NIOCore", package: "swift-nio")]),

    module(
      "Bench", path: "Sources/Bench",
      [
        "RaftKV", "MVCC", "WatchAPI", "GRPC", "Objects", "Exchange", "Client", "Scheduler", "RemoteAPI",
        .product(name: "Histogram", package: "hdrhistogram-swift"),
        .product(name: "Logging", package: "swift-log"),
      ] + nio),

    module(
      "Commands", path: "Sources/Commands/Serve",
      [.product(name: "Logging", package: "swift-log"), "Yams"]),
    module(
      "StoreServer", path: "Sources/Commands/StoreServer",
      [
        "Commands", "RaftKV", "MVCC", "Peers", "WatchAPI", "GRPC", "HTTP",
        .product(name: "Logging", package: "swift-log"),
      ] + nio),
    command(
      "raftkv",
      [
        "Commands", "StoreServer", "EtcdImport", "RaftKV", "MVCC", "WAL", "WatchAPI", "GRPC", "HTTP",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ] + nio),
    command(
      "orchestrator",
      [
        "Commands", "StoreServer", "APIServer", "Access", "Admission", "Client", "Controllers", "Checksum",
        "SchedulerLoop",
        "SimulatedNodes", "Storage", "StoreLinks", "Proxy", "Kubelet", "NodeHost", "KubeletServer",
        "LocalVolumes", "NodeJoin", "Cloud", "NodeMetrics", "NodeLinks", "ContainerRuntime", "DNS",
        "RemoteAPI", "YAMLObjects", "Objects", "Exchange",
        "GRPC",
        "HTTP",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ] + nio),
    command(
      "bench", ["Bench", .product(name: "ArgumentParser", package: "swift-argument-parser")]),

    tests("Checksum", ["Checksum", "CChecksum"]),
    tests("Raft", ["Raft"], data: ["testdata"]),
    tests("WAL", ["WAL"]),
    tests("MVCC", ["MVCC", "CLMDB"]),
    tests("EtcdImport", ["EtcdImport", "MVCC", "Checksum"]),
    tests(
      "RaftKV",
      ["RaftKV", "Raft", "WAL", "MVCC", .product(name: "Logging", package: "swift-log")]),
    tests(
      "Peers",
      ["Peers", "Raft", "RaftKV", .product(name: "Logging", package: "swift-log")] + certificates + nio),
    tests("Objects", ["Objects"]),
    tests("Scheduler", ["Scheduler", "Objects"]),
    tests("Exchange", ["Exchange", "Objects"]),
    module("ClientSupport", path: "Tests/ClientSupport", ["Client", "Objects", "Exchange"]),
    tests("Client", ["Client", "ClientSupport", "Objects", "Exchange"]),
    tests(
      "SchedulerLoop",
      ["SchedulerLoop", "Scheduler", "Client", "ClientSupport", "Objects", "Exchange"]),
    tests("SimulatedNodes", ["SimulatedNodes", "Client", "ClientSupport", "Objects", "Exchange"]),
    tests("DNS", ["DNS", "Objects", "Exchange", "Client", "ClientSupport"] + nio),
    .executableTarget(
      name: "dns-fixture", dependencies: ["DNS", "Objects", "Client", "ClientSupport"] + nio,
      path: "Tests/DNSFixture", swiftSettings: settings),
    tests(
      "ContainerRuntime",
      [
        "ContainerRuntime", "GRPC", "HTTP", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ] + nio),
    .executableTarget(
      name: "cri-probe",
      dependencies: ["ContainerRuntime", "KubeletServer", "HTTP", "Objects", "Exchange", "Client"] + nio,
      path: "Tests/ContainerdProbe", swiftSettings: settings),
    .executableTarget(
      name: "volumes-fixture", dependencies: ["LocalVolumes", "Objects", "Client", "ClientSupport"],
      path: "Tests/VolumesFixture", swiftSettings: settings),
    .executableTarget(
      name: "node-host-fixture",
      dependencies: ["NodeHost", "Kubelet", "ContainerRuntime", "Client", "ClientSupport", "Objects"],
      path: "Tests/NodeHostFixture", swiftSettings: settings),
    tests("Kubelet", ["Kubelet", "ContainerRuntime", "Client", "ClientSupport", "Objects", "Exchange"]),
    tests(
      "NodeHost",
      [
        "NodeHost", "Kubelet", "ContainerRuntime", "Objects", "Exchange", "Client", "ClientSupport", "GRPC",
        "HTTP", .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ] + nio),
    tests(
      "KubeletServer",
      [
        "KubeletServer", "ContainerRuntime", "Objects", "Exchange", "Client", "ClientSupport", "HTTP",
      ] + nio),
    tests("LocalVolumes", ["LocalVolumes", "Client", "ClientSupport", "Objects", "Exchange"]),
    tests("NodeJoin", ["NodeJoin", "Client", "ClientSupport", "Objects", "Exchange"]),
    tests("Cloud", ["Cloud", "Client", "ClientSupport", "Objects", "Exchange"]),
    tests("NodeMetrics", ["NodeMetrics", "Objects", "Exchange", "Client", "ClientSupport"]),
    tests("NodeLinks", ["NodeLinks", "Registry", "RemoteAPI", "HTTP", "Objects", "Exchange"] + nio),
    tests("Proxy", ["Proxy", "Client", "ClientSupport", "Objects"]),
    tests("YAMLObjects", ["YAMLObjects", "Objects"]),
    tests("RemoteAPI", ["RemoteAPI"]),
    tests("Controllers", ["Controllers", "Client", "Objects", "Exchange"]),
    module("StorageSupport", path: "Tests/StorageSupport", ["Storage"]),
    tests("Storage", ["Storage", "StorageSupport", "Objects", "Exchange"]),
    tests("Access", ["Access", "Objects", "Exchange"] + certificates),
    tests("Registry", ["Registry", "Storage", "StorageSupport", "Objects", "Exchange"]),
    tests("Admission", ["Admission", "Registry", "Storage", "Objects", "Exchange"]),
    tests(
      "APIServer",
      ["APIServer", "Registry", "Storage", "StorageSupport", "Objects", "Exchange"]),
    tests(
      "HTTP",
      [
        "HTTP", "WireSupport", "CNghttp2", .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
      ] + nio),
    module("WireSupport", path: "Tests/WireSupport", nio),
    tests("GRPC", ["GRPC", "HTTP", "WireSupport"] + nio),
    tests(
      "WatchAPI",
      [
        "WatchAPI", "RaftKV", "MVCC", "Checksum", "GRPC", "HTTP", "Proto",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ] + nio),
    tests("Bench", ["Bench", "MVCC", "GRPC", "HTTP"] + nio),
    tests("Commands", ["Commands", .product(name: "Logging", package: "swift-log")]),
    tests("Tidy", []),

    // The simulator: a library, a command that runs many seeds, and tests that run a few.
    .target(
      name: "Simulation",
      dependencies: [
        "RaftKV", "Raft", "WAL", "MVCC", .product(name: "Logging", package: "swift-log"),
        .product(name: "DequeModule", package: "swift-collections"),
      ], path: "Tests/Simulation/Library", swiftSettings: settings),
    .executableTarget(
      name: "sim", dependencies: ["Simulation"], path: "Tests/Simulation/Command", swiftSettings: settings),
    .testTarget(
      name: "SimulationTests", dependencies: ["Simulation"], path: "Tests/Simulation/Cases",
      swiftSettings: settings),
  ]
)
