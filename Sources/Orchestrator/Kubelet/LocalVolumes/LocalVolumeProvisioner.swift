public import Client
import Exchange
import Objects

/// Makes, keeps, expands and removes the local volumes of one node.
///
/// A volume's file is there before its object is, and goes before its object does: at every stop, what is left can be
/// found and gone on with.
public struct LocalVolumeProvisioner: Sendable {
  /// What the queue is about.
  enum Key: Sendable, Hashable {
    case claim(ObjectKey)
    case volume(String)
    /// The object of this name is gone, and its file may be kept.
    case gone(String)
  }

  private static let workers = 2
  private static let longestBackOff = Duration.seconds(60)

  let client: APIClient
  let node: String
  let files: VolumeFiles
  let recorder: EventRecorder
  let time: any TimeSource
  let report: @Sendable (String) -> Void
  private let informers: InformerSet

  /// A provisioner.
  ///
  /// - Parameters:
  ///   - informers: of claims, volumes and classes; run by somebody else.
  ///   - recorder: tells users; run by somebody else.
  ///   - node: the node's name.
  ///   - folder: where the volumes are.
  ///   - report: hears of failures that will be tried again.
  public init(
    client: APIClient, informers: InformerSet, recorder: EventRecorder, node: String, folder: String,
    commands: any VolumeCommands = SystemVolumeCommands(), time: any TimeSource = SystemTime(),
    report: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.client = client
    self.informers = informers
    self.recorder = recorder
    self.node = node
    self.time = time
    self.report = report
    files = VolumeFiles(folder: folder, commands: commands)
  }

  /// Works until the task is cancelled. Volumes stay mounted then: pods may go on with them.
  public func run() async {
    guard let resources = LocalVolumeResources() else { return }
    let work = LocalVolumeWork(
      provisioner: self, resources: resources, claims: informers.informer(for: resources.claims),
      volumes: informers.informer(for: resources.volumes),
      classes: informers.informer(for: resources.storageClasses))
    let queue = WorkQueue<Key>(
      time: time, initialDelay: .seconds(1), maximumDelay: Self.longestBackOff)
    while !Task.isCancelled {
      guard let problem = await prepare() else { break }
      report("local volumes in \(files.folder): \(problem)")
      do { try await time.sleep(for: Self.longestBackOff) } catch { return }
    }
    listen(work, queue)
    for informer in [work.claims, work.volumes, work.classes] { await informer.waitForSync() }
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<Self.workers {
        group.addTask {
          while let key = await queue.next() {
            do throws(LocalVolumeFailure) {
              try await work.sync(key)
              queue.forget(key)
            } catch {
              if !error.isConflict { report("\(key): \(error.message)") }
              queue.addRateLimited(key)
            }
            queue.done(key)
          }
        }
      }
    }
  }

  private func prepare() async -> String? {
    do throws(VolumeFiles.Failure) {
      try await files.prepare()
      return nil
    } catch {
      return error.message
    }
  }

  private func listen(_ work: LocalVolumeWork, _ queue: WorkQueue<Key>) {
    let node = node
    work.claims.addHandler { event in
      switch event {
      case .added(let claim), .updated(_, let claim):
        let volume = claim["spec", "volumeName"]?.string ?? ""
        if volume.isEmpty {
          if claim.annotation(VolumeAnnotation.selectedNode) == node { queue.add(.claim(ObjectKey(claim))) }
        } else if work.volumes.get("", volume).map({ LocalVolumeObjects.isMine($0, node: node) }) ?? false {
          queue.add(.volume(volume))
        }
      case .deleted: break
      }
    }
    work.volumes.addHandler { event in
      switch event {
      case .added(let volume), .updated(_, let volume):
        if LocalVolumeObjects.isMine(volume, node: node) { queue.add(.volume(ObjectKey(volume).name)) }
      case .deleted(let volume):
        guard LocalVolumeObjects.isMine(volume, node: node) else { return }
        queue.add(.gone(ObjectKey(volume).name))
      }
    }
    work.classes.addHandler { event in
      if case .deleted = event { return }
      for claim in work.claims.list() where claim.annotation(VolumeAnnotation.selectedNode) == node {
        queue.add(.claim(ObjectKey(claim)))
      }
    }
  }
}

/// Why something could not be done; it will be tried again.
struct LocalVolumeFailure: Error, Sendable {
  var message: String
  var isConflict = false

  init(_ error: VolumeFiles.Failure) { message = error.message }

  init(_ error: StatusError) {
    message = error.message
    isConflict = error.isConflict
  }
}

/// What the provisioner watches.
struct LocalVolumeResources: Sendable {
  let claims: Resource
  let volumes: Resource
  let storageClasses: Resource
  let nodes: Resource

  /// Nil if the schema lacks one, which it does not.
  init?() {
    guard let claims = Resource.builtIn(group: "", version: "v1", resource: "persistentvolumeclaims"),
      let volumes = Resource.builtIn(group: "", version: "v1", resource: "persistentvolumes"),
      let classes = Resource.builtIn(group: "storage.k8s.io", version: "v1", resource: "storageclasses"),
      let nodes = Resource.builtIn(group: "", version: "v1", resource: "nodes")
    else { return nil }
    self.claims = claims
    self.volumes = volumes
    storageClasses = classes
    self.nodes = nodes
  }
}
