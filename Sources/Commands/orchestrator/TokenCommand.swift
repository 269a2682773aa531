import Access
import ArgumentParser
import Client
import Commands
import Exchange
import Foundation
import Objects
import RemoteAPI

/// `orchestrator token`.
struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Make, list and delete the tokens with which machines join a cluster.",
    subcommands: [Create.self, List.self, Delete.self])

  private static var secrets: Resource? { Resource.builtIn(group: "", version: "v1", resource: "secrets") }

  /// `orchestrator token create`.
  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a token and print it.",
      discussion:
        "It holds a hash of the cluster's certificate authority, by which the machine knows the cluster.")

    @OptionGroup var cluster: ClusterFlags

    @Option(help: "How long machines can join with it, such as 2h30m; 0 for ever.")
    var ttl = "24h"

    @Option(help: "What it is for.")
    var description = ""

    @Flag(help: "Print the whole command to run on the machine that is to join.")
    var printJoinCommand = false

    func run() throws {
      do {
        guard let duration = GoDuration(ttl), duration.nanoseconds >= 0 else {
          throw ConfigurationError(.usage, "--ttl: \(ttl) is no duration, such as 24h")
        }
        let seconds = duration.nanoseconds / 1_000_000_000
        let (description, printsCommand) = (description, printJoinCommand)
        try cluster.withClient(as: "orchestrator-token") { cluster in
          guard let secrets, let authority = cluster.kubeconfig.certificateAuthority else {
            throw ConfigurationError(.value, "the kubeconfig names no certificate authority")
          }
          var random = SystemRandomNumberGenerator()
          let token = BootstrapToken(using: &random)
          let end = seconds == 0 ? nil : Timestamp(seconds: SystemTime().now.seconds + seconds)
          _ = try await cluster.client.create(
            secrets, token.secretObject(expiration: end, description: description))
          let text = JoinToken(token, authorityPEM: String(decoding: authority, as: UTF8.self)).description
          print(
            printsCommand ? "orchestrator agent --server \(cluster.kubeconfig.server) --token \(text)" : text)
        }
      } catch {
        throw report(error)
      }
    }
  }

  /// `orchestrator token list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the tokens; their secrets are not shown.")

    @OptionGroup var cluster: ClusterFlags

    func run() throws {
      do {
        let rows = try cluster.withClient(as: "orchestrator-token") { cluster in
          guard let secrets else { return [[String]]() }
          let all = try await cluster.client.list(
            secrets, namespace: BootstrapToken.namespace, fieldSelector: "type=\(BootstrapToken.secretType)")
          let now = SystemTime().now
          return all.items.map { secret in
            func value(_ key: String) -> String {
              secret["data", key]?.string.flatMap { Data(base64Encoded: $0) }
                .map { String(decoding: $0, as: UTF8.self) } ?? ""
            }
            let end = value("expiration")
            let isOver = Timestamp(end).map { $0 <= now } ?? false
            return [
              value("token-id"), end.isEmpty ? "<never>" : isOver ? end + " (over)" : end,
              value("description"),
            ]
          }
        }
        print(TextTable.text(["ID", "EXPIRES", "DESCRIPTION"], rows), terminator: "")
      } catch {
        throw report(error)
      }
    }
  }

  /// `orchestrator token delete`.
  struct Delete: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Delete a token: no machine joins with it any more.")

    @OptionGroup var cluster: ClusterFlags

    @Argument(help: "The six letters and digits before the dot, or the whole token.")
    var id: String

    func run() throws {
      do {
        let id = String(id.prefix { $0 != "." })
        try cluster.withClient(as: "orchestrator-token") { cluster in
          guard let secrets else { return }
          do throws(StatusError) {
            try await cluster.client.delete(
              secrets, namespace: BootstrapToken.namespace, name: "bootstrap-token-\(id)")
          } catch {
            guard error.isNotFound else { throw error }
            throw ConfigurationError(
              .value, "there is no token \(id); orchestrator token list shows those there are")
          }
          print("token \"\(id)\" deleted")
        }
      } catch {
        throw report(error)
      }
    }
  }
}
