import { expect, test } from "bun:test";
import { isIPv4 as referenceIPv4, isIPv6 as referenceIPv6 } from "node:net";
import fc from "fast-check";
import { addressProblem, isIP, isIPv4, isIPv6 } from "./ip.ts";

const almostAddress = fc
  .array(fc.constantFrom(":", "::", ".", "0", "1", "25", "255", "256", "a", "ffff", "fffff", "g", "1.2.3.4"), {
    maxLength: 18,
  })
  .map((parts) => parts.join(""));

test("isIPv4() and isIPv6() agree with the platform on every spelling", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), almostAddress), (text) => {
      expect([isIPv4(text), isIPv6(text)]).toEqual([referenceIPv4(text), referenceIPv6(text)]);
    }),
    { numRuns: 2000 },
  );
});

test.each(["", "1.2.3", "01.2.3.4", "::1%eth0", "[::1]", "1:2:3:4:5:6:7", ":::", "1::2::3", "localhost"])(
  "isIP() refuses %j",
  (text) => expect(isIP(text)).toBe(false),
);

test.each([
  ["foo", "unable to parse IP"],
  ["", "unable to parse IP"],
  ["1..2.3", "IPv4 field must have at least one digit"],
  ["1.2.3", "IPv4 address too short"],
  ["1.2.3.4.5", "IPv4 address too long"],
  ["300.1.1.1", "IPv4 field has value >255"],
  ["01.2.3.4", "IPv4 field has octet with leading zero"],
])("addressProblem(%j) is Go's", (text, problem) => {
  expect(addressProblem(text)).toBe(`ParseAddr(${JSON.stringify(text)}): ${problem}`);
});
