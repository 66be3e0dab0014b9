/** Where a container's output goes: the rotating log file, or nowhere with the driver "none". */
import { parseSize } from "../../base/units.ts";
import type { LogConfig } from "../../wire/host-config.ts";
import { rotationProblem } from "../../wire/validate/log-config.ts";
import * as messages from "../messages.ts";
import type { ProcessRequest } from "../ports.ts";

/** Unless told otherwise a log never outgrows 5 files of 20 MB. */
const DEFAULT_MAX_BYTES = 20_000_000;
const DEFAULT_MAX_FILES = 5;

/** `max-size` ("10m", "-1" for no limit) and `max-file` as Docker's json-file and local drivers take them. Throws a system error. */
export function logTarget(logConfig: LogConfig, path: string): ProcessRequest["log"] {
  if (logConfig.Type === "none") return undefined;
  const problem = rotationProblem(logConfig);
  if (problem !== undefined) throw messages.logUnopened(problem);
  const { "max-size": maxSize, "max-file": maxFile } = logConfig.Config;
  const maxBytes = maxSize === undefined ? DEFAULT_MAX_BYTES : maxSize === "-1" ? 0 : parseSize(maxSize, 1000);
  return { path, maxBytes: maxBytes ?? DEFAULT_MAX_BYTES, maxFiles: Number(maxFile ?? DEFAULT_MAX_FILES) };
}
