/** Damages documents and archives at random, the same way for the same seed. */

export interface Random {
  /** From 0 to below `limit`. */
  below(limit: number): number;
  pick<T>(items: readonly T[]): T;
}

/** mulberry32: small, and good enough to wander through inputs. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error("nothing to pick from");
      return item;
    },
  };
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const deep = (levels: number): Json => (levels === 0 ? [] : [deep(levels - 1)]);

/** Values that decoders have stumbled over. */
const HOSTILE: readonly (() => Json)[] = [
  () => null,
  () => true,
  () => -1,
  () => 2 ** 53,
  () => 1e308,
  () => 0.5,
  () => "",
  () => "\u0000",
  () => "../../../../etc/passwd",
  () => "sha256:",
  () => `sha256:${"0".repeat(64)}`,
  () => `sha512:${"0".repeat(128)}`,
  () => "x".repeat(100_000),
  () => "\ud800",
  () => [],
  () => ({}),
  () => [null],
  () => deep(500),
  () => Array.from({ length: 2000 }, () => "sha256:1"),
  () => Object.fromEntries(Array.from({ length: 500 }, (_none, at) => [`key${at}`, "v"])),
  () => ({ ["__proto__"]: { polluted: true }, constructor: { prototype: { polluted: true } } }),
];

/** A copy with one to four places changed. */
export function mutateJson(document: unknown, random: Random): string {
  const copy: Json = JSON.parse(JSON.stringify(document));
  const holder: { root: Json } = { root: copy };
  for (let times = 1 + random.below(4); times > 0; times--) mutateOne(holder, random);
  return JSON.stringify(holder.root);
}

function mutateOne(holder: { root: Json }, random: Random): void {
  const places = placesIn(holder);
  const { parent, key } = random.pick(places);
  const action = random.below(4);
  if (Array.isArray(parent)) {
    const at = Number(key);
    if (action === 0) parent.splice(at, 1);
    else if (action === 1) parent.splice(at, 0, parent[at] ?? null);
    else parent[at] = random.pick(HOSTILE)();
  } else if (action === 0 && key !== "root") delete parent[key];
  else if (action === 1)
    parent[random.pick(["layers", "manifests", "config", "rootfs", "Config", "urls", key])] = random.pick(HOSTILE)();
  else parent[key] = random.pick(HOSTILE)();
}

interface Place {
  readonly parent: Json[] | { [key: string]: Json };
  readonly key: string;
}

function placesIn(value: Json): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const parent = value;
  return Object.entries(parent).flatMap(([key, child]) => [{ parent, key }, ...placesIn(child)]);
}

/** A copy with bytes flipped, or its end cut off. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bytes);
  if (random.below(4) === 0) return copy.slice(0, random.below(copy.length));
  for (let times = 1 + random.below(8); times > 0; times--) copy[random.below(copy.length)] = random.below(256);
  return copy;
}
