/** What FROM and `--from` name when it is no stage: images, named contexts, and nothing ("scratch"). Each is resolved once. */
import { messageOf } from "../../base/errors.ts";
import type { ImageConfig } from "../../wire/image.ts";
import { type Platform, platformText } from "../../wire/platform.ts";
import type { Build, ContextSource, FrontendOptions } from "../builder.ts";
import { BuildFailure } from "../failure.ts";
import type { Vertex } from "../operation.ts";
import { contextVertex, loadIgnoreFile, type SourceReader } from "./definition.ts";
import { DEFAULT_PATH } from "./environment.ts";
import type { HistoryStep, ImageState } from "./image-state.ts";
import { createVertex, SCRATCH } from "./vertex.ts";

export interface Base {
  readonly vertex: Vertex;
  readonly image: ImageState;
}

export interface ResolvedImage {
  /** Canonical, with the digest when it is known. */
  readonly reference: string;
  readonly platform: Platform;
  readonly author: string;
  readonly config: ImageConfig;
  readonly history: readonly HistoryStep[];
}

export interface ImageResolver {
  /** Tells of it as "[internal] load metadata for …". Throws notFound. */
  resolveImage(
    build: Build,
    wanted: { reference: string; platform: Platform; mode: FrontendOptions["resolve"]; layout?: string },
  ): Promise<ResolvedImage>;
  /** "docker.io/library/busybox:latest" for "busybox". Throws invalidParameter. */
  canonical(reference: string): string;
}

export interface BaseWanted {
  readonly name: string;
  readonly platform: Platform;
}

export class Bases {
  readonly #resolver: ImageResolver;
  readonly #reader: SourceReader;
  readonly #options: FrontendOptions;
  readonly #resolved = new Map<string, Promise<Base>>();

  constructor(resolver: ImageResolver, reader: SourceReader, options: FrontendOptions) {
    this.#resolver = resolver;
    this.#reader = reader;
    this.#options = options;
  }

  /** As progress names it. */
  shown(name: string): string {
    const context = this.#options.namedContexts.get(name.toLowerCase());
    if (context === undefined) return this.#resolver.canonical(name);
    return context.from === "image" ? this.#resolver.canonical(context.reference) : name;
  }

  resolve(build: Build, wanted: BaseWanted): Promise<Base> {
    const key = `${wanted.name} ${platformText(wanted.platform)}`;
    const known = this.#resolved.get(key);
    if (known !== undefined) return known;
    const base = this.#resolve(build, wanted);
    this.#resolved.set(key, base);
    return base;
  }

  async #resolve(build: Build, { name, platform }: BaseWanted): Promise<Base> {
    const context = this.#options.namedContexts.get(name.toLowerCase());
    if (context !== undefined) return this.#fromContext(build, { name, context, platform });
    if (name === "scratch") return { vertex: SCRATCH, image: emptyImage(platform) };
    this.#requireReference(name);
    return this.#fromImage(build, { reference: name, platform });
  }

  #requireReference(name: string): void {
    try {
      this.#resolver.canonical(name);
    } catch (error) {
      const why = `failed to parse stage name ${JSON.stringify(name)}: ${messageOf(error)}`;
      throw new BuildFailure(why, { kind: "invalidParameter", cause: error });
    }
  }

  async #fromContext(
    build: Build,
    { name, context, platform }: { name: string; context: ContextSource; platform: Platform },
  ): Promise<Base> {
    switch (context.from) {
      case "image":
        return this.#fromImage(build, { reference: context.reference, platform });
      case "layout":
        return this.#fromImage(build, { reference: context.reference, platform, layout: context.store });
      case "nowhere":
        throw new BuildFailure(context.problem, { kind: "invalidParameter" });
      case "result":
        return { vertex: context.result.vertex, image: imageOf(context.result.config, platform) };
      case "session": {
        const ignored = await loadIgnoreFile(this.#reader, build, {
          context,
          name: `[context ${name}] load .dockerignore`,
        });
        const vertex = contextVertex(context, { name: `[context ${name}] load from client`, follow: [], ignored });
        return { vertex, image: emptyImage(platform) };
      }
      case "directory":
      case "git":
      case "http": {
        const vertex = contextVertex(context, { name: `[context ${name}] load`, follow: [], ignored: [] });
        return { vertex, image: emptyImage(platform) };
      }
    }
  }

  async #fromImage(build: Build, wanted: { reference: string; platform: Platform; layout?: string }): Promise<Base> {
    const { resolve } = this.#options;
    const resolved = await this.#resolver.resolveImage(build, { ...wanted, mode: resolve });
    const { reference, platform, author, config, history } = resolved;
    const operation =
      wanted.layout === undefined
        ? ({ kind: "image", reference, platform, resolve } as const)
        : ({ kind: "layout", store: wanted.layout, reference, platform } as const);
    const vertex = createVertex({ operation, inputs: [], name: `FROM ${reference}` });
    return { vertex, image: { ...platform, author, config, history } };
  }
}

function emptyImage({ os, architecture, variant }: Platform): ImageState {
  const config: ImageConfig = {
    User: "",
    Env: [`PATH=${DEFAULT_PATH}`],
    Entrypoint: null,
    Cmd: null,
    Volumes: null,
    WorkingDir: "/",
    Labels: null,
  };
  return { os, architecture, variant, author: "", config, history: [] };
}

/** The configuration that our own frontend has planned for another build. */
function imageOf(json: string, platform: Platform): ImageState {
  const image = emptyImage(platform);
  const { config, history, author } = JSON.parse(json) as Partial<Pick<ImageState, "config" | "history" | "author">>;
  return { ...image, config: config ?? image.config, history: history ?? [], author: author ?? "" };
}
