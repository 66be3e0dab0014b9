import { expect, test } from "bun:test";
import { isIPv4 as referenceIPv4, isIPv6 as referenceIPv6 } from "node:net";
import fc from "fast-check";
import { isIP, isIPv4, isIPv6 } from "./ip.ts";

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
