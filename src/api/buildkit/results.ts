/**
 * Planned results under the names that clients hold them by. A client that links one build to another sends our definition of the
 * first back as an input of the second; the definition says no more than the name.
 */
import { createHash } from "node:crypto";
import { invalidParameter, notFound } from "../../base/errors.ts";
import { createId } from "../../base/ids.ts";
import type { PlannedResult } from "../../build/builder.ts";
import { type Definition, Op } from "../../wire/buildkit/common.ts";
import { decode, encode } from "../../wire/protobuf/message.ts";

const PREFIX = "docker-image://tare.local/result:";
/** Results are small: graphs that share their vertices. The oldest goes first. */
const MAX_RESULTS = 1000;

export class Results {
  readonly #results = new Map<string, PlannedResult>();

  /** The name under which it is found from now on. */
  add(result: PlannedResult): string {
    const id = createId();
    this.#results.set(id, result);
    const [oldest] = this.#results.keys();
    if (this.#results.size > MAX_RESULTS && oldest !== undefined) this.#results.delete(oldest);
    return id;
  }

  get(id: string): PlannedResult {
    const result = this.#results.get(id);
    if (result === undefined) throw notFound(`no such ref: ${id}`);
    return result;
  }

  /** The result that a definition of ours names. */
  named({ def }: Definition): PlannedResult {
    const [source] = def;
    const identifier = source === undefined ? "" : (decode(Op, source).source?.identifier ?? "");
    if (!identifier.startsWith(PREFIX))
      throw invalidParameter("inputs that are not results of this engine are not supported");
    return this.get(identifier.slice(PREFIX.length));
  }
}

/** A graph of one source that is the result, which only this engine can read. */
export function toDefinition(id: string, { platform }: PlannedResult): Definition {
  const source = encode(Op, { source: { identifier: `${PREFIX}${id}` }, platform, constraints: {} });
  const digest = digestOf(source);
  const end = encode(Op, { inputs: [{ digest }] });
  const caps = (name: string) => ({ ignoreCache: false, description: new Map(), caps: new Map([[name, true]]) });
  return {
    def: [source, end],
    metadata: new Map([
      [digest, caps("source.image")],
      [digestOf(end), caps("constraints")],
    ]),
    source: new Uint8Array(),
  };
}

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
