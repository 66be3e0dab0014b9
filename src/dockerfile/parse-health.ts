/** HEALTHCHECK. Pure. */
import { durationProblem, parseDurationNs } from "../base/duration.ts";
import { decodeFlags } from "./flags.ts";
import type { HealthOptions, InstructionBody } from "./instruction.ts";
import { DockerfileError } from "./place.ts";
import type { Statement } from "./statements.ts";
import { jsonWords } from "./words.ts";

const KINDS = {
  interval: "string",
  timeout: "string",
  "start-period": "string",
  "start-interval": "string",
  retries: "string",
} as const;
const MIN_INTERVAL_NS = 1_000_000;

export function parseHealthcheck({ rest, flags }: Statement): InstructionBody {
  const [, word = "", command = ""] = /^(\S*)\s*([\s\S]*)$/.exec(rest) ?? [];
  const type = word.toUpperCase();
  if (type === "") throw new DockerfileError("HEALTHCHECK requires at least one argument");
  if (type === "NONE") {
    if (command !== "") throw new DockerfileError("HEALTHCHECK NONE takes no arguments");
    return { name: "HEALTHCHECK", test: ["NONE"], options: NO_OPTIONS };
  }
  const given = decodeFlags(flags, KINDS);
  if (type !== "CMD") throw new DockerfileError(`Unknown type ${JSON.stringify(type)} in HEALTHCHECK (try CMD)`);
  const words = jsonWords(command);
  const test = words === undefined ? ["CMD-SHELL", command] : ["CMD", ...words];
  if (command === "" || words?.length === 0) throw new DockerfileError("Missing command after HEALTHCHECK CMD");
  return {
    name: "HEALTHCHECK",
    test,
    options: {
      interval: toInterval("interval", given.interval),
      timeout: toInterval("timeout", given.timeout),
      startPeriod: toInterval("start-period", given["start-period"]),
      startInterval: toInterval("start-interval", given["start-interval"]),
      retries: toRetries(given.retries),
    },
  };
}

const NO_OPTIONS: HealthOptions = { interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 };

function toInterval(name: string, text: string): number {
  if (text === "") return 0;
  const ns = parseDurationNs(text);
  if (ns === undefined) throw new DockerfileError(durationProblem(text));
  if (ns === 0 || ns >= MIN_INTERVAL_NS) return ns;
  throw new DockerfileError(`Interval ${JSON.stringify(name)} cannot be less than 1ms`);
}

function toRetries(text: string): number {
  if (text === "") return 0;
  if (!/^[+-]?\d+$/.test(text)) {
    throw new DockerfileError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const retries = Number(text);
  if (retries > 2 ** 31 - 1) {
    throw new DockerfileError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  }
  if (retries < 0) throw new DockerfileError(`--retries cannot be negative (${retries})`);
  return retries;
}
