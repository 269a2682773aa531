/// Namespaces, accounts and secrets.
extension Strategy {
  /// A namespace holds itself with a finalizer in its spec, which only `namespaces/finalize` takes away.
  static var namespace: Strategy {
    var strategy = separate(empty: ["phase": "Active"])
    strategy.onCreate = { namespace, _ in
      let finalizers = namespace["spec", "finalizers"]?.array ?? []
      if !finalizers.contains("kubernetes") {
        namespace["spec", "finalizers"] = .array(finalizers + ["kubernetes"])
      }
      Defaults.labelNamespace(&namespace)
    }
    strategy.onUpdate = { namespace, old, _ in
      namespace["spec", "finalizers"] = old["spec", "finalizers"]
      Defaults.labelNamespace(&namespace)
    }
    return strategy
  }

  /// Prepares an update through `namespaces/finalize`: the spec's finalizers may change, status does not.
  public func prepareForFinalizeUpdate(_ namespace: inout JSON, from old: JSON) {
    ObjectMetadata.prepareForUpdate(&namespace, from: old)
    namespace["status"] = old["status"]
  }

  /// Of the secrets that an account names, only the names count: they are in its namespace.
  static var serviceAccount: Strategy {
    var strategy = Strategy()
    strategy.allowsUnconditionalUpdate = false
    strategy.onCreate = { account, _ in keepSecretNames(of: &account) }
    strategy.onUpdate = { account, _, _ in keepSecretNames(of: &account) }
    return strategy
  }

  private static func keepSecretNames(of account: inout JSON) {
    account.reviseEach("secrets") { secret in
      var reference: JSON = [:]
      reference["name"] = secret["name"]
      secret = reference
    }
  }

  static var secret: Strategy {
    var strategy = Strategy()
    strategy.onUpdate = { secret, old, _ in
      if let type = old["type"] { secret.fillBlank("type", with: type) }
    }
    return strategy
  }
}
