/** `RUN --mount=type=…,…`, decoded with BuildKit's messages. Its values may hold variables, so that this is done when they are known. */
import { parseSize } from "../base/units.ts";
import { parse as parseCsv } from "./csv.ts";
import { DockerfileError } from "./place.ts";
import { didYouMean } from "./suggest.ts";

const TYPES = ["bind", "cache", "tmpfs", "secret", "ssh"] as const;
const SHARINGS = ["shared", "private", "locked"] as const;

export type RunMountType = (typeof TYPES)[number];
export type CacheSharing = (typeof SHARINGS)[number];

export interface RunMount {
  readonly type: RunMountType;
  /** A stage, a named context or an image. */
  readonly from: string;
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** Of a cache, a secret or an ssh agent. */
  readonly id: string;
  readonly sharing: CacheSharing | "";
  /** Of a secret or an ssh agent: the build fails without it. */
  readonly required: boolean;
  /** The environment variable that a secret becomes. */
  readonly env: string | undefined;
  /** Of a tmpfs; 0 has no limit. */
  readonly sizeBytes: number;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

type Draft = { -readonly [Key in keyof RunMount]: RunMount[Key] } & { accessGiven: boolean };
type Setter = (draft: Draft, value: string, key: string) => void;

const KEYS = [
  "type",
  "from",
  "source",
  "target",
  "readonly",
  "id",
  "sharing",
  "required",
  "size",
  "mode",
  "uid",
  "gid",
  "src",
  "dst",
  "destination",
  "ro",
  "rw",
  "readwrite",
  "env",
];

/** A stage cannot be named by a variable: which stages are built is known before any value. Throws DockerfileError. */
export function checkMountFrom(text: string): void {
  for (const field of parseCsv(text)) {
    const [key, value = ""] = cut(field);
    if (key.toLowerCase() === "from" && /\$./.test(value)) {
      throw new DockerfileError("'from' doesn't support variable expansion, define alias stage instead");
    }
  }
}

/** The stage, context or image that a mount reads, "" for none. */
export function mountFrom(text: string): string {
  const fields = parseCsv(text).map(cut);
  return fields.findLast(([key]) => key.toLowerCase() === "from")?.[1] ?? "";
}

/** `expandValue` expands the variables of a value. Throws DockerfileError. */
export function parseRunMount(text: string, expandValue: (value: string) => string): RunMount {
  const draft: Draft = {
    type: "bind",
    from: "",
    source: "",
    target: "",
    readOnly: false,
    id: "",
    sharing: "",
    required: false,
    env: undefined,
    sizeBytes: 0,
    mode: undefined,
    uid: undefined,
    gid: undefined,
    accessGiven: false,
  };
  for (const field of parseCsv(text)) setField(draft, field, expandValue);
  const { accessGiven, ...mount } = draft;
  if (!accessGiven) mount.readOnly = mount.type !== "cache" && mount.type !== "tmpfs";
  checkMount(mount);
  return mount;
}

function cut(field: string): [key: string, value: string | undefined] {
  const at = field.indexOf("=");
  return at === -1 ? [field, undefined] : [field.slice(0, at), field.slice(at + 1)];
}

function setField(draft: Draft, field: string, expandValue: (value: string) => string): void {
  const [name, raw] = cut(field);
  const key = name.toLowerCase();
  const setter = SETTERS[key];
  if (raw === undefined) {
    if (!SWITCHES.has(key)) throw new DockerfileError(`invalid field '${field}' must be a key=value pair`);
    setter?.(draft, "true", key);
    return;
  }
  if (setter === undefined) {
    throw new DockerfileError(`unexpected key '${key}' in '${field}'${didYouMean(key, KEYS)}`);
  }
  setter(draft, expandValue(raw), key);
}

const SWITCHES: ReadonlySet<string> = new Set(["readonly", "ro", "readwrite", "rw", "required"]);

const setAccess =
  (readOnly: boolean): Setter =>
  (draft, value, key) => {
    draft.readOnly = parseBoolean(value, key) === readOnly;
    draft.accessGiven = true;
  };
const setSource: Setter = (draft, value) => {
  draft.source = value;
};
const setTarget: Setter = (draft, value) => {
  draft.target = value;
};

const SETTERS: Readonly<Record<string, Setter>> = {
  type: (draft, value) => {
    draft.type = oneOf(TYPES, value, "unsupported mount type");
  },
  from: (draft, value) => {
    draft.from = value;
  },
  source: setSource,
  src: setSource,
  target: setTarget,
  dst: setTarget,
  destination: setTarget,
  readonly: setAccess(true),
  ro: setAccess(true),
  readwrite: setAccess(false),
  rw: setAccess(false),
  id: (draft, value) => {
    draft.id = value;
  },
  sharing: (draft, value) => {
    draft.sharing = oneOf(SHARINGS, value, "unsupported sharing value");
  },
  required: (draft, value, key) => {
    only(draft, ["secret", "ssh"], key);
    draft.required = parseBoolean(value, key);
  },
  env: (draft, value, key) => {
    only(draft, ["secret"], key);
    draft.env = value;
  },
  size: (draft, value, key) => {
    only(draft, ["tmpfs"], key);
    const bytes = parseSize(value);
    if (bytes === undefined) throw new DockerfileError(`invalid value for ${key}: ${value}`);
    draft.sizeBytes = bytes;
  },
  mode: (draft, value, key) => {
    draft.mode = parseNumber(value, 8, key);
  },
  uid: (draft, value, key) => {
    draft.uid = parseNumber(value, 10, key);
  },
  gid: (draft, value, key) => {
    draft.gid = parseNumber(value, 10, key);
  },
};

function only({ type }: Draft, types: readonly RunMountType[], key: string): void {
  if (!types.includes(type)) throw new DockerfileError(`unexpected key '${key}' for mount type '${type}'`);
}

function oneOf<T extends string>(known: readonly T[], value: string, problem: string): T {
  const found = known.find((word) => word === value.toLowerCase());
  if (found !== undefined) return found;
  throw new DockerfileError(`${problem} ${JSON.stringify(value)}${didYouMean(value, known)}`);
}

/** As Go's strconv.ParseBool. */
function parseBoolean(value: string, key: string): boolean {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(value)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(value)) return false;
  throw new DockerfileError(`invalid value for ${key}: ${value}`);
}

function parseNumber(value: string, base: 8 | 10, key: string): number {
  const number = (base === 8 ? /^[0-7]+$/ : /^\d+$/).test(value) ? Number.parseInt(value, base) : Number.NaN;
  if (number < 2 ** 32) return number;
  throw new DockerfileError(`invalid value ${value} for ${key}`);
}

function checkMount({ type, from, source, target, id, sharing, env, mode, uid, gid }: RunMount): void {
  for (const [name, value] of Object.entries({ mode, uid, gid })) {
    if (value !== undefined && (type === "bind" || type === "tmpfs")) {
      throw new DockerfileError(`${name} not allowed for ${JSON.stringify(type)} type mounts`);
    }
  }
  if (type === "secret") {
    if (from !== "") throw new DockerfileError("secret mount should not have a from");
    if (sharing !== "") throw new DockerfileError("secret mount should not define sharing");
    if (source === "" && target === "" && id === "" && env === undefined) {
      throw new DockerfileError("invalid secret mount. one of source, target required");
    }
    if (source !== "" && id !== "") throw new DockerfileError("both source and id can't be set");
  }
  if (sharing !== "" && type !== "cache") throw new DockerfileError(`invalid cache sharing set for ${type} mount`);
}
