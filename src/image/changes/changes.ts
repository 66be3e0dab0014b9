/** The Dockerfile instructions that import and commit take as `--change`: each changes the image's configuration. */
import { invalidParameter } from "../../base/errors.ts";
import type { ImageConfig } from "../../wire/image.ts";
import { parseHealthcheck } from "./healthcheck.ts";
import { jsonForm, splitWords, unquote } from "./words.ts";

/** `text` is what follows the instruction's name, never empty. */
type Change = (config: ImageConfig, text: string) => ImageConfig;

const CHANGES: Readonly<Record<string, Change>> = {
  CMD: (config, text) => ({ ...config, Cmd: command(text) }),
  ENTRYPOINT: (config, text) => ({ ...config, Entrypoint: command(text) }),
  ENV: (config, text) => ({ ...config, Env: mergeEnv(config.Env ?? [], pairs("ENV", text, config)) }),
  EXPOSE: (config, text) => ({ ...config, ExposedPorts: { ...config.ExposedPorts, ...ports(text, config) } }),
  HEALTHCHECK: (config, text) => ({ ...config, Healthcheck: parseHealthcheck(text) }),
  LABEL: (config, text) => ({
    ...config,
    Labels: { ...config.Labels, ...Object.fromEntries(pairs("LABEL", text, config)) },
  }),
  ONBUILD: (config, text) => ({ ...config, OnBuild: [...(config.OnBuild ?? []), trigger(text)] }),
  STOPSIGNAL: (config, text) => ({ ...config, StopSignal: one("STOPSIGNAL", text, config) }),
  USER: (config, text) => ({ ...config, User: one("USER", text, config) }),
  VOLUME: (config, text) => ({ ...config, Volumes: { ...config.Volumes, ...volumes(text, config) } }),
  WORKDIR: (config, text) => ({ ...config, WorkingDir: workdir(config.WorkingDir, one("WORKDIR", text, config)) }),
};

/** Throws invalidParameter in Docker's words, such as "RUN is not a valid change command". */
export function applyChanges(config: ImageConfig, changes: readonly string[]): ImageConfig {
  return changes.flatMap((change) => joinLines(change)).reduce(applyChange, config);
}

/** One change may hold several instructions; a backslash at the end of a line continues it. */
function joinLines(change: string): string[] {
  return change
    .replaceAll(/\\[ \t]*\r?\n/g, "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

function applyChange(config: ImageConfig, line: string): ImageConfig {
  const [word = ""] = line.split(/\s/, 1);
  const name = word.toUpperCase();
  const change = Object.hasOwn(CHANGES, name) ? CHANGES[name] : undefined;
  if (change === undefined) throw invalidParameter(`${word} is not a valid change command`);
  const text = line.slice(word.length).trim();
  if (text === "") throw invalidParameter(argumentsMissing(name));
  return change(config, text);
}

const EXACTLY_ONE: readonly string[] = ["USER", "WORKDIR", "STOPSIGNAL"];

const argumentsMissing = (name: string): string =>
  EXACTLY_ONE.includes(name) ? `${name} requires exactly one argument` : `${name} requires at least one argument`;

function command(text: string): string[] {
  return jsonForm(text) ?? ["/bin/sh", "-c", text];
}

function variables({ Env }: ImageConfig): ReadonlyMap<string, string> {
  return new Map((Env ?? []).map(splitPair));
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf("=");
  return equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
}

function words(text: string, config: ImageConfig): string[] {
  const known = variables(config);
  return splitWords(text).map((word) => unquote(word, known));
}

/** `key=value …`, or the old form of one key, a blank, and the rest of the line as its value. */
function pairs(name: string, text: string, config: ImageConfig): [string, string][] {
  const known = variables(config);
  const parts = splitWords(text);
  const [first = ""] = parts;
  if (!first.includes("=")) {
    if (parts.length < 2) throw invalidParameter(`${name} must have two arguments`);
    return [[unquote(first, known), unquote(text.slice(first.length).trim(), known)]];
  }
  return parts.map((part) => {
    if (!part.includes("=")) {
      throw invalidParameter(`Syntax error - can't find = in ${JSON.stringify(part)}. Must be of the form: name=value`);
    }
    const [key, value] = splitPair(part);
    if (key === "") throw invalidParameter(`${name} names can not be blank`);
    return [unquote(key, known), unquote(value, known)];
  });
}

function mergeEnv(env: readonly string[], added: readonly [string, string][]): string[] {
  const merged = [...env];
  for (const [key, value] of added) {
    const at = merged.findIndex((pair) => splitPair(pair)[0] === key);
    if (at < 0) merged.push(`${key}=${value}`);
    else merged[at] = `${key}=${value}`;
  }
  return merged;
}

const PORT = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i;
const MAX_PORT = 65_535;

function ports(text: string, config: ImageConfig): Record<string, Record<string, never>> {
  const exposed: Record<string, Record<string, never>> = {};
  for (const word of words(text, config)) {
    const [, first, last = first, protocol = "tcp"] = PORT.exec(word) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === undefined || to > MAX_PORT || from > to) throw invalidParameter(`invalid containerPort: ${word}`);
    for (let port = from; port <= to; port++) exposed[`${port}/${protocol.toLowerCase()}`] = {};
  }
  return exposed;
}

function volumes(text: string, config: ImageConfig): Record<string, Record<string, never>> {
  const paths = jsonForm(text) ?? words(text, config);
  if (paths.some((path) => path.trim() === "")) throw invalidParameter("VOLUME specified can not be an empty string");
  return Object.fromEntries(paths.map((path) => [path.trim(), {}]));
}

function one(name: string, text: string, config: ImageConfig): string {
  const found = words(text, config);
  const [first] = found;
  if (first === undefined || found.length > 1) throw invalidParameter(argumentsMissing(name));
  return first;
}

/** A relative directory is below the one before. */
function workdir(current: string, path: string): string {
  const whole = path.startsWith("/") ? path : `${current}/${path}`;
  const parts: string[] = [];
  for (const part of whole.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

function trigger(text: string): string {
  const name = (text.split(/\s/, 1)[0] ?? "").toUpperCase();
  if (name === "ONBUILD") throw invalidParameter("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (name === "FROM" || name === "MAINTAINER") throw invalidParameter(`${name} isn't allowed as an ONBUILD trigger`);
  return text;
}
