import Foundation
import NIOCore
import NIOSSL
import RaftKV
import SwiftASN1
import Synchronization
import X509

/// Makes what encrypts connections, from files that may be replaced while the member runs.
final class TLSContexts: Sendable {
  private struct Contexts {
    var server: NIOSSLContext
    var client: NIOSSLContext
  }

  private struct State {
    var contexts: Contexts
    var stamps: [FileStamp]
  }

  private let tls: PeerTLS
  private let certificateFile: String
  private let keyFile: String
  private let log: PeerLog
  private let state: Mutex<State>

  /// Reads the files; makes them first if this member is to sign its own certificate.
  init(_ tls: PeerTLS, log: PeerLog) throws(StartError) {
    self.tls = tls
    self.log = log
    switch tls.identity {
    case .files(let certificate, let key): (certificateFile, keyFile) = (certificate, key)
    case .selfSigned(let directory):
      (certificateFile, keyFile) = try SelfSignedCertificate.prepare(in: directory)
    }
    let files = [certificateFile, keyFile] + (tls.trustedCAFile.map { [$0] } ?? [])
    // Taken before the files are read: a change meanwhile is then seen next time.
    let stamps = files.map(FileStamp.init)
    let contexts = try Self.load(tls, certificateFile, keyFile, log)
    state = Mutex(State(contexts: contexts, stamps: stamps))
  }

  /// The handler for a connection that was accepted.
  func serverHandler() -> NIOSSLServerHandler { NIOSSLServerHandler(context: current().server) }

  /// The handler for a connection to this host.
  func clientHandler(host: String) throws -> NIOSSLClientHandler {
    let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
    // The address itself is compared with the certificate when there is no name.
    return try NIOSSLClientHandler(context: current().client, serverHostname: isAddress ? nil : host)
  }

  /// Whether a certificate's common name is what it must be; always when nothing is asked for.
  func isAllowed(_ certificate: NIOSSLCertificate?) -> Bool {
    guard let allowed = tls.allowedCommonName else { return true }
    guard let certificate, let bytes = try? certificate.toDERBytes(),
      let parsed = try? Certificate(derEncoded: bytes)
    else { return false }
    return parsed.subject.contains { names in
      names.contains { attribute in
        attribute.type == .RDNAttributeType.commonName && String(attribute.value) == allowed
      }
    }
  }

  private func current() -> Contexts {
    state.withLock { state in
      let files = [certificateFile, keyFile] + (tls.trustedCAFile.map { [$0] } ?? [])
      let stamps = files.map(FileStamp.init)
      guard stamps != state.stamps else { return state.contexts }
      state.stamps = stamps
      do throws(StartError) {
        state.contexts = try Self.load(tls, certificateFile, keyFile, log)
        log.info("the certificate files were read again", ["certificate": certificateFile])
      } catch {
        // Perhaps only one of them has been replaced yet.
        log.warning("the certificate files cannot be used; the former ones still are", ["error": "\(error)"])
      }
      return state.contexts
    }
  }

  private static func load(
    _ tls: PeerTLS, _ certificateFile: String, _ keyFile: String, _ log: PeerLog
  ) throws(StartError) -> Contexts {
    let certificates = try read(certificateFile, "certificate", "--peer-cert-file") {
      try NIOSSLCertificate.fromPEMFile($0)
    }
    guard let own = certificates.first else {
      throw StartError("\(certificateFile): it has no certificate; --peer-cert-file needs one in PEM form")
    }
    let key = try read(keyFile, "private key", "--peer-key-file") {
      try NIOSSLPrivateKey(file: $0, format: .pem)
    }
    if own.notValidAfter < time(nil) {
      log.warning("the member's own certificate has expired: peers will refuse it", ["file": certificateFile])
    }
    var trust = NIOSSLTrustRoots.default
    if let file = tls.trustedCAFile {
      let roots = try read(file, "certificate", "--peer-trusted-ca-file") {
        try NIOSSLCertificate.fromPEMFile($0)
      }
      guard !roots.isEmpty else {
        throw StartError(
          "\(file): it has no certificate; --peer-trusted-ca-file needs at least one in PEM form")
      }
      trust = .certificates(roots)
    }
    let isUnchecked = if case .selfSigned = tls.identity { true } else { false }
    var server = TLSConfiguration.makeServerConfiguration(
      certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key))
    server.minimumTLSVersion = .tlsv12
    server.shutdownTimeout = .milliseconds(500)
    if !isUnchecked, tls.requiresClientCertificate || tls.trustedCAFile != nil {
      server.trustRoots = trust
      server.certificateVerification = .noHostnameVerification
    }
    var client = TLSConfiguration.makeClientConfiguration()
    client.minimumTLSVersion = .tlsv12
    client.shutdownTimeout = .milliseconds(500)
    client.certificateChain = certificates.map { .certificate($0) }
    client.privateKey = .privateKey(key)
    client.trustRoots = trust
    client.certificateVerification = isUnchecked ? .none : .fullVerification
    do {
      return Contexts(
        server: try NIOSSLContext(configuration: server), client: try NIOSSLContext(configuration: client))
    } catch {
      throw StartError(
        "the certificate in \(certificateFile) and the key in \(keyFile) cannot be used together: "
          + "is it the certificate's own key? (\(error))")
    }
  }

  private static func read<Content>(
    _ path: String, _ what: String, _ flag: String, _ body: (String) throws -> Content
  ) throws(StartError) -> Content {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw StartError("\(path): \(systemWords(errno)); \(flag) needs a \(what) in PEM form there")
    }
    close(descriptor)
    do {
      return try body(path)
    } catch {
      throw StartError("\(path): it is no \(what) in PEM form, which \(flag) needs")
    }
  }
}

/// What changes when a file is replaced, or a link to it.
private struct FileStamp: Equatable {
  private let path: String
  private let inode: Int?
  private let size: Int?
  private let modified: Date?

  init(_ path: String) {
    self.path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let attributes = try? FileManager.default.attributesOfItem(atPath: self.path)
    inode = attributes?[.systemFileNumber] as? Int
    size = attributes?[.size] as? Int
    modified = attributes?[.modificationDate] as? Date
  }
}
