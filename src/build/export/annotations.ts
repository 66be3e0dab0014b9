/** Annotations that the client asks for, by the document they go into and the platform they are meant for. Pure. */
import { invalidParameter } from "../../base/errors.ts";
import { type Platform, platformText } from "../../wire/platform.ts";

const LEVELS = ["manifest", "index", "manifest-descriptor", "index-descriptor"] as const;
export type AnnotationLevel = (typeof LEVELS)[number];

export interface Annotation {
  readonly level: AnnotationLevel;
  /** "linux/amd64", or "" for all. */
  readonly platform: string;
  readonly key: string;
  readonly value: string;
}

const PATTERN = /^annotation(?:-([a-z-]+))?(?:\[([A-Za-z0-9_/-]+)\])?\.(\S+)$/;

/** Of an exporter's attribute; undefined when it is none. Throws invalidParameter. */
export function parseAnnotation(attribute: string, value: string): Annotation | undefined {
  const [, word = "manifest", platform = "", key] = PATTERN.exec(attribute) ?? [];
  if (key === undefined) return undefined;
  const level = LEVELS.find((each) => each === word);
  if (level === undefined) throw invalidParameter(`unrecognized annotation type ${word}`);
  if (platform !== "" && level.startsWith("index")) {
    throw invalidParameter(`platform specified for ${level} annotation ${key}`);
  }
  return { level, platform, key, value };
}

/** Those of a level, for a platform where the document is of one. In the order of their keys. */
export function annotationsOf(
  annotations: readonly Annotation[],
  level: AnnotationLevel,
  platform?: Platform,
): Record<string, string> {
  const wanted = platform === undefined ? "" : platformText(platform);
  const found = annotations.filter((each) => each.level === level && ["", wanted].includes(each.platform));
  const sorted = found.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return Object.fromEntries(sorted.map(({ key, value }) => [key, value]));
}
