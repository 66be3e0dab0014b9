/** The builder in the configuration: Docker's key `builder` of daemon.json. */
import type { CachePrune } from "../build/builder.ts";
import type { CacheSpace } from "../build/solver/gc-policy.ts";
import type { Field } from "./config-field.ts";

export interface BuilderSettings {
  /** Undefined: nothing is collected by itself. */
  readonly collect: CollectSettings | undefined;
  /** What clients may ask for: "network.host", "security.insecure". */
  readonly entitlements: readonly string[];
}

export interface CollectSettings {
  /** Instead of the shares of the disk that are the default. */
  readonly space: Partial<CacheSpace>;
  /** Instead of the default ones. */
  readonly policies: readonly CachePrune[] | undefined;
}

export interface BuilderFileConfig {
  builder?: BuilderSettings;
}

export const DEFAULT_BUILDER: BuilderSettings = {
  collect: { space: {}, policies: undefined },
  entitlements: ["network.host"],
};

export const BUILDER_KEYS: Readonly<Record<string, (field: Field) => BuilderFileConfig>> = {
  builder: (field) => ({ builder: builder(field) }),
};

function builder(field: Field): BuilderSettings {
  const { gc, entitlements } = field.fields();
  return { collect: collect(gc), entitlements: granted(entitlements) };
}

function collect(field: Field | undefined): CollectSettings | undefined {
  const fields = field?.fields() ?? {};
  if (fields["enabled"]?.boolean() === false) return undefined;
  const reserved = fields["defaultReservedSpace"] ?? fields["defaultKeepStorage"];
  const maxUsed = fields["defaultMaxUsedSpace"];
  const minFree = fields["defaultMinFreeSpace"];
  return {
    space: {
      ...(reserved === undefined ? {} : { reserved: reserved.bytes() }),
      ...(maxUsed === undefined ? {} : { maxUsed: maxUsed.bytes() }),
      ...(minFree === undefined ? {} : { minFree: minFree.bytes() }),
    },
    policies: fields["policy"]?.list().map(policy),
  };
}

/** One rule; filters are those of `docker builder prune`. */
function policy(field: Field): CachePrune {
  const fields = field.fields();
  const reserved = fields["reservedSpace"] ?? fields["keepStorage"];
  return {
    all: fields["all"]?.boolean() ?? false,
    filters: fields["filter"]?.strings() ?? [],
    keepMs: fields["keepDuration"]?.durationMs() ?? 0,
    reservedBytes: reserved?.bytes() ?? 0,
    maxUsedBytes: fields["maxUsedSpace"]?.bytes() ?? 0,
    minFreeBytes: fields["minFreeSpace"]?.bytes() ?? 0,
  };
}

function granted(field: Field | undefined): string[] {
  const fields = field?.fields() ?? {};
  const isHost = fields["network-host"]?.boolean() ?? true;
  const isInsecure = fields["security-insecure"]?.boolean() ?? false;
  return [...(isHost ? ["network.host"] : []), ...(isInsecure ? ["security.insecure"] : [])];
}
