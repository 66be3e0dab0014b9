/** Carries out one case on whatever engine listens on a socket, and tells what came of it in a form that two engines can share. */
import { gzipSync } from "node:zlib";
import type { TarEntry } from "../../../src/base/tar/entry.ts";
import { TarReader } from "../../../src/base/tar/reader.ts";
import { type TarMember, writeTar } from "../../../src/base/tar/writer.ts";
import { StatusResponse } from "../../../src/wire/buildkit/control.ts";
import { decode } from "../../../src/wire/protobuf/message.ts";
import type { BuildCase, ContextFile } from "./case.ts";

export interface Outcome {
  readonly error?: string;
  /** What the image is configured to be, and the words of its history. */
  readonly config?: unknown;
  readonly history?: readonly string[];
  /** A line an entry that the base image does not have. */
  readonly tree?: readonly string[];
  /** Output of the steps. */
  readonly output?: readonly string[];
  readonly warnings?: readonly string[];
  /** Of the second build: the steps that were not carried out again. */
  readonly cached?: readonly string[];
}

type Files = Readonly<Record<string, ContextFile | undefined>>;

export class BuildPeer {
  readonly #socket: string;
  readonly #base: string;
  #baseTree: ReadonlySet<string> | undefined;

  /** `base` is the image that cases build on as `cmpbox`. */
  constructor(socket: string, base: string) {
    this.#socket = socket;
    this.#base = base;
  }

  async run({ dockerfile, context = {}, query = {}, again }: BuildCase): Promise<Outcome> {
    const files: Files = { ...context, Dockerfile: dockerfile };
    const first = await this.#build(files, { nocache: "1", ...query });
    const told = { output: first.output, ...(first.warnings.length === 0 ? {} : { warnings: first.warnings }) };
    if (first.imageId === undefined) return { error: first.error, ...told };
    try {
      const shown = await this.#describe(first.imageId);
      if (again === undefined) return { ...shown, ...told };
      const second = await this.#build({ ...files, ...again }, query);
      return { ...shown, ...told, cached: second.cached };
    } finally {
      await this.#request("DELETE", `/images/${first.imageId}?force=1`);
    }
  }

  /** What other builds have left would be taken for the work of this one. */
  async forgetBuilds(): Promise<void> {
    await this.#request("POST", "/build/prune?all=1");
  }

