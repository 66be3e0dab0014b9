/** `version --format`. */
import { CommandError } from "./errors.ts";
import { list, map, pointer, struct, text } from "./format/shape.ts";
import { printObject } from "./format-object.ts";
import type { ServerVersion } from "./version-text.ts";

const shape = struct("system.versionInfo", {
  Client: struct("system.clientVersion", {}),
  Server: pointer(
    struct("system.serverVersion", {
      Platform: struct("struct", { Name: text }),
      Components: list(struct("types.ComponentVersion", { Name: text, Version: text, Details: map(text) })),
    }),
  ),
});

const EXIT_TEMPLATE = 64;

export interface Versions {
  readonly Client: Readonly<Record<string, unknown>>;
  readonly Server: ServerVersion | null;
}

/** The finished line. Throws CommandError. */
export function formatVersion(format: string, versions: Versions): string {
  return printObject(format, shape, versions, {
    name: "version",
    refusal: (message) => new CommandError(`template parsing error: ${message}`, EXIT_TEMPLATE),
  });
}
