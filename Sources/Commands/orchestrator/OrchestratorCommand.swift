import ArgumentParser
import Commands

/// `orchestrator`: a Kubernetes-compatible control plane on the store.
@main
struct OrchestratorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "orchestrator",
    abstract:
      "A Kubernetes-compatible cluster: control plane on a raftkv store, and nodes that run containers.",
    discussion: """
      Without a command, everything is started on this machine: the same as `orchestrator all`.

      orchestrator                                       a whole cluster on this machine
      orchestrator status                                how it fares, and what to do
      orchestrator token create --print-join-command     what to run on a machine that is to join

      orchestrator server --data-dir .data/cluster
      orchestrator server --store https://10.0.0.1:2379,https://10.0.0.2:2379 --store-ca-file ca.crt
      orchestrator proxy --kubeconfig .data/cluster/admin.kubeconfig --cluster-cidr 10.244.0.0/16
      orchestrator simulate --kubeconfig .data/cluster/admin.kubeconfig --nodes 100
      """,
    version: Version.text,
    subcommands: [
      AllCommand.self, ServerCommand.self, AgentCommand.self, TokenCommand.self, StatusCommand.self,
      ImagesCommand.self, ResetCommand.self, SchedulerCommand.self, ControllersCommand.self,
      ProxyCommand.self,
      SimulateCommand.self,
    ],
    defaultSubcommand: AllCommand.self)
}

/// Says on standard error what is wrong. Throw the result: the command ends with the exit code of that kind.
func report(_ error: ConfigurationError) -> ExitCode {
  var output = LineWriter.standardError()
  // Nothing is left to do when even this cannot be written.
  try? output.write("orchestrator: \(error.description)")
  try? output.flush()
  return ExitCode(error.kind.rawValue)
}
