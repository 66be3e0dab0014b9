/** Builds between the client's Solve and its end. The calls that belong to one arrive in any order, so that they wait for each other. */
import { conflict, unavailable } from "../../base/errors.ts";
import type { Build, OpenRecord, PlannedResult } from "../../build/builder.ts";

/** What the client returns as the build's result. */
export interface Returned {
  readonly results: readonly PlannedResult[];
}

export interface OpenBuild {
  readonly build: Build;
  readonly record: OpenRecord;
  readonly returned: PromiseWithResolvers<Returned>;
}

const WAIT_MS = 3_000;

export class OpenBuilds {
  readonly #open = new Map<string, OpenBuild>();
  readonly #waiting = new Map<string, PromiseWithResolvers<OpenBuild>>();

  /** Throws conflict when there is one of this name. The build is forgotten at disposal. */
  add(open: OpenBuild): Disposable {
    const { ref } = open.build;
    if (this.#open.has(ref)) throw conflict(`build ${ref} already exists`);
    // Nobody may ever wait for it.
    open.returned.promise.catch(() => undefined);
    this.#open.set(ref, open);
    this.#waiting.get(ref)?.resolve(open);
    this.#waiting.delete(ref);
    return { [Symbol.dispose]: () => void this.#open.delete(ref) };
  }

  /** Throws unavailable when no such build begins within some seconds. */
  async get(ref: string): Promise<OpenBuild> {
    const open = this.#open.get(ref);
    if (open !== undefined) return open;
    const waiting = this.#waiting.get(ref) ?? Promise.withResolvers<OpenBuild>();
    this.#waiting.set(ref, waiting);
    const timer = setTimeout(() => {
      this.#waiting.delete(ref);
      waiting.reject(unavailable(`no such job ${ref}`));
    }, WAIT_MS);
    try {
      return await waiting.promise;
    } finally {
      clearTimeout(timer);
    }
  }
}
