/** Log drivers and their options (moby v28 daemon/logger). Our log is one format; the drivers' names and rotation options are understood. */
import { type EngineError, invalidParameter } from "../../base/errors.ts";
import { parseSize } from "../../base/units.ts";
import type { LogConfig } from "../host-config.ts";

const ROTATION = ["max-file", "max-size", "compress"];
const JSON_FILE_OPTIONS = new Set([...ROTATION, "labels", "labels-regex", "env", "env-regex", "tag"]);
const LOCAL_OPTIONS = new Set(ROTATION);

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
  if (parseSize(buffer) === undefined) throw invalidSize("error parsing option max-buffer-size: ", buffer);
}

function checkOptions(
  options: Readonly<Record<string, string>>,
  known: ReadonlySet<string>,
  unknownMessage: (name: string) => string,
): void {
  const unknown = Object.keys(options).find((name) => !known.has(name));
  if (unknown !== undefined) throw invalidParameter(unknownMessage(unknown));
  const { "max-size": size, "max-file": files } = options;
  if (size !== undefined && size !== "-1" && parseSize(size) === undefined) throw invalidSize("", size);
  if (files === undefined) return;
  if (!/^[+-]?\d+$/.test(files)) {
    throw invalidParameter(`strconv.Atoi: parsing ${JSON.stringify(files)}: invalid syntax`);
  }
  if (Number(files) < 1) throw invalidParameter("max-file cannot be less than 1");
}

function invalidSize(where: string, size: string): EngineError {
  return invalidParameter(`${where}invalid size: '${size}'`);
}
