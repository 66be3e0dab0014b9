/** config.json of Docker's clients: read tolerantly, changed only where asked, everything else in it kept. */
import { chmodSync, mkdirSync, realpathSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasCode, messageOf } from "../../base/errors.ts";
import { CommandError } from "../errors.ts";

export interface AuthEntry {
  /** base64 of "user:password". */
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

export interface ClientConfig {
  readonly path: string;
  readonly auths: Readonly<Record<string, AuthEntry>>;
  /** The helper that keeps credentials; "" keeps them in the file. */
  readonly credsStore: string;
  /** Helpers of single registries. */
  readonly credHelpers: Readonly<Record<string, string>>;
}

type Json = Readonly<Record<string, unknown>>;

const FILE_NAME = "config.json";

/** `dir` holds config.json, or will. Throws CommandError for a file that is no configuration. */
export async function readClientConfig(dir: string): Promise<ClientConfig> {
  const raw = await readRaw(dir);
  return {
    path: join(dir, FILE_NAME),
    auths: Object.fromEntries(Object.entries(objectAt(raw, "auths")).map(([key, value]) => [key, toEntry(value)])),
    credsStore: textAt(raw, "credsStore"),
    credHelpers: Object.fromEntries(
      Object.entries(objectAt(raw, "credHelpers")).flatMap(([key, value]) =>
        typeof value === "string" ? [[key, value]] : [],
      ),
    ),
  };
}

/** Sets the entry of one registry, or takes it away. Nobody but its owner can read the file. */
export async function writeAuth(dir: string, key: string, entry: AuthEntry | undefined): Promise<void> {
  const raw = await readRaw(dir);
  const { [key]: _old, ...others } = objectAt(raw, "auths");
  const auths = entry === undefined ? others : { ...others, [key]: entry };
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = realPath(join(dir, FILE_NAME));
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, JSON.stringify({ ...raw, auths }, null, "\t"), { mode: 0o600 });
  chmodSync(temporary, 0o600);
  await rename(temporary, path);
}

/** The file itself may be a link into a directory of dotfiles. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return path;
  }
}

async function readRaw(dir: string): Promise<Json> {
  const path = join(dir, FILE_NAME);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return {};
    throw new CommandError(`Error loading config file: ${messageOf(error)}`, 1, { cause: error });
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (isObject(parsed)) return parsed;
  } catch (cause) {
    throw new CommandError(`Error loading config file: ${path}: ${messageOf(cause)}`, 1, { cause });
  }
  throw new CommandError(`Error loading config file: ${path}: not a JSON object`);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectAt(raw: Json, key: string): Json {
  const value = raw[key];
  return isObject(value) ? value : {};
}

function textAt(raw: Json, key: string): string {
  const value = raw[key];
  return typeof value === "string" ? value : "";
}

function toEntry(value: unknown): AuthEntry {
  if (!isObject(value)) return {};
  const fields = ["auth", "username", "password", "identitytoken", "registrytoken"];
  return Object.fromEntries(
    fields.flatMap((field) => (typeof value[field] === "string" ? [[field, value[field]]] : [])),
  );
}
