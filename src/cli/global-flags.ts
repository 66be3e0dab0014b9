/** The flags before the command's name. */
import { switchFlag, textFlag, valueFlag } from "./flag-kinds.ts";

const asGiven = (text: string): string => text;

export const GLOBAL_FLAGS = {
  config: textFlag("Location of client config files"),
  context: textFlag("Name of the context (accepted, not used)", { short: "c" }),
  debug: switchFlag("Enable debug mode", { short: "D" }),
  host: valueFlag("Engine socket to connect to", asGiven, { short: "H", placeholder: "url" }),
  "log-level": textFlag("Set the logging level (accepted, not used)", { short: "l" }),
  root: valueFlag("State directory of the engine that is started when none listens", asGiven, { placeholder: "dir" }),
  run: valueFlag("Runtime directory of the engine, with its socket", asGiven, { placeholder: "dir" }),
  version: switchFlag("Print version information and quit", { short: "v" }),
};
