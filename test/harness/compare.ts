/**
 * Runs one shell script of docker commands against our engine and expects what Docker prints. Where a real Docker listens on the
 * socket that TARE_PEER_DOCKER names, it runs the same script there and then; elsewhere its recorded answer stands in, which
 * `TARE_RECORD=1` writes anew.
 */
import { expect } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { TARE, type TestEngine } from "./engine.ts";
import { ensureBusybox } from "./images.ts";
import { run } from "./process.ts";

export const peerSocket = process.env.TARE_PEER_DOCKER || undefined;
/** The image that scripts use. */
export const COMPARED_IMAGE = "cmpbox:latest";
const RECORDINGS = join(import.meta.dir, "../compat/recorded");

/** `name` names the recording. Output on both streams and the exit code must agree once what is fresh each time is masked. */
export async function expectLikeDocker(engine: TestEngine, name: string, script: string): Promise<void> {
  const ours = await transcript(engine.dockerEnv(), script);
  const theirs = await dockersTranscript(name, script);
  expect(ours).toBe(theirs);
}

/** The same for our own command line, which takes the place of `docker` in the script. */
export async function expectTareLikeDocker(engine: TestEngine, name: string, script: string): Promise<void> {
  const ours = await transcript(engine.tareEnv(), `docker() { ${TARE.join(" ")} "$@"; }\n${script}`);
  const theirs = await dockersTranscript(name, script);
  // Some commands of the docker client print the status that they end with.
  expect(underDockersName(ours)).toBe(theirs.replace(/^exit status 1\n/gm, ""));
}

/** Where the program names itself: in errors, usage lines and hints. */
function underDockersName(text: string): string {
  return text.replace(/^tare: /gm, "docker: ").replace(/(?<=^Usage: +|')tare(?= )/gm, "docker");
}

async function dockersTranscript(name: string, script: string): Promise<string> {
  const path = join(RECORDINGS, `${name}.txt`);
  if (peerSocket === undefined) {
    if (!existsSync(path)) throw new Error(`${path} is missing: record it with TARE_PEER_DOCKER and TARE_RECORD=1`);
    return readFileSync(path, "utf8");
  }
  const config = mkdtempSync(join(tmpdir(), "tare-peer-"));
  try {
    const env = {
      PATH: process.env.PATH ?? "",
      HOME: config,
      DOCKER_CONFIG: config,
      DOCKER_HOST: `unix://${peerSocket}`,
    };
    await ensureBusybox(env, COMPARED_IMAGE);
    const theirs = await transcript(env, script);
    if (process.env.TARE_RECORD === "1") {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, theirs);
    }
    return theirs;
  } finally {
    rmSync(config, { recursive: true });
  }
}

/** A script that waits in vain shall end with what it has printed, before its test is ended. */
const SCRIPT_TIMEOUT_MS = 120_000;

async function transcript(env: Readonly<Record<string, string>>, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await run(["sh", "-c", script], {
    env: { ...env },
    timeoutMs: SCRIPT_TIMEOUT_MS,
  });
  return mask(`-- stdout\n${stdout}-- stderr\n${stderr}-- exit code ${exitCode}\n`);
}

/** Replaces what is new at every run (ids, times, addresses, ages), equal things by equal words. */
function mask(text: string): string {
  const ids = new Map<string, string>();
  const named = (id: string): string => {
    const short = id.slice(0, 12);
    if (!ids.has(short)) ids.set(short, `<id ${ids.size + 1}>`);
    return `${ids.get(short)}${id.length > 12 ? " in full" : ""}`;
  };
  return text
    .replace(/\b[0-9a-f]{64}\b|\b(?=[0-9a-f]*[a-f])[0-9a-f]{12}\b/g, named)
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d| [+-]\d{4} \w+)/g, "<time>")
    .replace(/\b(Less than a second|About a minute|About an hour|\d+ (seconds?|minutes?|hours?))( ago)?\b/g, "<age>$3")
    .replace(/\b172\.\d+\.\d+\.\d+\b|\b10\.213\.\d+\.\d+\b/g, "<address>")
    .replace(/\b(crun|runc) create failed/g, "<runtime> create failed")
    .replace(/[ ]{2,}/g, "  ");
}
