import Client
import ContainerRuntime
import Objects

/// Sees to it that a container's image is present.
struct ImageManager: Sendable {
  /// Whether the image was there or came, or why not.
  enum Outcome: Sendable, Hashable {
    case present(Image, reference: String)
    case missing(WaitingReason)
    /// It did not come before, and is not asked for again yet.
    case backingOff(Duration)
  }

  /// What becomes of an image that is, or is not, there.
  enum Decision: Sendable, Hashable { case use, pull, refuse }

  static func decide(policy: String?, isPresent: Bool) -> Decision {
    switch policy {
    case "Always": .pull
    case "Never": isPresent ? .use : .refuse
    default: isPresent ? .use : .pull
    }
  }

  let runtime: any ContainerRuntime
  /// The sandbox that the image is for.
  var sandbox: PodSandboxConfig?
  /// What to try with the image's registry, in this order; nothing is tried if there is none.
  var credentials: @Sendable (_ image: String) async -> [RegistryCredentials] = { _ in [] }
  let tell: @Sendable (_ type: String, _ reason: String, _ message: String) -> Void

  /// The image, pulled if need be.
  ///
  /// - Parameter wait: how long a pull has to wait because of those that failed; nil if it need not.
  func ensure(
    _ name: String, policy: String?, wait: Duration?, elapsed: @Sendable () -> Duration
  ) async -> Outcome {
    do throws(RuntimeError) {
      let found = try await runtime.imageStatus(ImageReference(name))
      switch Self.decide(policy: policy, isPresent: found != nil) {
      case .use:
        guard let found else { break }
        tell("Normal", "Pulled", "Container image \"\(name)\" already present on machine")
        return .present(found, reference: found.id)
      case .refuse:
        let message = "Container image \"\(name)\" is not present with pull policy of Never"
        tell("Warning", "ErrImageNeverPull", message)
        return .missing(WaitingReason("ErrImageNeverPull", message))
      case .pull: break
      }
    } catch {
      return .missing(
        WaitingReason("ImageInspectError", "Failed to inspect image \"\(name)\": \(error.message)"))
    }
    if let wait {
      tell("Normal", "BackOff", "Back-off pulling image \"\(name)\"")
      return .backingOff(wait)
    }
    return await pull(name, elapsed)
  }

  private func pull(_ name: String, _ elapsed: @Sendable () -> Duration) async -> Outcome {
    tell("Normal", "Pulling", "Pulling image \"\(name)\"")
    do throws(RuntimeError) {
      let began = elapsed()
      let reference = try await pull(name, with: await credentials(name))
      let time = GoDuration(nanoseconds: Self.milliseconds(elapsed() - began) * 1_000_000).text
      let image = try await runtime.imageStatus(ImageReference(reference)) ?? Image(id: reference)
      tell(
        "Normal", "Pulled",
        "Successfully pulled image \"\(name)\" in \(time) (\(time) including waiting). "
          + "Image size: \(image.size) bytes.")
      return .present(image, reference: reference)
    } catch {
      // The pod goes: nobody asks any more.
      if Task.isCancelled { return .missing(WaitingReason("ErrImagePull", error.message)) }
      tell("Warning", "Failed", "Failed to pull image \"\(name)\": \(error.message)")
      tell("Warning", "Failed", "Error: ErrImagePull")
      return .missing(WaitingReason("ErrImagePull", error.message))
    }
  }

  /// Tries one after another; the last failure counts.
  private func pull(_ name: String, with all: [RegistryCredentials]) async throws(RuntimeError) -> String {
    for credentials in all.dropLast() {
      if let reference = try? await runtime.pullImage(
        ImageReference(name), credentials: credentials, sandboxConfig: sandbox)
      {
        return reference
      }
    }
    return try await runtime.pullImage(ImageReference(name), credentials: all.last, sandboxConfig: sandbox)
  }

  private static func milliseconds(_ duration: Duration) -> Int64 {
    let parts = duration.components
    return max(0, parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000)
  }
}
