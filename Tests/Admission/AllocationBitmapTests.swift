import Admission
import Objects
import Testing

@Suite struct AllocationBitmapTests {
  @Test(arguments: [
    ([], ""), ([0], "AQ=="), ([1, 8], "AQI="), ([0, 63, 64], "AYAAAAAAAAAB"), ([99], "CAAAAAAAAAAAAAAAAA=="),
  ])
  func `the bits are those of a number in big-endian bytes`(numbers: [Int], base64: String) {
    var bitmap = AllocationBitmap(count: 100)
    for number in numbers {
      let isNew = bitmap.insert(number)
      #expect(isNew)
    }
    #expect(bitmap.base64 == base64)
    #expect(bitmap.numbers == numbers)
    #expect(bitmap.taken == numbers.count)
    #expect(AllocationBitmap(count: 100, base64: base64) == bitmap)
  }

  @Test(arguments: ["!", "EAAAAAAAAAAAAAAAAA==", "AQAAAAAAAAAAAAAAAAAAAAA="])
  func `what does not fit the range is not read`(base64: String) {
    #expect(AllocationBitmap(count: 100, base64: base64) == nil)
  }

  @Test func `a number is had once, until it is given back`() {
    var bitmap = AllocationBitmap(count: 3)
    let inserted = [0, 0, 2, 3, -1].map { bitmap.insert($0) }
    #expect(inserted == [true, false, true, false, false])
    let removed = [0, 0, 1, 3, -1].map { bitmap.remove($0) }
    #expect(removed == [true, false, false, false, false])
    #expect(bitmap.numbers == [2])
  }

  @Test(arguments: [(0, [4, 5, 6, 7, 0, 1, 2, 3]), (2, [6, 7, 4, 5, 2, 3, 0, 1])])
  func `any number comes from the upper band first`(random: Int, expected: [Int]) {
    var bitmap = AllocationBitmap(count: 8)
    var numbers: [Int] = []
    while let number = bitmap.insertAny(reserved: 4, random: { min(random, $0 - 1) }) {
      numbers.append(number)
    }
    #expect(numbers == expected)
  }

  @Test func `chance out of bounds does no harm`() {
    var bitmap = AllocationBitmap(count: 70)
    let numbers = [
      bitmap.insertAny(reserved: 0, random: { _ in -5 }), bitmap.insertAny(reserved: 0, random: { _ in 500 }),
      bitmap.insertAny(reserved: 100, random: { _ in 69 }),
      bitmap.insertAny(reserved: -1, random: { $0 - 1 }),
    ]
    #expect(numbers == [0, 69, 1, 2])
  }

  @Test(arguments: [
    ("10.96.0.0/16", 65_534, 256, "10.96.0.1", "10.96.255.254"),
    ("10.0.0.0/24", 254, 16, "10.0.0.1", "10.0.0.254"),
    ("10.0.0.16/28", 14, 0, "10.0.0.17", "10.0.0.30"), ("10.0.0.0/22", 1022, 64, "10.0.0.1", "10.0.3.254"),
  ])
  func `a network's addresses are numbered`(
    text: String, count: Int, reserved: Int, first: String, last: String
  ) throws {
    let range = try #require(ServiceAddressRange(text))
    #expect(range.text == text)
    #expect(range.count == count)
    #expect(range.reserved == reserved)
    #expect(range.address(0) == first)
    #expect(range.address(count - 1) == last)
    #expect(range.number(of: first) == 0)
    #expect(range.number(of: last) == count - 1)
  }

  @Test(arguments: [
    "10.96.0.0", "10.96.0.1/16", "10.96.0.0/33", "10.96.0.0/30", "a/16", "fd00::/108", "", "/",
  ])
  func `what is no network of services is none`(text: String) {
    #expect(ServiceAddressRange(text) == nil)
  }

  @Test(arguments: [
    "10.96.0.0", "10.96.255.255", "10.97.0.1", "1.2.3.4", "None", "", "10.96.0", "10.96.0.999",
  ])
  func `an address outside has no number`(address: String) {
    #expect(ServiceAddressRange.standard.number(of: address) == nil)
  }

  @Test func `node ports are numbered`() {
    let range = NodePortRange.standard
    #expect(range.text == "30000-32767")
    #expect((range.count, range.reserved) == (2768, 86))
    #expect(range.port(0) == 30_000)
    #expect([29_999, 30_000, 32_767, 32_768].map { range.number(of: $0) } == [nil, 0, 2767, nil])
    #expect(NodePortRange(0...10) == nil)
    #expect(NodePortRange(60_000...65_536) == nil)
  }
}
