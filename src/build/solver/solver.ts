/**
 * Carries out vertices, each once: inputs first and side by side, results from the cache where their keys are known, and one
 * computation of a key however many builds want it at the same time.
 */
import { messageOf } from "../../base/errors.ts";
import { SharedWork } from "../../base/shared-work.ts";
import type { Slots } from "../../base/slots.ts";
import type { Build } from "../builder.ts";
import { BuildFailure } from "../failure.ts";
import type { Digest, Operation, Vertex } from "../operation.ts";
import type { ProgressEvent } from "../progress.ts";
import { EMPTY_TREE, type Tree } from "../tree.ts";
import type { LayerTrees } from "../trees/layer-trees.ts";
import type { BuildCache } from "./cache.ts";
import type { ImportedCache } from "./imported-cache.ts";
import { keyOf, type Result } from "./keys.ts";
import { takeFound } from "./take-found.ts";

/** What an operation tells while it is carried out; whose vertex it is, each build knows for itself. */
export type StepEvent =
  | { readonly kind: "log"; readonly stream: "stdout" | "stderr"; readonly bytes: Uint8Array }
  | {
      readonly kind: "status";
      readonly id: string;
      readonly current: number;
      readonly total: number;
      readonly started: number;
      readonly completed?: number;
    };

export interface Step {
  readonly build: Build;
  readonly vertex: Vertex;
  readonly tell: (event: StepEvent) => void;
  readonly signal: AbortSignal;
}

export type SourceOperation = Extract<Operation, { kind: "image" | "layout" | "local" | "directory" | "git" | "http" }>;
export type ChangeOperation = Extract<Operation, { kind: "exec" | "file" }>;

/** A source that is loaded; what it holds on to is let go at the build's end. */
export interface LoadedSource extends Result {
  readonly release: () => void;
  /** It was there already. */
  readonly isCached: boolean;
  /** What it is to the rest of the world. */
  readonly material?: Material;
}

/** Something that goes into a build from outside, as provenance names it. */
export interface Material {
  readonly uri: string;
  readonly digest: Readonly<Record<string, string>>;
}

export interface Operations {
  load(operation: SourceOperation, step: Step): Promise<LoadedSource>;
  /** The inputs' trees are held meanwhile. */
  change(operation: ChangeOperation, inputs: readonly Tree[], step: Step): Promise<Tree>;
}

export interface SolverDeps {
  readonly trees: LayerTrees;
  readonly cache: BuildCache;
  readonly operations: Operations;
  /** How many processes run at once. */
  readonly slots: Slots;
}

/** What a build has solved, for those who take it elsewhere. */
export interface SolvedRecord {
  readonly key: string;
  readonly tree: Tree;
}

interface LoadedVertex {
  readonly vertex: Vertex;
  readonly material: Material | undefined;
}

export class Solver {
  readonly #deps: SolverDeps;
  readonly #flights = new SharedWork<Tree, StepEvent>();

  constructor(deps: SolverDeps) {
    this.#deps = deps;
  }

  /** A build's own view: what it has solved stays held until its disposal. */
  open(build: Build): BuildRun {
    return new BuildRun(build, this.#deps, this.#flights);
  }
}

interface Wanted {
  readonly operation: ChangeOperation;
  readonly inputs: readonly Result[];
  readonly key: string;
}

interface Carrying extends Wanted {
  readonly tell: (event: StepEvent) => void;
  readonly signal: AbortSignal;
}

/** Work that failed when the build that had begun it was over: perhaps because it was. */
class LeftUnfinished extends Error {}

const now = (): number => performance.timeOrigin + performance.now();

export class BuildRun implements Disposable {
  readonly #build: Build;
  readonly #deps: SolverDeps;
  readonly #flights: SharedWork<Tree, StepEvent>;
  readonly #results = new Map<Digest, Promise<Result>>();
  readonly #held = new DisposableStack();
  /** A vertex begins once, whatever is told of it later. */
  readonly #started = new Map<Digest, number>();
  readonly #records = new Map<string, SolvedRecord>();
  readonly #sources: LoadedVertex[] = [];
  readonly startedAt: number = now();
  #imports: Promise<readonly ImportedCache[]> = Promise.resolve([]);
  #isDisposed = false;
  /** What goes on, for this build or for others that share it. */
  #busy = 0;

