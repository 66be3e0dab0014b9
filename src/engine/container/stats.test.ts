import { expect, test } from "bun:test";
import { parseNetDev } from "./stats.ts";

test("parseNetDev() reads every link but lo", () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
  eth0:    1406      17    2    3    0     0          0         0      126       5    6    7    0     0       0          0
`;
  expect(parseNetDev(text)).toEqual({
    eth0: {
      rx_bytes: 1406,
      rx_packets: 17,
      rx_errors: 2,
      rx_dropped: 3,
      tx_bytes: 126,
      tx_packets: 5,
      tx_errors: 6,
      tx_dropped: 7,
    },
  });
});
