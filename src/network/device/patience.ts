/** Waiting for the kernel to let go of a hardware address. */
import { hasCode } from "../../base/errors.ts";

const PATIENCE_MS = 2000;
const RETRY_MS = 20;

/** On a parent interface a hardware address is taken until the kernel has come round to the namespace that had it last. */
export async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    try {
      return await attempt();
    } catch (error) {
      if (!hasCode(error, "EADDRINUSE") || waitedMs >= PATIENCE_MS) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
