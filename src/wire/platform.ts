/** Platforms as the API takes and shows them: OCI platforms as JSON, and the words people write ("linux/arm64/v8"). */
import { invalidParameter, messageOf } from "../base/errors.ts";
import { string, struct } from "./decode/primitives.ts";
import { parseJson } from "./json.ts";

export interface Platform {
  readonly os: string;
  /** In the OCI's spelling, such as "amd64". */
  readonly architecture: string;
  /** "" when there is none. */
  readonly variant: string;
}

const decode = struct("v1.Platform", () => ({ os: "", architecture: "", variant: "" }), {
  os: string,
  architecture: string,
  variant: string,
});

/** One query parameter (moby daemon/server/httputils/form.go, DecodePlatform). Throws invalidParameter. */
export function decodePlatform(json: string): Platform {
  const platform = decode(parsed(json), "Platform");
  if (platform.os === "" || platform.architecture === "") {
    throw invalidParameter("both OS and Architecture must be provided");
  }
  return platform;
}

function parsed(json: string): NonNullable<unknown> {
  try {
    return parseJson(json) ?? {};
  } catch (error) {
    const reason = messageOf(error).replace(/^invalid JSON: /, "");
    throw invalidParameter(`failed to parse platform: ${reason}`, { cause: error });
  }
}

/** "linux/arm/v7". */
export function platformText({ os, architecture, variant }: Platform): string {
  return [os || "unknown", architecture, variant].filter((word) => word !== "").join("/");
}
