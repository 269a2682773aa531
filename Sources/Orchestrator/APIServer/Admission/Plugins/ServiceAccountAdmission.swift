public import Exchange
public import Registry
import Objects

/// Every pod runs as a service account of its namespace, and finds its token in a volume.
public struct ServiceAccountAdmission: AdmissionPlugin {
  /// The account of a pod that names none.
  static let defaultAccount = "default"
  /// Where containers look for the token.
  static let mountPath = "/var/run/secrets/kubernetes.io/serviceaccount"
  static let volumePrefix = "kube-api-access-"
  /// One hour and a bit: kubelets ask for a new token after 80 % of it.
  static let tokenSeconds: Int64 = 3607
  /// How often the default account of a new namespace is looked for, which a controller makes.
  static let defaultAccountAttempts = 10

  private let nameSuffix: @Sendable () -> String
  private let pause: @Sendable () async -> Void

  /// The plug-in.
  /// - Parameters:
  ///   - nameSuffix: five random characters for the name of the volume.
  ///   - pause: waits until it makes sense to look for a missing default account again, such as 50 milliseconds.
  public init(nameSuffix: @escaping @Sendable () -> String, pause: @escaping @Sendable () async -> Void) {
    self.nameSuffix = nameSuffix
    self.pause = pause
  }

  /// `ServiceAccount`.
  public var name: String { "ServiceAccount" }

  /// New pods.
  public func handles(_ request: AdmissionRequest) -> Bool { request.createsPod }

  /// Fills in the account, the volume with its token, and its pull secrets.
  /// - Throws: 403 if there is no such account.
  public func admit(
    _ request: inout AdmissionRequest, _ objects: any ObjectSource
  ) async throws(StatusError) {
    guard var pod = request.object, !Self.isMirror(pod) else { return }
    if pod.text("spec", "serviceAccountName").isEmpty {
      pod["spec", "serviceAccountName"] = .string(Self.defaultAccount)
    }
    pod["spec", "serviceAccount"] = pod["spec", "serviceAccountName"]
    let account = try await self.account(of: pod, request, objects)
    // Else every change would copy the pod.
    request.object = nil
    if Self.mountsToken(account, pod) { Self.mountToken(&pod, nameSuffix) }
    if pod["spec"]?.list("imagePullSecrets").isEmpty ?? true,
      let secrets = account["imagePullSecrets"]?.array,
      !secrets.isEmpty
    {
      pod["spec", "imagePullSecrets"] = .array(secrets.map { ["name": $0["name"] ?? ""] })
    }
    request.object = pod
  }

  /// 403 for a mirror pod that has an account, and any other that has none.
  public func validate(_ request: AdmissionRequest, _ objects: any ObjectSource) async throws(StatusError) {
    guard let pod = request.object else { return }
    if Self.isMirror(pod) {
      if !pod.text("spec", "serviceAccountName").isEmpty {
        throw request.forbidden("a mirror pod may not reference service accounts")
      }
      if (pod["spec"]?.list("volumes") ?? []).contains(where: { $0["secret"] != nil }) {
        throw request.forbidden("a mirror pod may not reference secrets")
      }
      return
    }
    if pod.text("spec", "serviceAccountName").isEmpty {
      throw request.forbidden(
        "no service account specified for pod \(request.namespace)/\(request.shownName)")
    }
  }

  private func account(
    of pod: JSON, _ request: AdmissionRequest, _ objects: any ObjectSource
  ) async throws(StatusError) -> JSON {
    let name = pod.text("spec", "serviceAccountName")
    var attempts = name == Self.defaultAccount ? Self.defaultAccountAttempts : 1
    while true {
      if let account = try await objects.get(
        KnownResources.serviceAccounts, namespace: request.namespace, name: name)
      {
        return account
      }
      attempts -= 1
      guard attempts > 0, !Task.isCancelled else { break }
      await pause()
    }
    throw request.forbidden(
      "error looking up service account \(request.namespace)/\(name): "
        + "serviceaccount \(quoted(name)) not found")
  }

  /// Whether a kubelet shows a pod that it has from a file.
  static func isMirror(_ pod: JSON) -> Bool { pod.annotation("kubernetes.io/config.mirror") != nil }

  /// The pod's word counts before the account's.
  static func mountsToken(_ account: JSON, _ pod: JSON) -> Bool {
    pod["spec", "automountServiceAccountToken"]?.boolean ?? account["automountServiceAccountToken"]?.boolean
      ?? true
  }

  /// Mounts the token into all containers that have nothing at its place.
  static func mountToken(_ pod: inout JSON, _ nameSuffix: () -> String) {
    guard var spec = pod["spec"] else { return }
    pod["spec"] = nil
    defer { pod["spec"] = spec }
    let existing = spec.list("volumes").first { $0.text("name").hasPrefix(volumePrefix) }?.text("name")
    let name = existing ?? volumePrefix + nameSuffix()
    let mount: JSON = ["name": .string(name), "readOnly": true, "mountPath": .string(mountPath)]
    var isUsed = false
    for key in ["initContainers", "containers"] {
      spec.reviseEach(key) { container in
        var mounts = container.list("volumeMounts")
        guard !mounts.contains(where: { $0.text("mountPath") == mountPath }) else { return }
        mounts.append(mount)
        container["volumeMounts"] = .array(mounts)
        isUsed = true
      }
    }
    if isUsed, existing == nil { spec["volumes"] = .array(spec.list("volumes") + [tokenVolume(name)]) }
  }

  private static func tokenVolume(_ name: String) -> JSON {
    [
      "name": .string(name),
      "projected": [
        "defaultMode": 420,
        "sources": [
          ["serviceAccountToken": ["expirationSeconds": .integer(tokenSeconds), "path": "token"]],
          ["configMap": ["name": "kube-root-ca.crt", "items": [["key": "ca.crt", "path": "ca.crt"]]]],
          [
            "downwardAPI": [
              "items": [
                [
                  "path": "namespace",
                  "fieldRef": ["apiVersion": "v1", "fieldPath": "metadata.namespace"],
                ]
              ]
            ]
          ],
        ],
      ],
    ]
  }
}