  constructor(build: Build, deps: SolverDeps, flights: SharedWork<Tree, StepEvent>) {
    this.#build = build;
    this.#deps = deps;
    this.#flights = flights;
  }

  /** Throws BuildFailure. */
  solve(vertex: Vertex): Promise<Result> {
    const known = this.#results.get(vertex.digest);
    if (known !== undefined) return known;
    const result = this.#solve(vertex);
    this.#results.set(vertex.digest, result);
    // Inputs of a vertex that failed for another one may fail unheard.
    result.catch(() => undefined);
    return result;
  }

  /** Caches to look in for what is not in this engine's own, in this order. */
  use(imports: Promise<readonly ImportedCache[]>): void {
    this.#imports = imports;
    // Whoever needs one hears of it.
    imports.catch(() => undefined);
  }

  /** The sources that were loaded so far. */
  get loaded(): readonly LoadedVertex[] {
    return this.#sources;
  }

  get records(): readonly SolvedRecord[] {
    return [...this.#records.values()];
  }

  /** What others still read of this build's is let go when they have. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    if (this.#busy === 0) this.#held.dispose();
  }

  #work(): Disposable {
    this.#busy++;
    return {
      [Symbol.dispose]: () => {
        this.#busy--;
        if (this.#isDisposed && this.#busy === 0) this.#held.dispose();
      },
    };
  }

  async #solve(vertex: Vertex): Promise<Result> {
    const inputs = await Promise.all(vertex.inputs.map((input) => this.solve(input)));
    this.#build.signal.throwIfAborted();
    using _busy = this.#work();
    const { operation } = vertex;
    try {
      if (operation.kind === "merge") return this.#merged(inputs, await keyOf(vertex, inputs, this.#deps.trees));
      if (operation.kind === "exec" || operation.kind === "file") return await this.#changed(vertex, operation, inputs);
      return await this.#loaded(vertex, operation);
    } catch (error) {
      throw this.#failed(vertex, error);
    }
  }

  #merged(inputs: readonly Result[], key: string): Result {
    return { key, tree: { layers: inputs.flatMap(({ tree }) => tree.layers) } };
  }

  async #loaded(vertex: Vertex, operation: SourceOperation): Promise<Result> {
    const started = this.#begin(vertex);
    const source = await this.#deps.operations.load(operation, this.#step(vertex));
    this.#hold(() => source.release());
    this.#sources.push({ vertex, material: source.material });
    this.#tellVertex(vertex, { started, completed: now(), cached: source.isCached });
    return source;
  }

  async #changed(vertex: Vertex, operation: ChangeOperation, inputs: readonly Result[]): Promise<Result> {
    const { trees } = this.#deps;
    const key = await this.#keyOf(vertex, inputs);
    const cached = vertex.ignoreCache ? undefined : await this.#known(vertex, { operation, inputs, key });
    if (cached !== undefined) {
      this.#hold(trees.hold(cached));
      this.#records.set(key, { key, tree: cached });
      const at = now();
      this.#tellVertex(vertex, { started: at, completed: at, cached: true });
      return { key, tree: cached };
    }
    const started = this.#begin(vertex);
    const tree = await this.#shared(vertex, { operation, inputs, key });
    this.#hold(trees.hold(tree));
    this.#records.set(key, { key, tree });
    this.#tellVertex(vertex, { started, completed: now() });
    return { key, tree };
  }

  /** With everybody who wants it now. What the client of another build has left unfinished is begun again. */
  async #shared(vertex: Vertex, wanted: Wanted): Promise<Tree> {
    const { signal, ref } = this.#build;
    const flight = vertex.ignoreCache ? `${ref} ${wanted.key}` : wanted.key;
    const participant = { report: (event: StepEvent) => this.#tell(vertex, event), signal };
    for (;;) {
      try {
        return await this.#flights.join(flight, participant, (tell, stop) =>
          this.#carryOut(vertex, { ...wanted, tell, signal: stop }),
        );
      } catch (error) {
        if (!(error instanceof LeftUnfinished) || signal.aborted) throw error;
      }
    }
  }

