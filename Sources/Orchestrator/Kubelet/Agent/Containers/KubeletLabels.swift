/// The labels and annotations by which a kubelet finds its pods in the runtime again, and others (crictl, log
/// collectors) read whose a container is.
enum KubeletLabels {
  static let podName = "io.kubernetes.pod.name"
  static let podNamespace = "io.kubernetes.pod.namespace"
  static let podUID = "io.kubernetes.pod.uid"
  static let containerName = "io.kubernetes.container.name"
  static let containerHash = "io.kubernetes.container.hash"
  static let restartCount = "io.kubernetes.container.restartCount"
  static let terminationMessagePath = "io.kubernetes.container.terminationMessagePath"
  static let terminationMessagePolicy = "io.kubernetes.container.terminationMessagePolicy"
  static let ports = "io.kubernetes.container.ports"
  static let preStopHandler = "io.kubernetes.container.preStopHandler"
  static let gracePeriod = "io.kubernetes.pod.terminationGracePeriod"
  static let deletionGracePeriod = "io.kubernetes.pod.deletionGracePeriod"
}
