/** Platform words such as "linux/arm64/v8", after containerd platforms.Parse. */
import { invalidParameter } from "../base/errors.ts";
import type { Platform } from "../wire/platform.ts";

export type { Platform } from "../wire/platform.ts";

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  "x86-64": "amd64",
  x64: "amd64",
  aarch64: "arm64",
  armhf: "arm",
  armel: "arm",
  i386: "386",
  ia32: "386",
};

const KNOWN_ARCHITECTURES: readonly string[] =
  "386 amd64 arm arm64 loong64 mips mipsle mips64 mips64le ppc64 ppc64le riscv64 s390x sparc64 wasm".split(" ");
const WORD = /^[A-Za-z0-9_.-]+$/;
const OPERATING_SYSTEMS: readonly string[] = ["linux", "windows", "darwin", "freebsd"];

export function toOciArchitecture(word: string): string {
  return ARCHITECTURES[word.toLowerCase()] ?? word.toLowerCase();
}

/** "" is this machine. Throws invalidParameter in Docker's words; only Linux is supported. */
export function parsePlatform(text: string, architecture: string): Platform {
  const platform = readPlatform(text, architecture);
  if (platform.os !== "linux") throw invalidParameter("operating system is not supported");
  return platform;
}

/** The same of any system. */
export function readPlatform(text: string, architecture: string): Platform {
  if (text === "") return { os: "linux", architecture, variant: "" };
  const [first = "", second, variant = "", ...rest] = text.split("/");
  if (rest.length > 0)
    throw invalidParameter(`${JSON.stringify(text)}: cannot parse platform specifier: invalid argument`);
  for (const word of text.split("/")) checkWord(word, text);
  if (second === undefined && !OPERATING_SYSTEMS.includes(first.toLowerCase())) {
    return { os: "linux", architecture: knownArchitecture(first), variant: "" };
  }
  const wanted = second === undefined ? architecture : toOciArchitecture(second);
  // "v8" is what arm64 means without saying.
  const significant = wanted === "arm64" && variant === "v8" ? "" : variant;
  return { os: first.toLowerCase(), architecture: wanted, variant: significant };
}

/** A word alone has to be one that is known: it might be a system as well. */
function knownArchitecture(word: string): string {
  const architecture = toOciArchitecture(word);
  if (KNOWN_ARCHITECTURES.includes(architecture)) return architecture;
  throw invalidParameter(`${JSON.stringify(word)}: unknown operating system or architecture: invalid argument`);
}

/**
 * Whether what was made for `has` runs where `wanted` is asked for: older variants of ARM run on newer ones, and images that name no
 * variant run on all (containerd platforms.Only, with moby's fallback).
 */
export function matchesPlatform(wanted: Platform, has: Platform): boolean {
  const [a, b] = [normalize(wanted), normalize(has)];
  if (a.os !== b.os || a.architecture !== b.architecture) return false;
  if (has.variant === "" || a.variant === b.variant) return true;
  const [most, needed] = [ARM_VARIANT.exec(a.variant)?.[1], ARM_VARIANT.exec(b.variant)?.[1]];
  return a.architecture.startsWith("arm") && most !== undefined && needed !== undefined && needed <= most;
}

const ARM_VARIANT = /^v([5-9])$/;
const DEFAULT_VARIANTS: Readonly<Record<string, string>> = { arm: "v7", arm64: "v8" };

function normalize({ os, architecture, variant }: Platform): Platform {
  const known = toOciArchitecture(architecture);
  return { os: os.toLowerCase(), architecture: known, variant: variant || (DEFAULT_VARIANTS[known] ?? "") };
}

function checkWord(word: string, text: string): void {
  if (WORD.test(word)) return;
  throw invalidParameter(
    `${JSON.stringify(text)}: invalid component ${JSON.stringify(word)}: platform specifier component must match "${WORD.source}": invalid argument`,
  );
}
