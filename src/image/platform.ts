/** Platform words such as "linux/arm64/v8", after containerd platforms.Parse. */
import { invalidParameter } from "../base/errors.ts";

export interface Platform {
  readonly os: string;
  /** In the OCI's spelling, such as "amd64". */
  readonly architecture: string;
  /** "" when there is none. */
  readonly variant: string;
}

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

const WORD = /^[A-Za-z0-9_.-]+$/;
const OPERATING_SYSTEMS: readonly string[] = ["linux", "windows", "darwin", "freebsd"];

export function toOciArchitecture(word: string): string {
  return ARCHITECTURES[word.toLowerCase()] ?? word.toLowerCase();
}

/** "" is this machine. Throws invalidParameter in Docker's words; only Linux is supported. */
export function parsePlatform(text: string, architecture: string): Platform {
  if (text === "") return { os: "linux", architecture, variant: "" };
  const [first = "", second, variant = "", ...rest] = text.split("/");
  if (rest.length > 0)
    throw invalidParameter(`${JSON.stringify(text)}: cannot parse platform specifier: invalid argument`);
  for (const word of text.split("/")) checkWord(word, text);
  if (second === undefined && !OPERATING_SYSTEMS.includes(first.toLowerCase())) {
    return { os: "linux", architecture: toOciArchitecture(first), variant: "" };
  }
  if (first.toLowerCase() !== "linux") throw invalidParameter("operating system is not supported");
  const wanted = second === undefined ? architecture : toOciArchitecture(second);
  // "v8" is what arm64 means without saying.
  return { os: "linux", architecture: wanted, variant: wanted === "arm64" && variant === "v8" ? "" : variant };
}

function checkWord(word: string, text: string): void {
  if (WORD.test(word)) return;
  throw invalidParameter(
    `${JSON.stringify(text)}: invalid component ${JSON.stringify(word)}: platform specifier component must match "${WORD.source}": invalid argument`,
  );
}
