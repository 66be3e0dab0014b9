/** The flags that stop and restart share. */
import type { StopOptions } from "../client/containers.ts";
import { intFlag, textFlag } from "./flag-kinds.ts";
import type { FlagValues } from "./flags.ts";

export const STOP_FLAGS = {
  signal: textFlag("Signal to send to the container", { short: "s" }),
  timeout: intFlag("Seconds to wait before killing the container", { short: "t", aliases: ["time"] }),
};

export const stopOptions = ({ signal, timeout }: FlagValues<typeof STOP_FLAGS>): StopOptions => ({
  signal,
  t: timeout,
});
