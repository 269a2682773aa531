import ArgumentParser
import Commands
import Foundation
import GRPC
import MVCC
import NIOCore
import NIOPosix
import WatchAPI

/// `raftkv snapshot save`: as etcdctl's. The file appears whole, durable and checked, in the place of one of that name.
struct SnapshotSaveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "save", abstract: "Save the content of a running member, of raftkv or of etcd, to a file.")

  @Argument(help: "The file to write; one of that name is replaced once the new one is complete.")
  var file: String

  @Option(help: "The client URL of the member.")
  var endpoints = "http://127.0.0.1:2379"

  func run() throws {
    try reportingFailures {
      let url = try endpoint()
      let received = try download(from: url)
      print("Snapshot saved at \(file)")
      if !received.version.isEmpty { print("Server version \(received.version)") }
    }
  }

  private func endpoint() throws(ConfigurationError) -> NetworkURL {
    let parts = endpoints.split(separator: ",")
    guard parts.count == 1, let part = parts.first else {
      throw ConfigurationError(
        .value, "snapshot must be requested to one selected node, not multiple [\(endpoints)]")
    }
    return try NetworkURL.parse(part.contains("://") ? String(part) : "http://\(part)")
  }

  private func download(from url: NetworkURL) throws -> EtcdClient.ReceivedSnapshot {
    let part = file + ".part"
    let sink = try SnapshotFileSink(path: part)
    do {
      let received = try fetch(from: url, into: sink)
      try sink.finish()
      guard rename(part, file) == 0 else {
        throw ConfigurationError(
          .value, "cannot rename \(part) to \(file): \(String(cString: strerror(errno)))")
      }
      syncFolder()
      return received
    } catch {
      unlink(part)
      throw error
    }
  }

  private func fetch(from url: NetworkURL, into sink: SnapshotFileSink) throws -> EtcdClient.ReceivedSnapshot
  {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    defer { try? group.syncShutdownGracefully() }
    // Safe: because one thread, the loop's, writes to it while this one waits.
    nonisolated(unsafe) let sink = sink
    return try ClientConnection.connect(to: .hostPort(url.host, url.port), on: group.next())
      .flatMap { connection in
        EtcdClient(connection).snapshot { bytes in try sink.write(bytes) }
          .always { _ in connection.close(now: true) }
      }.wait()
  }

  /// Makes the name durable; a folder that cannot be synced still has it.
  private func syncFolder() {
    let folder = URL(filePath: file).deletingLastPathComponent().path(percentEncoded: false)
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
