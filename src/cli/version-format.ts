/** `version --format`. */
import { CommandError } from "./errors.ts";
import { list, map, pointer, struct, text } from "./format/shape.ts";
import { type PrintedObject, printObject } from "./format-object.ts";
import { builtText, isObject, type ServerVersion } from "./version-text.ts";

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

/** Throws CommandError for a text that is no template. */
export function formatVersion(format: string, client: object, server: ServerVersion | undefined): PrintedObject {
  const versions = { Client: client, Server: server === undefined ? null : withReadableTimes(server) };
  return printObject(format, shape, versions, {
    name: "version",
    refusal: (message) => new CommandError(`template parsing error: ${message}`, EXIT_TEMPLATE),
  });
}

/** docker rewrites the build time of the engine's component, and no other. */
function withReadableTimes(server: ServerVersion): ServerVersion {
  const components = server["Components"];
  if (!Array.isArray(components)) return server;
  return { ...server, Components: components.map((item) => (isObject(item) ? withReadableTime(item) : item)) };
}

function withReadableTime(component: ServerVersion): ServerVersion {
  const details = component["Details"];
  const built = isObject(details) ? details["BuildTime"] : undefined;
  if (!isObject(details) || typeof built !== "string") return component;
  return { ...component, Details: { ...details, BuildTime: builtText(built) } };
}
