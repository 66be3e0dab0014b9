/** What a build is made from: the argument of the command, `--file` and `--build-context`, as directories to serve and words for the engine. */
import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { parseHeader } from "../../base/tar/header.ts";
import type { FilesWanted, OutgoingTree } from "../../wire/file-transfer.ts";
import type { CliEnv } from "../command.ts";
import { absolutePath } from "../container/paths.ts";
import { CommandError } from "../errors.ts";
import type { Io } from "../io.ts";
import { buildProblem } from "./fields.ts";
import { findDigest } from "./layout.ts";
import { createName } from "./names.ts";

/** Makes the part of a directory that the engine asks for. */
export type Directory = (wanted: FilesWanted) => Promise<OutgoingTree>;

export interface BuildContext {
  /** Of the Dockerfile frontend. */
  readonly attrs: ReadonlyMap<string, string>;
  /** By the names under which the engine asks for them. */
  readonly directories: ReadonlyMap<string, Directory>;
  /** Directories of OCI layouts by the names that the engine has for them. */
  readonly stores: ReadonlyMap<string, string>;
  /** What the engine asks for under `/<id>`. */
  readonly upload: { readonly id: string; readonly body: AsyncIterable<Uint8Array> } | undefined;
  /** Builds from the same directory have the same. */
  readonly sharedKey: string;
}

export interface ContextWish {
  /** A directory, "-", or an address. */
  readonly context: string;
  /** "" is the Dockerfile of the context. */
  readonly file: string;
  /** "name=value". */
  readonly named: readonly string[];
}

interface Surroundings {
  readonly env: Pick<CliEnv, "cwd">;
  readonly io: Pick<Io, "stdin" | "isTerminal">;
}

const DOCKERFILE = "Dockerfile";
const ADDRESS = /^(?:https?|git|ssh):\/\/|^git@|^github\.com\//;

/** Throws CommandError in buildx's words. */
export async function openContext(wish: ContextWish, around: Surroundings): Promise<BuildContext> {
  const named = await Promise.all(wish.named.map((text) => namedContext(text, around.env.cwd)));
  const main = await mainContext(wish, around);
  return {
    ...main,
    attrs: new Map([...main.attrs, ...named.map(({ attr }) => attr)]),
    directories: new Map([...main.directories, ...named.flatMap(({ directory }) => directory ?? [])]),
    stores: new Map(named.flatMap(({ store }) => store ?? [])),
  };
}

type MainContext = Omit<BuildContext, "stores">;

async function mainContext(wish: ContextWish, around: Surroundings): Promise<MainContext> {
  const { context, file } = wish;
  if (context === "-") return stdinContext(wish, around);
  if (ADDRESS.test(context)) return addressContext(wish, around);
  const path = absolutePath(around.env.cwd, context);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw buildProblem(`unable to prepare context: path ${JSON.stringify(context)} not found`);
  }
  const dockerfile = await openDockerfile(file === "" ? `${path}/${DOCKERFILE}` : file, around);
  return {
    attrs: new Map([["filename", dockerfile.name]]),
    directories: new Map([
      ["context", onDisk(path)],
      ["dockerfile", dockerfile.directory],
    ]),
    upload: undefined,
    sharedKey: keyOf(path),
  };
}

const onDisk =
  (path: string): Directory =>
  async (wanted) =>
    (await import("./tree/local-tree.ts")).localTree(path, wanted);

const inMemory =
  (files: ReadonlyMap<string, Uint8Array>): Directory =>
  async (wanted) =>
    (await import("./tree/memory-tree.ts")).memoryTree(files, wanted);

interface OpenDockerfile {
  readonly name: string;
  readonly directory: Directory;
}

/** A path as seen from the working directory, "-" for standard input, or an address. */
async function openDockerfile(file: string, { env, io }: Surroundings): Promise<OpenDockerfile> {
  if (file === "-") return { name: DOCKERFILE, directory: inMemory(new Map([[DOCKERFILE, await readAll(io.stdin)]])) };
  if (/^https?:\/\//.test(file)) {
    return { name: DOCKERFILE, directory: inMemory(new Map([[DOCKERFILE, await fetched(file)]])) };
  }
  const path = absolutePath(env.cwd, file);
  return { name: basename(path), directory: onDisk(dirname(path)) };
}

async function fetched(address: string): Promise<Uint8Array> {
  const response = await fetch(address).catch((cause: unknown) => {
    throw buildProblem(`failed to read ${address}`, cause);
  });
  if (!response.ok) throw buildProblem(`failed to read ${address}: status ${response.status}`);
  return response.bytes();
}

