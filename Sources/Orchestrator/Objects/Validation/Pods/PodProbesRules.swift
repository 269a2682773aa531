// The rules for probes and lifecycle handlers.
extension Checker {
  enum ProbePurpose {
    case liveness, readiness, startup
  }

  mutating func probe(_ probe: JSON?, _ path: FieldPath, _ purpose: ProbePurpose, _ context: ContainerContext)
  {
    guard let probe else { return }
    handler(probe, ["exec", "httpGet", "tcpSocket", "grpc"], path, context)
    for field in [
      "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold",
    ] {
      nonnegative(probe.optionalInteger(at: field), path[field])
    }
    let gracePeriod = probe.optionalInteger(at: "terminationGracePeriodSeconds")
    if let gracePeriod, gracePeriod <= 0 {
      invalid(path["terminationGracePeriodSeconds"], gracePeriod, "must be greater than 0")
    }
    switch purpose {
    case .readiness:
      if let gracePeriod {
        invalid(path["terminationGracePeriodSeconds"], gracePeriod, "must not be set for readinessProbes")
      }
    case .liveness, .startup:
      let threshold = probe.integer(at: "successThreshold")
      if threshold != 1 { invalid(path["successThreshold"], threshold, "must be 1") }
    }
  }

  mutating func lifecycle(_ lifecycle: JSON, _ path: FieldPath, _ context: ContainerContext) {
    for field in ["postStart", "preStop"] {
      guard let handler = lifecycle.member(at: field) else { continue }
      self.handler(handler, ["exec", "httpGet", "tcpSocket", "sleep"], path[field], context)
    }
    guard let signal = lifecycle.optionalText(at: "stopSignal") else { return }
    let path = path["stopSignal"]
    switch context.operatingSystem {
    case nil: forbidden(path, "may not be set for containers with empty `spec.os.name`")
    case "windows": if !signalsOfWindows.contains(signal) { notSupported(path, signal, signalsOfWindows) }
    case "linux": if !signalsOfLinux.contains(signal) { notSupported(path, signal, signalsOfLinux) }
    default: break
    }
  }

  private mutating func handler(
    _ handler: JSON, _ kinds: [String], _ path: FieldPath, _ context: ContainerContext
  ) {
    var isFirst = true
    for kind in kinds {
      guard let action = handler.member(at: kind) else { continue }
      guard isFirst else {
        forbidden(path[kind], "may not specify more than 1 handler type")
        continue
      }
      isFirst = false
      self.action(action, kind, path[kind], context)
    }
    if isFirst { required(path, "must specify a handler type") }
  }

  private mutating func action(_ action: JSON, _ kind: String, _ path: FieldPath, _ context: ContainerContext)
  {
    switch kind {
    case "exec": if action.list(at: "command").isEmpty { required(path["command"]) }
    case "httpGet":
      requiredText(action.text(at: "path"), path["path"])
      portNumberOrName(action["port"], path["port"])
      let scheme = action.text(at: "scheme")
      if !["HTTP", "HTTPS"].contains(scheme) { notSupported(path["scheme"], scheme, ["HTTP", "HTTPS"]) }
      for header in action.list(at: "httpHeaders") {
        let name = header.text(at: "name")
        if let problem = ValueFormats.httpHeaderName(name) { invalid(path["httpHeaders"], name, problem) }
      }
    case "tcpSocket": portNumberOrName(action["port"], path["port"])
    case "grpc": port(action.integer(at: "port"), path["port"])
    default:
      let seconds = action.integer(at: "seconds")
      if let gracePeriod = context.gracePeriodSeconds, seconds < 0 || seconds > gracePeriod {
        invalid(
          path, seconds, "must be non-negative and less than terminationGracePeriodSeconds (\(gracePeriod))")
      }
    }
  }
}

private let signalsOfWindows = ["SIGKILL", "SIGTERM"]

private let signalsOfLinux: [String] = {
  let named = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE",
    "POLL",
    "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG",
    "USR1",
    "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX",
  ]
  let realTime = (1...15).map { "RTMIN+\($0)" } + (1...14).map { "RTMAX-\($0)" }
  return (named + realTime).map { "SIG" + $0 }.sorted {
    Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8))
  }
}()