  /** From this engine's cache, or from one that the build imports. */
  async #known(vertex: Vertex, { operation, inputs, key }: Wanted): Promise<Tree | undefined> {
    const { trees, cache } = this.#deps;
    const own = cache.take(key);
    if (own !== undefined && trees.has(own)) return own;
    const base = operation.kind === "exec" ? inputs[0] : inputs[operation.base ?? -1];
    for (const imported of await this.#imports) {
      const found = imported.find(key);
      if (found === undefined) continue;
      const keep = (tree: Tree): void => cache.put(key, tree, vertex.name);
      const tree = await takeFound(trees, found, { base: base?.tree ?? EMPTY_TREE, keep }).catch(() => undefined);
      if (tree !== undefined) return tree;
    }
    return undefined;
  }

  async #keyOf(vertex: Vertex, inputs: readonly Result[]): Promise<string> {
    try {
      return await keyOf(vertex, inputs, this.#deps.trees);
    } catch (error) {
      const ref = `${this.#build.ref}::${vertex.digest.slice(7, 32)}`;
      const why = `failed to compute cache key: failed to calculate checksum of ref ${ref}: ${messageOf(error)}`;
      throw new BuildFailure(why, { kind: "notFound", cause: error });
    }
  }

  async #carryOut(vertex: Vertex, { operation, inputs, key, tell, signal }: Carrying): Promise<Tree> {
    using _busy = this.#work();
    const { operations, cache, slots } = this.#deps;
    try {
      using _slot = await slots.acquire(signal);
      const step = { build: this.#build, vertex, tell, signal };
      const trees = inputs.map(({ tree }) => tree);
      const tree = await operations.change(operation, trees, step);
      cache.put(key, tree, vertex.name);
      return tree;
    } catch (error) {
      throw this.#build.signal.aborted ? new LeftUnfinished(messageOf(error), { cause: error }) : error;
    }
  }

  #begin(vertex: Vertex): number {
    const started = now();
    this.#started.set(vertex.digest, started);
    this.#tellVertex(vertex, { started });
    return started;
  }

  #step(vertex: Vertex): Step {
    const { signal } = this.#build;
    return { build: this.#build, vertex, tell: (event) => this.#tell(vertex, event), signal };
  }

  /** A build that is over lets go at once. */
  #hold(release: () => void): void {
    if (this.#isDisposed) release();
    else this.#held.defer(release);
  }

  #failed(vertex: Vertex, error: unknown): BuildFailure {
    const message = this.#build.signal.aborted ? "context canceled" : messageOf(error);
    const completed = now();
    this.#tellVertex(vertex, { started: this.#started.get(vertex.digest) ?? completed, completed, error: message });
    const place = error instanceof BuildFailure ? (error.place ?? vertex.place) : vertex.place;
    const exit = error instanceof BuildFailure && error.exitCode !== undefined ? { exitCode: error.exitCode } : {};
    return new BuildFailure(message, { place, vertex: vertex.digest, cause: error, ...exit });
  }

  #tell(vertex: Vertex, event: StepEvent): void {
    this.#build.report({ ...event, vertex: vertex.digest, at: now() } as ProgressEvent);
  }

  #tellVertex({ digest, name, inputs, group }: Vertex, state: Readonly<Record<string, unknown>>): void {
    this.#build.report({
      kind: "vertex",
      digest,
      name,
      inputs: inputs.map((input) => input.digest),
      ...(group === undefined ? {} : { group }),
      ...state,
    });
  }
}
