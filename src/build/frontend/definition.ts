/** The Dockerfile and the ignore file of a build, from wherever the client has them. */
import { parseIgnoreFile } from "../../dockerfile/ignore.ts";
import type { Build, ContextSource, FrontendOptions } from "../builder.ts";
import { BuildFailure, NoDockerfile } from "../failure.ts";
import type { Vertex } from "../operation.ts";
import type { Tree } from "../tree.ts";
import { gitSource, httpSource } from "./remote-sources.ts";
import { createVertex } from "./vertex.ts";

export interface SourceReader {
  /** Carries out a source's vertex, now. */
  load(build: Build, vertex: Vertex): Promise<Tree>;
  /** Undefined when it is not there. Links are followed inside the tree. Throws for more than `maxBytes`. */
  readFile(tree: Tree, path: string, maxBytes: number): Promise<Uint8Array | undefined>;
}

export interface Definition {
  readonly fileName: string;
  readonly text: string;
  /** Patterns of what the build context leaves out. */
  readonly ignored: readonly string[];
  /** Tells warnings: the vertex that loaded the file. */
  readonly vertex: Vertex;
}

const MAX_DOCKERFILE_BYTES = 2 * 1024 * 1024;
const MAX_IGNORE_BYTES = 1024 * 1024;

/** Throws BuildFailure when there is no Dockerfile. */
export async function loadDefinition(
  reader: SourceReader,
  build: Build,
  options: FrontendOptions,
): Promise<Definition> {
  const { dockerfile } = options;
  const { fileName } = dockerfile;
  const vertex = definitionVertex(options);
  if (dockerfile.from === "text") return { fileName, text: dockerfile.text, ignored: [], vertex };
  const tree = await reader.load(build, vertex);
  const found = await readDockerfile(reader, tree, fileName);
  if (found === undefined) throw new NoDockerfile(fileName);
  const ignored = await loadIgnored(reader, build, { tree, options });
  return { fileName, text: Buffer.from(found).toString(), ignored, vertex };
}

/** "dockerfile" stands in for "Dockerfile" where nothing else was asked for. */
async function readDockerfile(reader: SourceReader, tree: Tree, fileName: string): Promise<Uint8Array | undefined> {
  const found = await reader.readFile(tree, fileName, MAX_DOCKERFILE_BYTES);
  if (found !== undefined || fileName !== "Dockerfile") return found;
  return reader.readFile(tree, "dockerfile", MAX_DOCKERFILE_BYTES);
}

function definitionVertex({ dockerfile, context }: FrontendOptions): Vertex {
  const { fileName } = dockerfile;
  const name = `[internal] load build definition from ${fileName}`;
  if (dockerfile.from !== "session") return contextVertex(context, { name, follow: [], ignored: [] });
  const follow = [fileName, `${fileName}.dockerignore`, ...(fileName === "Dockerfile" ? ["dockerfile"] : [])];
  return createVertex({
    operation: {
      kind: "local",
      name: dockerfile.directory,
      session: "",
      include: [],
      exclude: [],
      follow,
      keyHint: "dockerfile",
    },
    inputs: [],
    name,
  });
}

/** The Dockerfile's own ignore file goes before the context's. Contexts that are no directory of the client have none. */
async function loadIgnored(
  reader: SourceReader,
  build: Build,
  { tree, options }: { tree: Tree; options: FrontendOptions },
): Promise<string[]> {
  const { dockerfile, context } = options;
  if (context.from !== "session") return [];
  const own = await reader.readFile(tree, `${dockerfile.fileName}.dockerignore`, MAX_IGNORE_BYTES);
  if (own !== undefined) return parseIgnoreFile(Buffer.from(own).toString());
  return loadIgnoreFile(reader, build, { context, name: "[internal] load .dockerignore" });
}

export async function loadIgnoreFile(
  reader: SourceReader,
  build: Build,
  { context, name }: { context: Extract<ContextSource, { from: "session" }>; name: string },
): Promise<string[]> {
  const { directory, session } = context;
  const vertex = createVertex({
    operation: {
      kind: "local",
      name: directory,
      session,
      include: [],
      exclude: [],
      follow: [".dockerignore"],
      keyHint: "ignore",
    },
    inputs: [],
    name,
  });
  const file = await reader.readFile(await reader.load(build, vertex), ".dockerignore", MAX_IGNORE_BYTES);
  return file === undefined ? [] : parseIgnoreFile(Buffer.from(file).toString());
}

export interface ContextWanted {
  readonly name: string;
  readonly follow: readonly string[];
  readonly ignored: readonly string[];
}

/** The files of a context that is no image: those throw. */
export function contextVertex(context: ContextSource, { name, follow, ignored }: ContextWanted): Vertex {
  switch (context.from) {
    case "session": {
      const { directory, session } = context;
      const operation = {
        kind: "local",
        name: directory,
        session,
        include: [],
        exclude: ignored,
        follow,
        keyHint: "context",
      } as const;
      return createVertex({ operation, inputs: [], name });
    }
    case "directory":
      return createVertex({ operation: { kind: "directory", path: context.path }, inputs: [], name });
    case "git":
      return gitSource(context.url, { checksum: "", keepGitDir: false, name });
    case "http":
      return unpacked(httpSource(context.url, { checksum: "", name }), name);
    case "result":
      return context.result.vertex;
    case "nowhere":
      throw new BuildFailure(context.problem, { kind: "invalidParameter" });
    case "image":
    case "layout":
      throw new BuildFailure(`${name}: an image is no build context by itself`, { kind: "invalidParameter" });
  }
}

/** An archive from the web is unpacked; anything else is a Dockerfile by itself. */
function unpacked(archive: Vertex, name: string): Vertex {
  return createVertex({
    operation: {
      kind: "file",
      base: undefined,
      actions: [
        {
          do: "copy",
          input: 0,
          sources: ["/*"],
          wildcards: true,
          destination: "/",
          owner: "",
          mode: "",
          exclude: [],
          parents: false,
          unpack: "auto",
        },
      ],
    },
    inputs: [archive],
    name: `${name} (unpacking)`,
  });
}
