/** Log drivers and their options (moby v28 daemon/logger). Our log is one format; the drivers' names and rotation options are understood. */
import { invalidParameter } from "../../base/errors.ts";
import { parseSize } from "../../base/units.ts";
import type { LogConfig } from "../host-config.ts";

const ROTATION = ["max-file", "max-size", "compress"];
const JSON_FILE_OPTIONS = new Set([...ROTATION, "labels", "labels-regex", "env", "env-regex", "tag"]);
const LOCAL_OPTIONS = new Set(ROTATION);
/** Go's ParseBool, and nothing. */
const BOOLEAN = /^(|1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;

export function checkLogConfig({ Type, Config }: LogConfig): void {
  const { mode = "", "max-buffer-size": buffer, ...options } = Config;
  checkMode(mode, buffer);
  switch (Type) {
    case "none":
      return;
    case "":
    case "json-file":
      checkOptions(options, JSON_FILE_OPTIONS, (name) => `unknown log opt '${name}' for json-file log driver`);
      return;
    case "local":
      checkOptions(options, LOCAL_OPTIONS, (name) => `unknown log opt '${name}' for log driver local`);
      return;
    default:
      throw invalidParameter(`error looking up logging plugin ${Type}: plugin "${Type}" not found`);
  }
}

function checkMode(mode: string, buffer: string | undefined): void {
  if (!["", "blocking", "non-blocking"].includes(mode)) {
    throw invalidParameter(`logger: logging mode not supported: ${mode}`);
  }
  if (buffer === undefined) return;
  if (mode !== "non-blocking") {
    throw invalidParameter("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
  }
  if (parseSize(buffer) !== undefined) return;
  throw invalidParameter(`error parsing option max-buffer-size: invalid size: '${buffer}'`);
}

function checkOptions(
  options: Readonly<Record<string, string>>,
  known: ReadonlySet<string>,
  unknownMessage: (name: string) => string,
): void {
  const unknown = Object.keys(options).find((name) => !known.has(name));
  if (unknown !== undefined) throw invalidParameter(unknownMessage(unknown));
}

/** What is wrong with the values: Docker finds out when it opens the log, at the start. "-1" is a size without limit. */
export function rotationProblem({ Type, Config }: LogConfig): string | undefined {
  const { "max-size": size, "max-file": files = "5", compress = "" } = Config;
  if (Type === "none") return undefined;
  if (size !== undefined && size !== "-1" && parseSize(size) === undefined) return `invalid size: '${size}'`;
  if (!/^[+-]?\d+$/.test(files)) return `strconv.Atoi: parsing ${JSON.stringify(files)}: invalid syntax`;
  if (Number(files) < 1) return "max-file cannot be less than 1";
  if (BOOLEAN.test(compress)) return undefined;
  const problem = `strconv.ParseBool: parsing ${JSON.stringify(compress)}: invalid syntax`;
  return Type === "local" ? `error reading compress log option: ${problem}` : problem;
}
