/// Counts the key-values of a list while its bytes go by, however they are cut, and keeps none of them: a client of
/// a list of any size needs no memory for it.
struct ListScanner {
  private enum State {
    /// Bytes of a message's prefix that are here: a flag, and the message's length (gRPC over HTTP/2).
    case prefix(count: Int, value: UInt64)
    /// A number of variable length: a field's tag, or what follows it.
    case varint(Purpose, value: UInt64, shift: UInt64)
    case skipping(Int)
  }

  private enum Purpose {
    case tag
    /// The value of a field that is a number.
    case number
    /// The length of field `number`.
    case length(number: UInt64)
  }

  /// Whether messages are `RangeStreamResponse`s, whose first field holds the answer.
  private let isStreamed: Bool
  private var state = State.prefix(count: 0, value: 0)
  /// Bytes of the message that are still to come.
  private var messageLeft = 0
  private var isInside = false
  /// Key-values seen.
  private(set) var keyValues = 0
  /// Messages that have come whole.
  private(set) var messages = 0
  private(set) var isMalformed = false

  init(isStreamed: Bool) { self.isStreamed = isStreamed }

  /// Whether the answer may end here.
  var isComplete: Bool {
    if case .prefix(0, _) = state { !isMalformed } else { false }
  }

  mutating func scan(_ bytes: UnsafeRawBufferPointer) {
    var position = 0
    while position < bytes.count, !isMalformed {
      switch state {
      case .prefix(let count, let value):
        position += 1
        takePrefix(count + 1, value << 8 | UInt64(bytes[position - 1]))
      case .varint(let purpose, var value, let shift):
        let byte = bytes[position]
        position += 1
        messageLeft -= 1
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 {
          take(purpose, value)
        } else if shift >= 63 || messageLeft == 0 {
          isMalformed = true
        } else {
          state = .varint(purpose, value: value, shift: shift + 7)
        }
      case .skipping(let left):
        let taken = min(left, bytes.count - position)
        position += taken
        messageLeft -= taken
        if taken == left { nextField() } else { state = .skipping(left - taken) }
      }
    }
  }

  private mutating func takePrefix(_ count: Int, _ value: UInt64) {
    guard count == 5 else {
      state = .prefix(count: count, value: value)
      return
    }
    // The flag, in the upper bits, says compressed; nobody asked for that.
    guard value >> 32 == 0 else {
      isMalformed = true
      return
    }
    messageLeft = Int(value)
    isInside = false
    nextField()
  }

  private mutating func nextField() {
    if messageLeft > 0 {
      state = .varint(.tag, value: 0, shift: 0)
    } else {
      messages += 1
      state = .prefix(count: 0, value: 0)
    }
  }

  private mutating func take(_ purpose: Purpose, _ value: UInt64) {
    switch purpose {
    case .tag:
      guard messageLeft > 0 else {
        isMalformed = true
        return
      }
      switch value & 7 {
      case 0: state = .varint(.number, value: 0, shift: 0)
      case 1: skip(8)
      case 2: state = .varint(.length(number: value >> 3), value: 0, shift: 0)
      case 5: skip(4)
      default: isMalformed = true
      }
    case .number: nextField()
    case .length(let number):
      guard value <= UInt64(messageLeft) else {
        isMalformed = true
        return
      }
      if isStreamed, !isInside, number == 1 {
        // The fields of the answer inside follow; it reaches to the end of the message.
        isInside = true
        nextField()
        return
      }
      if number == 2, isInside || !isStreamed { keyValues += 1 }
      skip(Int(value))
    }
  }

  private mutating func skip(_ count: Int) {
    guard count <= messageLeft else {
      isMalformed = true
      return
    }
    if count == 0 { nextField() } else { state = .skipping(count) }
  }
}
