/// The bounds of the kubelet's queues, caches and waits.
public enum KubeletLimits {
  /// So many pods are looked at at a time: one that takes long to stop must not hold up the others.
  public static let podWorkers = 128
  /// So many pods that nobody wants any more are stopped at a time.
  public static let orphanWorkers = 8
  /// So many pods that have gone are remembered until they have stopped.
  public static let departedPods = 1000
  /// So many steps of a pod follow each other without another having its turn.
  public static let stepsOfLook = 64
  /// What failed is tried again after this long at most.
  public static let longestRetry = Duration.seconds(60)
  /// So many probes run at a time.
  public static let probeWorkers = 32
  /// How often the runtime is asked for what changed.
  public static let relistPeriod = Duration.seconds(1)
  /// With no answer for so long the kubelet says that it is not well.
  public static let relistPatience = Duration.seconds(180)
  /// How often the volumes of running pods are brought up to date, more or less.
  public static let volumePeriod = Duration.seconds(60)
  /// After this long the mirror of a static pod is looked for again.
  public static let mirrorRetry = Duration.seconds(1)
  /// For this long objects that were read for one container of a pod are good for the next.
  public static let prefetchAge = Duration.seconds(5)
  /// How often the folder of manifests is read.
  public static let manifestPeriod = Duration.seconds(2)
  /// How often images and folders that nobody needs are looked for.
  public static let collectionPeriod = Duration.seconds(300)
  /// How often the Lease is renewed, and the Node's status looked at.
  public static let leasePeriod = Duration.seconds(10)
  /// How often it is looked at while the node is not ready.
  public static let unreadyPeriod = Duration.seconds(1)
  /// How often the Node's status is written though nothing changed.
  public static let statusPeriod = Duration.seconds(300)
  /// A container whose hook took all of the grace period gets this much.
  public static let minimumGrace = Duration.seconds(2)
  /// So many ended containers of a name are kept, for their logs.
  public static let endedContainers = 1
  /// The longest message of a waiting container or event.
  public static let messageCharacters = 1024
}
