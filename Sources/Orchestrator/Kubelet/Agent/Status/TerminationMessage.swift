import ContainerRuntime

/// What a container said at its end: in its termination file, or last in its log. Pure.
enum TerminationMessage {
  /// At most so many bytes of the file, its last ones.
  static let fileBytes = 4096
  /// At most so many bytes of the log.
  static let logBytes = 2048
  /// At most so many lines of the log.
  static let logLines = 80
  /// So much of a log's end is read: lines have their time and stream before them, and can be long.
  static let logTail = 64 * 1024
  /// At most so many bytes for all containers of a pod.
  static let podBytes = 12 * 1024

  /// Whether the log speaks where the file is silent.
  static func fallsBackToLog(_ status: ContainerStatus) -> Bool {
    status.annotations[KubeletLabels.terminationMessagePolicy] == "FallbackToLogsOnError"
      && status.exitCode != 0 && status.reason != "ContainerCannotRun"
  }

  /// Where the termination file is on the node; nil if there is none.
  static func file(_ status: ContainerStatus) -> String? {
    guard let path = status.annotations[KubeletLabels.terminationMessagePath], !path.isEmpty else {
      return nil
    }
    return status.mounts.first { $0.containerPath == path }?.hostPath
  }

  /// The whole message: the runtime's, then the container's own.
  static func join(_ runtime: String, _ own: String) -> String {
    runtime.isEmpty || own.isEmpty ? runtime + own : "\(runtime): \(own)"
  }

  /// The last lines of the end of a log in the form of CRI: a time, a stream, `F` or `P` for a line that goes on in the
  /// next, and the text.
  ///
  /// - Parameter isWhole: whether the log begins here; else the first line may not be whole, and is left out.
  static func last(ofLog bytes: [UInt8], isWhole: Bool) -> String {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
    if !isWhole { lines = lines.dropFirst() }
    if lines.last?.isEmpty == true { lines = lines.dropLast() }
    var output: [UInt8] = []
    for line in lines.suffix(logLines) {
      let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
      guard parts.count == 4 else { continue }
      output += parts[3]
      if !parts[2].starts(with: [UInt8(ascii: "P")]) { output.append(UInt8(ascii: "\n")) }
    }
    return text(output.suffix(logBytes))
  }

  /// Bytes as a text; half a character at the start does not count.
  static func text(_ bytes: some BidirectionalCollection<UInt8>) -> String {
    String(decoding: bytes.drop { $0 & 0xc0 == 0x80 }, as: UTF8.self)
  }

  /// As much of a message as fits, if there are so many containers.
  static func fitting(_ message: String, containers: Int) -> String {
    let limit = podBytes / max(1, containers)
    guard message.utf8.count > limit else { return message }
    var bytes = Array(message.utf8.prefix(limit + 1))
    // Not half a character.
    while let last = bytes.popLast(), last & 0xc0 == 0x80 {}
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension ObservedPod {
  /// The pod with what its ended containers have said.
  func withMessages(_ files: any NodeFiles) -> ObservedPod {
    guard containers.contains(where: { $0.status.state == .exited }) else { return self }
    let items = containers.map { item in
      guard item.status.state == .exited else { return item }
      var item = item
      item.status.message = TerminationMessage.join(
        item.status.message, Self.message(of: item.status, files))
      return item
    }
    return ObservedPod(sandboxes: sandboxes, containers: items)
  }

  private static func message(of status: ContainerStatus, _ files: any NodeFiles) -> String {
    if let path = TerminationMessage.file(status),
      let tail = try? files.tail(path, limit: TerminationMessage.fileBytes), !tail.bytes.isEmpty
    {
      return TerminationMessage.text(tail.bytes)
    }
    guard TerminationMessage.fallsBackToLog(status), !status.logPath.isEmpty,
      let tail = try? files.tail(status.logPath, limit: TerminationMessage.logTail)
    else { return "" }
    return TerminationMessage.last(ofLog: tail.bytes, isWhole: tail.isWhole)
  }
}
