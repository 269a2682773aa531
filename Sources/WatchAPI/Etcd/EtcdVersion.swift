/// What the server says when it is asked for its version. Clients switch features on it, so it names the etcd
/// whose API is served, not this program's own version: a kube-apiserver asks watches for progress only from
/// 3.4.31 / 3.5.13 on, and takes what it cannot parse for too old.
enum EtcdVersion {
  static let server = "3.6.5"
  /// What all members of the cluster speak.
  static let cluster = "3.6.0"
  static let storage = "3.6.0"
}
