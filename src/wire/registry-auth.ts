/** What a client knows to prove who it is: the X-Registry-Auth and X-Registry-Config headers of the Engine API. */
import { invalidParameter } from "../base/errors.ts";
import { string, struct } from "./decode/primitives.ts";
import { parseJson } from "./json.ts";

export interface Credentials {
  username: string;
  password: string;
  /** The registry they are for, as the client calls it. */
  serveraddress: string;
  /** A refresh token in place of a password. */
  identitytoken: string;
  /** A bearer token to be sent as it is. */
  registrytoken: string;
  /** base64 of "user:password", what older clients send. */
  auth: string;
}

const none = (): Credentials => ({
  username: "",
  password: "",
  serveraddress: "",
  identitytoken: "",
  registrytoken: "",
  auth: "",
});

export const ANONYMOUS: Credentials = none();

export const hasSecrets = ({ username, password, identitytoken }: Credentials): boolean =>
  username !== "" || password !== "" || identitytoken !== "";

export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

const MAX_HEADER = 64 * 1024;

const decode = struct("registry.AuthConfig", none, {
  username: string,
  password: string,
  serveraddress: string,
  identitytoken: string,
  registrytoken: string,
  auth: string,
});

/** The body of POST /auth, and what is in the header. Throws invalidParameter. */
export function decodeCredentials(value: NonNullable<unknown>): Credentials {
  return withPair(decode(value, "AuthConfig"));
}

/** Of an X-Registry-Auth header; anonymous when there is none, or when it says nothing that can be read: so does moby. */
export function readAuthHeader(header: string | undefined): Credentials {
  if (header === undefined || header === "" || header.length > MAX_HEADER) return ANONYMOUS;
  try {
    return decodeCredentials(parseJson(decodeBase64(header)) ?? {});
  } catch {
    return ANONYMOUS;
  }
}

/** Of an X-Registry-Config header: credentials by registry, as in `auths` of Docker's client. Go's clients without any send `null`. */
export function readConfigHeader(header: string | undefined): ReadonlyMap<string, Credentials> {
  if (header === undefined || header === "") return new Map();
  if (header.length > MAX_HEADER) throw invalidParameter("invalid X-Registry-Config header: it is too long");
  const value = parseJson(decodeBase64(header)) ?? {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw invalidParameter("invalid X-Registry-Config header: not an object");
  }
  return new Map(Object.entries(value).map(([host, each]) => [host, decodeCredentials(each ?? {})]));
}

/** URL-safe or not, padded or not. */
function decodeBase64(text: string): string {
  return Buffer.from(text, "base64url").toString("utf8");
}

function withPair(credentials: Credentials): Credentials {
  if (credentials.auth === "" || credentials.username !== "") return credentials;
  const pair = Buffer.from(credentials.auth, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  if (colon < 0) return credentials;
  return { ...credentials, username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}
