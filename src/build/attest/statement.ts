/** in-toto statements about images: who states what (the predicate) of which (the subject). Pure. */
import { invalidParameter } from "../../base/errors.ts";
import type { Digest, Reference } from "../../image/reference.ts";
import { withDefaultTag } from "../../image/reference.ts";
import { parseJson } from "../../wire/json.ts";
import type { Platform } from "../../wire/platform.ts";
import { type Statement, toSmallBlob } from "../export/image-json.ts";
import { packageUrl } from "./package-url.ts";

export interface Predicate {
  readonly type: string;
  readonly body: unknown;
}

const STATEMENT_TYPE = "https://in-toto.io/Statement/v0.1";
/** Of what has no name. */
const NAMELESS = "_";

export interface Subject {
  readonly names: readonly Reference[];
  readonly platform: Platform;
  readonly manifest: Digest;
}

export function toStatement({ type, body }: Predicate, { names, platform, manifest }: Subject): Statement {
  const digest = { sha256: manifest.slice("sha256:".length) };
  const urls = names.map((name) => packageUrl(withDefaultTag(name), platform));
  const subject = (urls.length === 0 ? [NAMELESS] : urls).map((name) => ({ name, digest }));
  const text = JSON.stringify({ _type: STATEMENT_TYPE, predicateType: type, subject, predicate: body });
  return { predicateType: type, blob: toSmallBlob(text) };
}

/** What a scanner has written: a statement whose subject we know better. Throws invalidParameter. */
export function parseScan(bytes: Uint8Array, fileName: string): Predicate {
  const parsed = parseJson(Buffer.from(bytes).toString());
  const field = (name: string): unknown =>
    typeof parsed === "object" && parsed !== null ? Reflect.get(parsed, name) : undefined;
  const type = field("predicateType");
  if (field("_type") !== STATEMENT_TYPE || typeof type !== "string" || field("predicate") === undefined) {
    throw invalidParameter(`the scanner's ${fileName} is no in-toto statement`);
  }
  return { type, body: field("predicate") };
}
