/** The flags of `tare engine`. */
import { invalidParameter } from "../base/errors.ts";

export interface EngineFlags {
  readonly root?: string;
  readonly run?: string;
  readonly config?: string;
  readonly hosts: readonly string[];
  readonly debug: boolean;
}

const VALUED: Readonly<Record<string, "root" | "run" | "config" | "host">> = {
  "--root": "root",
  "--data-root": "root",
  "--run": "run",
  "--exec-root": "run",
  "--config": "config",
  "--config-file": "config",
  "--host": "host",
  "-H": "host",
};

/** `--flag value` and `--flag=value`; throws for anything unknown. */
export function parseEngineFlags(argv: readonly string[]): EngineFlags {
  const values: { root?: string; run?: string; config?: string } = {};
  const hosts: string[] = [];
  let debug = false;
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "--debug" || word === "-D") {
      debug = true;
      continue;
    }
    const equals = word.indexOf("=");
    const flag = equals < 0 ? word : word.slice(0, equals);
    const field = VALUED[flag];
    if (field === undefined) throw invalidParameter(`unknown flag: ${word}`);
    const value = equals < 0 ? words.shift() : word.slice(equals + 1);
    if (value === undefined) throw invalidParameter(`flag needs an argument: ${flag}`);
    if (field === "host") hosts.push(value);
    else values[field] = value;
  }
  return { ...values, hosts, debug };
}