/** The engine fetches it; the Dockerfile comes with it, unless there is one of the user's own. */
async function addressContext({ context, file }: ContextWish, around: Surroundings): Promise<MainContext> {
  const attrs = new Map([["context", context]]);
  const none = { directories: new Map<string, Directory>(), upload: undefined, sharedKey: keyOf(context) };
  if (file !== "-" && !/^https?:\/\//.test(file)) {
    return { ...none, attrs: file === "" ? attrs : attrs.set("filename", file) };
  }
  const { name, directory } = await openDockerfile(file, around);
  attrs.set("filename", name).set("dockerfilekey", "dockerfile");
  return { ...none, attrs, directories: new Map([["dockerfile", directory]]) };
}

/** An archive is a context, anything else a Dockerfile without one. */
async function stdinContext({ file }: ContextWish, around: Surroundings): Promise<MainContext> {
  if (file === "-") throw buildProblem("invalid argument: can't use stdin for both build context and dockerfile");
  if (around.io.isTerminal(0)) throw buildProblem("the context is to come from standard input, which is a terminal");
  const { head, body } = await peek(around.io.stdin);
  if (isArchive(head)) return uploadedContext(body, file, around);
  if (file !== "") throw buildProblem("ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles");
  const dockerfile = inMemory(new Map([[DOCKERFILE, await readAll(body)]]));
  return {
    attrs: new Map([["filename", DOCKERFILE]]),
    directories: new Map([
      ["context", inMemory(new Map())],
      ["dockerfile", dockerfile],
    ]),
    upload: undefined,
    sharedKey: keyOf("-"),
  };
}

async function uploadedContext(
  body: AsyncIterable<Uint8Array>,
  file: string,
  around: Surroundings,
): Promise<MainContext> {
  const id = createName();
  const context = `http://buildkit-session/${id}`;
  const { attrs, directories } = await addressContext({ context, file, named: [] }, around);
  return { attrs, directories, upload: { id, body }, sharedKey: keyOf("-") };
}

const SIGNATURES = [
  [0x1f, 0x8b],
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
  [0x28, 0xb5, 0x2f, 0xfd],
] as const;
const TAR_BLOCK = 512;

function isArchive(head: Buffer): boolean {
  if (SIGNATURES.some((signature) => signature.every((byte, at) => head[at] === byte))) return true;
  if (head.length < TAR_BLOCK) return false;
  try {
    parseHeader(head.subarray(0, TAR_BLOCK));
    return true;
  } catch {
    return false;
  }
}

/** The first bytes, and everything with them. */
async function peek(stream: AsyncIterable<Uint8Array>): Promise<{ head: Buffer; body: AsyncIterable<Uint8Array> }> {
  const chunks = stream[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let ended = false;
  while (head.length < TAR_BLOCK && !ended) {
    const { done, value } = await chunks.next();
    if (done === true) ended = true;
    else head = Buffer.concat([head, value]);
  }
  const body = (async function* () {
    yield head;
    while (!ended) {
      const { done, value } = await chunks.next();
      if (done === true) return;
      yield value;
    }
  })();
  return { head, body };
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(stream));
}

interface NamedContext {
  readonly attr: readonly [string, string];
  readonly directory?: readonly [readonly [string, Directory]];
  readonly store?: readonly [readonly [string, string]];
}

async function namedContext(text: string, cwd: string): Promise<NamedContext> {
  const equals = text.indexOf("=");
  if (equals < 0) throw new CommandError(`ERROR: invalid context value: ${text}, expected key=value`);
  const [name, value] = [text.slice(0, equals), text.slice(equals + 1)];
  const key = `context:${name}`;
  if (value.startsWith(LAYOUT)) return layoutContext(key, value.slice(LAYOUT.length), cwd);
  if (value.startsWith("docker-image://") || ADDRESS.test(value)) return { attr: [key, value] };
  const path = absolutePath(cwd, value);
  const about = statSync(path, { throwIfNoEntry: false });
  if (about === undefined) {
    throw buildProblem(`failed to get build context ${name}: stat ${value}: no such file or directory`);
  }
  if (!about.isDirectory()) throw buildProblem(`failed to get build context ${name}: ${value}: not a directory`);
  return { attr: [key, `local:${name}`], directory: [[name, onDisk(path)]] };
}

const LAYOUT = "oci-layout://";

/** "path", "path:tag" or "path@digest". The engine is told the digest. */
async function layoutContext(key: string, value: string, cwd: string): Promise<NamedContext> {
  const [, path = "", tag = "latest", given] =
    /^(.*?)(?::([\w][\w.-]*))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(value) ?? [];
  const directory = absolutePath(cwd, path);
  const digest = given ?? (await findDigest(directory, tag));
  if (digest === undefined) throw buildProblem(`could not find ${tag} in the OCI layout ${path}`);
  const store = createName();
  return { attr: [key, `${LAYOUT}${store}@${digest}`], store: [[`oci:${store}`, directory]] };
}

function keyOf(text: string): string {
  return new Bun.CryptoHasher("sha256").update(`tare build ${text}`).digest("hex");
}