  async #build(files: Files, query: Readonly<Record<string, string>>): Promise<Built> {
    const parameters = new URLSearchParams({ version: "2", ...query });
    const response = await this.#request("POST", `/build?${parameters.toString()}`, toTar(files));
    return readProgress(await response.text());
  }

  async #describe(imageId: string): Promise<Pick<Outcome, "config" | "history" | "tree">> {
    const inspect = (await (await this.#request("GET", `/images/${imageId}/json`)).json()) as {
      Config: Record<string, unknown>;
    };
    const history = (await (await this.#request("GET", `/images/${imageId}/history`)).json()) as {
      CreatedBy: string;
      Comment: string;
    }[];
    const own = history.filter(({ Comment }) => Comment.startsWith("buildkit"));
    return {
      config: toConfig(inspect.Config),
      history: own.map(({ CreatedBy }) => CreatedBy).reverse(),
      tree: await this.#ownTree(imageId),
    };
  }

  async #ownTree(imageId: string): Promise<string[]> {
    this.#baseTree ??= new Set(await this.#tree(this.#base));
    const base = this.#baseTree;
    return (await this.#tree(imageId)).filter((line) => !base.has(line));
  }

  /** The files of an image, by way of a container that never runs. */
  async #tree(image: string): Promise<string[]> {
    const body = JSON.stringify({ Image: image, Cmd: ["none"] });
    const created = await this.#request("POST", "/containers/create", Buffer.from(body), "application/json");
    const { Id } = (await created.json()) as { Id?: string };
    if (Id === undefined) return ["no container can be made of it"];
    try {
      const response = await this.#request("GET", `/containers/${Id}/export`);
      return listTar(new Uint8Array(await response.arrayBuffer()));
    } finally {
      await this.#request("DELETE", `/containers/${Id}?force=1&v=1`);
    }
  }

  #request(
    method: string,
    path: string,
    body?: Uint8Array<ArrayBuffer>,
    type = "application/x-tar",
  ): Promise<Response> {
    const payload = body === undefined ? {} : { body, headers: { "Content-Type": type } };
    return fetch(`http://docker/v1.47${path}`, { method, unix: this.#socket, ...payload });
  }
}

interface Built {
  readonly imageId: string | undefined;
  readonly error: string;
  readonly output: readonly string[];
  readonly warnings: readonly string[];
  readonly cached: readonly string[];
}

function readProgress(text: string): Built {
  const lines = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const names = new Map<string, string>();
  const cached = new Set<string>();
  const output = new Map<string, string>();
  const warnings = new Set<string>();
  for (const { id, aux } of lines) {
    if (id !== "moby.buildkit.trace" || typeof aux !== "string") continue;
    const status = decode(StatusResponse, Buffer.from(aux, "base64"));
    for (const vertex of status.vertexes) {
      names.set(vertex.digest, vertex.name);
      if (vertex.cached) cached.add(vertex.digest);
    }
    for (const { vertex, msg } of status.logs)
      output.set(vertex, (output.get(vertex) ?? "") + Buffer.from(msg).toString());
    for (const { short } of status.warnings) warnings.add(Buffer.from(short).toString());
  }
  const image = lines.find(({ id }) => id === "moby.image.id")?.["aux"] as { ID: string } | undefined;
  const problem = lines.find(({ error }) => typeof error === "string")?.["error"];
  const said = [...output].map(([vertex, words]) => `${names.get(vertex) ?? ""}: ${words}`);
  const steps = [...cached]
    .map((vertex) => names.get(vertex) ?? "")
    .filter((name) => /^\[(?!internal)/.test(name) && !/\] FROM /.test(name));
  return {
    imageId: image?.ID,
    error: maskError(typeof problem === "string" ? problem : image === undefined ? JSON.stringify(lines.at(-1)) : ""),
    output: said.toSorted(),
    warnings: [...warnings].toSorted(),
    cached: steps.toSorted(),
  };
}

/** What is new at every run, and where Docker keeps its files. */
const maskError = (text: string): string =>
  text.replace(/of ref [0-9a-z-]+::[0-9a-z]+/, "of ref REF").replace(/\/var\/lib\/docker\/overlay2\/\w+\/merged/g, "");

/** Fields that say nothing are left out: versions of the API differ in which of them they show. */
function toConfig(config: Readonly<Record<string, unknown>>): unknown {
  const isEmpty = (value: unknown): boolean =>
    value === null || value === "" || value === false || (typeof value === "object" && Object.keys(value).length === 0);
  return Object.fromEntries(
    Object.entries(config)
      .filter(([key, value]) => key !== "Image" && !isEmpty(value))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** What every container has, whatever its image. */
const EVERYWHERE = /^(?:\.dockerenv|dev|proc|sys|etc)$|^dev\/|^etc\/(?:hosts|hostname|resolv\.conf|mtab)$/;

function listTar(archive: Uint8Array): string[] {
  const lines: string[] = [];
  let current: { line: string; hash: Bun.CryptoHasher } | undefined;
  const reader = new TarReader({
    entry: (entry) => {
      current = { line: describe(entry), hash: new Bun.CryptoHasher("sha1") };
    },
    data: (chunk) => void current?.hash.update(chunk),
    end: () => {
      if (current !== undefined) lines.push(current.line.replace("CONTENT", current.hash.digest("hex").slice(0, 12)));
    },
  });
  reader.push(archive);
  reader.close();
  return lines.filter((line) => !EVERYWHERE.test(line.split(" ")[0] ?? "")).toSorted();
}

function describe({ name, type, mode, uid, gid, linkName, size }: TarEntry): string {
  const path = Buffer.from(name, "latin1")
    .toString()
    .replace(/^\.?\/+|\/+$/g, "");
  const content = type === "file" ? ` ${size} CONTENT` : "";
  return `${path} ${type} ${mode.toString(8)} ${uid}:${gid}${content}${linkName === "" ? "" : ` -> ${linkName}`}`;
}

function toTar(files: Files): Uint8Array<ArrayBuffer> {
  const members = Object.entries(files).flatMap(([path, file]) => (file === undefined ? [] : [toMember(path, file)]));
  return Uint8Array.from(writeTar(members));
}

function toMember(path: string, file: ContextFile): TarMember {
  if (typeof file === "string")
    return {
      type: path.endsWith("/") ? "directory" : "file",
      name: path,
      mode: path.endsWith("/") ? 0o755 : 0o644,
      data: Buffer.from(file),
    };
  const { text = "", mode = 0o644, link, archive } = file;
  if (link !== undefined) return { type: "symlink", name: path, linkName: link, mode: 0o777 };
  if (path.endsWith("/")) return { type: "directory", name: path, mode };
  return { type: "file", name: path, mode, data: archive === undefined ? Buffer.from(text) : archiveOf(text, archive) };
}

/** An archive with one directory and one file in it. */
function archiveOf(text: string, kind: "tar" | "tar.gz"): Uint8Array {
  const tar = writeTar([
    { type: "directory", name: "inside/", mode: 0o750 },
    { type: "file", name: "inside/file", mode: 0o640, data: Buffer.from(text) },
  ]);
  return kind === "tar" ? tar : gzipSync(tar);
}
