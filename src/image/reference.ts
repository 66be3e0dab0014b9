/**
 * Image references: the words people write ("busybox", "host:5000/a/b:tag", "…@sha256:…") and the canonical names kept in
 * the store ("docker.io/library/busybox:latest"). Grammar and messages after github.com/distribution/reference 0.6.
 */
import { invalidParameter } from "../base/errors.ts";

/** "sha256:" and 64 lower-case hex digits. */
export type Digest = string & { readonly __brand: "Digest" };

export interface Reference {
  readonly domain: string;
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const DEFAULT_DOMAIN = "docker.io";
const LEGACY_DOMAIN = "index.docker.io";
const OFFICIAL_PREFIX = "library/";
const DEFAULT_TAG = "latest";
const MAX_PATH_LENGTH = 255;
/** Far beyond anything valid: longer texts are refused unread. */
const MAX_TEXT_LENGTH = 4096;

const LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const DOMAIN = `(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const ALGORITHM = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*";
const REFERENCE = new RegExp(
  `^(${DOMAIN})/(${COMPONENT}(?:/${COMPONENT})*)(?::(${TAG}))?(?:@(${ALGORITHM}:[0-9a-fA-F]{32,}))?$`,
);
const WHOLE_TAG = new RegExp(`^${TAG}$`);
const SHA256 = /^sha256:[0-9a-f]{64}$/;
const HEX_64 = /^[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return SHA256.test(text);
}

/** Throws invalidParameter("invalid checksum digest format") and its like. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  const [algorithm = "", hex] = text.split(":", 2);
  if (hex === undefined) throw invalidParameter("invalid checksum digest format");
  if (algorithm !== "sha256") throw invalidParameter("unsupported digest algorithm");
  throw invalidParameter(`invalid checksum digest ${hex.length === 64 ? "format" : "length"}`);
}

const looksLikeHost = (word: string): boolean =>
  word === "localhost" || /[.:]/.test(word) || word !== word.toLowerCase();

function splitDomain(text: string): readonly [domain: string, remainder: string] {
  const slash = text.indexOf("/");
  if (slash < 0) return [DEFAULT_DOMAIN, OFFICIAL_PREFIX + text];
  const first = text.slice(0, slash);
  const isHost = looksLikeHost(first);
  const domain = !isHost || first === LEGACY_DOMAIN ? DEFAULT_DOMAIN : first;
  const rest = isHost ? text.slice(slash + 1) : text;
  return [domain, domain === DEFAULT_DOMAIN && !rest.includes("/") ? OFFICIAL_PREFIX + rest : rest];
}

/** Reads what a person wrote. Throws invalidParameter in Docker's words. No tag is added: see `withDefaultTag`. */
export function parseReference(text: string): Reference {
  if (text.length > MAX_TEXT_LENGTH) throw invalidParameter("invalid reference format");
  if (HEX_64.test(text)) {
    throw invalidParameter(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const [domain, remainder] = splitDomain(text);
  const colon = remainder.indexOf(":");
  const name = colon < 0 ? remainder : remainder.slice(0, colon);
  const match = REFERENCE.exec(`${domain}/${remainder}`);
  if (name !== name.toLowerCase()) {
    throw invalidParameter(`invalid reference format: repository name (${name}) must be lowercase`);
  }
  const [, host, path, tag, digest] = match ?? [];
  if (host === undefined || path === undefined) throw invalidParameter("invalid reference format");
  if (path.length > MAX_PATH_LENGTH) {
    throw invalidParameter(`repository name must not be more than ${MAX_PATH_LENGTH} characters`);
  }
  return {
    domain: host,
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest: parseDigest(digest) }),
  };
}

/**
 * The `repo` and `tag` parameters of tag, import and commit, as one tagged reference; undefined for no repo at all.
 * After moby api/server/httputils RepoTagReference (28.5).
 */
export function parseRepoTag(repo: string, tag: string): Reference | undefined {
  if (repo === "") return undefined;
  const parsed = parseReference(repo);
  if (parsed.digest !== undefined) throw invalidParameter("cannot import digest reference");
  if (tag !== "" && !WHOLE_TAG.test(tag)) throw invalidParameter("invalid tag format");
  const tagged = withDefaultTag(tag === "" ? parsed : { ...parsed, tag });
  if (familiarRepository(tagged) === "sha256") {
    throw invalidParameter("refusing to create an ambiguous tag using digest algorithm as name");
  }
  return tagged;
}

/** Adds ":latest" to a bare name. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: DEFAULT_TAG } : reference;
}

/** "docker.io/library/busybox" */
export function repository({ domain, path }: Reference): string {
  return `${domain}/${path}`;
}

const suffix = ({ tag, digest }: Reference): string =>
  (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);

/** The full form, such as "docker.io/library/busybox:latest". */
export function canonical(reference: Reference): string {
  return repository(reference) + suffix(reference);
}

/** "busybox", without tag or digest. A path that would be read as a host keeps its domain, so that it reads back the same. */
export function familiarRepository({ domain, path }: Reference): string {
  const [first = "", ...others] = path.split("/");
  if (domain !== DEFAULT_DOMAIN || (others.length > 0 && looksLikeHost(first))) return `${domain}/${path}`;
  const short = path.startsWith(OFFICIAL_PREFIX) ? path.slice(OFFICIAL_PREFIX.length) : path;
  return short.includes("/") ? path : short;
}

/** The short form people see, such as "busybox:latest". */
export function familiar(reference: Reference): string {
  return familiarRepository(reference) + suffix(reference);
}
