/** Limits on what an interface sends, as a token bucket, tc-tbf(8). Pure. */
import { attribute, nested, u32, u64, zstring } from "./attribute.ts";
import { NLM_F, type Request } from "./message.ts";

const RTM_NEWQDISC = 36;
const TCA = { KIND: 1, OPTIONS: 2 } as const;
const TCA_TBF = { PARMS: 1, RATE64: 4, BURST: 6 } as const;
const TC_H_ROOT = 0xffff_ffff;
const HEADER_BYTES = 20;
const RATESPEC_BYTES = 12;
const TC_LINKLAYER_ETHERNET = 1;
/** What waits longer than this is dropped. */
const QUEUE_SECONDS = 0.05;

export interface RateLimit {
  readonly bytesPerSecond: number;
  /** What may leave at once after a rest. */
  readonly burstBytes: number;
}

/** struct tcmsg */
function header(index: number): Buffer {
  const out = Buffer.alloc(HEADER_BYTES);
  out.writeInt32LE(index, 4);
  out.writeUInt32LE(TC_H_ROOT, 12);
  return out;
}

/** struct tc_tbf_qopt: two struct tc_ratespec, then limit, buffer and mtu. The rate stands in an attribute of its own as well, which has no upper bound. */
function parameters({ bytesPerSecond, burstBytes }: RateLimit): Buffer {
  const out = Buffer.alloc(2 * RATESPEC_BYTES + 12);
  out.writeUInt8(TC_LINKLAYER_ETHERNET, 1);
  out.writeUInt32LE(Math.min(bytesPerSecond, 0xffff_ffff), 8);
  out.writeUInt32LE(Math.min(Math.ceil(bytesPerSecond * QUEUE_SECONDS) + burstBytes, 0xffff_ffff), 2 * RATESPEC_BYTES);
  return out;
}

/** Limits what the interface sends from now on, whatever limit it had before. */
export function limitRate(index: number, limit: RateLimit): Request {
  const { bytesPerSecond, burstBytes } = limit;
  const options = nested(
    TCA.OPTIONS,
    attribute(TCA_TBF.PARMS, parameters(limit)),
    attribute(TCA_TBF.RATE64, u64(bytesPerSecond)),
    attribute(TCA_TBF.BURST, u32(burstBytes)),
  );
  return {
    type: RTM_NEWQDISC,
    flags: NLM_F.CREATE | NLM_F.REPLACE,
    body: Buffer.concat([header(index), attribute(TCA.KIND, zstring("tbf")), options]),
    subject: `limit rate of link ${index}`,
  };
}
