import Exchange
import Objects

extension StoreError {
  /// What a client of the API is told.
  var status: StatusError {
    switch self {
    case .compacted: .expired("The resourceVersion for the provided list is too old.")
    case .futureRevision: .timeout("the store has not seen that version yet")
    case .tooLarge:
      StatusError(
        code: 413, reason: "RequestEntityTooLarge",
        message: "Request entity too large: the object is larger than the store takes")
    case .noSpace: .internalError("etcdserver: mvcc: database space exceeded")
    case .unavailable(let reason): .timeout("the store does not answer: " + reason)
    case .refused(let reason): .internalError(reason)
    }
  }
}

/// Runs a call of the store with its errors as clients of the API see them.
func calling<Result>(
  _ body: () async throws(StoreError) -> Result
) async throws(StatusError) -> Result {
  do {
    return try await body()
  } catch {
    throw error.status
  }
}
