/** The configuration document of a built image: what the frontend planned, completed by the layers and their times. Pure. */
import { BuildFailure } from "../failure.ts";
import type { HistoryStep } from "../frontend/image-state.ts";

/** A layer of the result, the lowest first. */
export interface ExportedLayer {
  readonly diffId: string;
  /** Unix milliseconds; undefined for layers of the base image. */
  readonly createdAt: number | undefined;
}

export interface DocumentRequest {
  /** As the frontend planned it. */
  readonly planned: string;
  readonly layers: readonly ExportedLayer[];
  /** SOURCE_DATE_EPOCH, Unix seconds: every time that this build makes. */
  readonly epoch: number | undefined;
  /** A cache that travels in the configuration, in base64. */
  readonly inlineCache?: string | undefined;
}

interface Planned {
  readonly history: readonly HistoryStep[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

const EPOCH = "1970-01-01T00:00:00Z";

/** The same steps give the same bytes: times are those of the layers, not of the export. */
export function toImageDocument({ planned, layers, epoch, inlineCache }: DocumentRequest): string {
  const { history, config, rootfs: _planned, ...rest } = JSON.parse(planned) as Planned;
  const timed = withTimes(withMissing(history, layers.length), layers, epoch);
  const created = epoch === undefined ? (timed.at(-1)?.created ?? EPOCH) : rfc3339(epoch * 1000);
  const fields = {
    ...rest,
    config: asWritten(config),
    created,
    history: timed,
    ...(inlineCache === undefined ? {} : { "moby.buildkit.cache.v0": inlineCache }),
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
  };
  return JSON.stringify(inOrder(fields));
}

/** Base images may have layers that their history does not tell of. */
function withMissing(history: readonly HistoryStep[], layers: number): readonly HistoryStep[] {
  const told = history.filter(({ empty_layer }) => empty_layer !== true).length;
  if (told > layers) throw new BuildFailure(`history tells of ${told} layers, the image has ${layers}`, {});
  const missing = Array.from({ length: layers - told }, (): HistoryStep => ({ comment: "buildkit.exporter.image.v0" }));
  return [...missing, ...history];
}

function withTimes(
  history: readonly HistoryStep[],
  layers: readonly ExportedLayer[],
  epoch: number | undefined,
): HistoryStep[] {
  const fixed = epoch === undefined ? undefined : rfc3339(epoch * 1000);
  let layer = 0;
  let last = EPOCH;
  return history.map((step) => {
    if (step.empty_layer !== true) {
      const { createdAt } = layers[layer++] ?? {};
      if (createdAt !== undefined) last = fixed ?? rfc3339(createdAt);
    }
    if (step.created !== undefined && step.created !== "") {
      last = step.created;
      return step;
    }
    return { created: fixed ?? last, ...step };
  });
}

const rfc3339 = (ms: number): string => new Date(ms).toISOString().replace(/\.000Z$/, "Z");

const MAPS = new Set(["ExposedPorts", "Labels", "Volumes"]);

/** As Go writes it: without what is empty, and maps in one order, since clients send labels in any. */
function asWritten(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const stated = Object.entries(config).filter(([, value]) => value !== null && value !== "" && value !== undefined);
  return Object.fromEntries(
    stated.map(([key, value]) => [key, MAPS.has(key) && value instanceof Object ? inOrder(value) : value]),
  );
}

/** In the order of the names. */
const inOrder = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1)));
