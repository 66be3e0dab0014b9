/** The API version in the path, within the range that this engine speaks (moby daemon/server/middleware/version.go). */
import { invalidParameter } from "../base/errors.ts";
import { API_VERSION, compareVersions, MIN_API_VERSION } from "../wire/version.ts";

export interface Versioned {
  readonly version: string;
  /** Without the version. */
  readonly path: string;
}

const PREFIX = /^\/v([0-9.]+)(\/.*)$/;

/** Without a prefix the newest version is meant. Throws invalidParameter outside the range. */
export function negotiateVersion(path: string): Versioned {
  const [, version, rest = ""] = PREFIX.exec(path) ?? [];
  if (version === undefined) return { version: API_VERSION, path };
  if (compareVersions(version, MIN_API_VERSION) < 0) {
    throw invalidParameter(
      `client version ${version} is too old. Minimum supported API version is ${MIN_API_VERSION}, please upgrade your client to a newer version`,
    );
  }
  if (compareVersions(version, API_VERSION) > 0) {
    throw invalidParameter(`client version ${version} is too new. Maximum supported API version is ${API_VERSION}`);
  }
  return { version, path: rest };
}

export function isBelow(version: string, other: string): boolean {
  return compareVersions(version, other) < 0;
}
