/**
 * Projects as people have them, built on images of Debian's packages: a Node service, a Python service with packages of its own, a C
 * program on its own, pages and the server for them. They are built, they work, and they are what BuildKit makes of them.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import { peerSocket } from "../harness/compare.ts";
import { DEBIAN, type DebianImage, debianRoot, ensureDebian, GCC, NGINX, NODE } from "../harness/debian-image.ts";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";
import { output } from "../harness/process.ts";
import { BuildPeer, type Outcome } from "./builds/run-build.ts";

const PROJECTS = join(import.meta.dir, "projects");
const RECORDINGS = join(import.meta.dir, "recorded/projects.json");
const SETUP_TIMEOUT_MS = 300_000;

interface Project {
  readonly name: "node" | "python" | "c" | "web";
  /** What its result builds on. */
  readonly base: string;
  readonly args: Readonly<Record<string, string>>;
  /** Where it listens; undefined when it says something and ends. */
  readonly port?: number;
  readonly path?: string;
  readonly says: string;
}

const ALL: readonly Project[] = [
  { name: "node", base: NODE.name, args: { VERSION: "7" }, port: 8080, path: "/you", says: "hello you\n" },
  { name: "python", base: DEBIAN.name, args: {}, port: 8000, path: "/", says: "<h1>A page</h1>" },
  { name: "c", base: "busybox", args: {}, says: "hello world\n" },
  {
    name: "web",
    base: NGINX.name,
    args: { TITLE: "us" },
    port: 80,
    path: "/about.html",
    says: "<title>us</title>\nWho we are.\n",
  },
];
const IMAGES: readonly DebianImage[] = [NODE, DEBIAN, GCC, NGINX];

let engine: TestEngine;

beforeAll(async () => {
  for (const image of IMAGES) await debianRoot(image);
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  for (const image of IMAGES) await ensureDebian(engine.dockerEnv(), image);
}, SETUP_TIMEOUT_MS);
afterAll(() => engine[Symbol.asyncDispose]());

describe.each(ALL)("the $name project", (project) => {
  const { name, args } = project;

  test("is built by the docker client, and works", async () => {
    const flags = Object.entries(args).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
    await engine.dockerOutput("build", "-t", `project-${name}`, ...flags, join(PROJECTS, name));
    await expectWorks(`project-${name}`, project);
  });

  test("is what BuildKit makes of it", async () => {
    expect(toldOf(name, await buildOn(engine.socketPath, project))).toEqual(await expectedOf(project));
  });
});

test("dockerode builds a project", async () => {
  const dockerode = new Docker({ socketPath: engine.socketPath });
  const context = join(PROJECTS, "web");
  const options = { t: "project-dockerode", buildargs: { TITLE: "us" } };
  const stream = await dockerode.buildImage({ context, src: readdirSync(context) }, options);
  const told = await new Promise<{ error?: string }[]>((resolve, reject) => {
    dockerode.modem.followProgress(stream, (error, lines) => (error === null ? resolve(lines) : reject(error)));
  });
  expect(told.filter(({ error }) => error !== undefined)).toEqual([]);
  const [web] = ALL.filter(({ name }) => name === "web");
  if (web !== undefined) await expectWorks("project-dockerode", web);
});

async function expectWorks(image: string, { port, path = "", says }: Project): Promise<void> {
  if (port === undefined) {
    expect((await engine.docker("run", "--rm", image)).stdout).toBe(says);
    return;
  }
  const id = await engine.dockerOutput("run", "-d", "-p", `127.0.0.1::${port}`, image);
  try {
    const address = await engine.dockerOutput("port", id, String(port));
    const ask = async (): Promise<string> => (await fetch(`http://${address}${path}`)).text();
    await eventually(async () => (await ask().catch(() => "")) !== "");
    expect(await ask()).toBe(says);
  } finally {
    await engine.dockerOutput("rm", "-f", id);
  }
}

/** What has been built already is not built again. */
function buildOn(socket: string, { name, base, args }: Project, query = {}): Promise<Outcome> {
  const { Dockerfile = "", ...context } = filesIn(join(PROJECTS, name));
  const buildargs = JSON.stringify(args);
  return new BuildPeer(socket, base).run({
    name,
    dockerfile: Dockerfile,
    context,
    query: { buildargs, nocache: "0", ...query },
  });
}

function filesIn(dir: string): Record<string, string> {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(paths.map((path) => [path.slice(dir.length + 1), readFileSync(path, "utf8")]));
}

/** Where there is a Docker it is asked anew. */
async function expectedOf(project: Project): Promise<Partial<Outcome>> {
  const recorded: Record<string, Partial<Outcome>> = existsSync(RECORDINGS)
    ? JSON.parse(readFileSync(RECORDINGS, "utf8"))
    : {};
  if (peerSocket === undefined) return recorded[project.name] ?? {};
  const env = { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", DOCKER_HOST: `unix://${peerSocket}` };
  const had = await output(["docker", "images", "--format", "{{.Repository}}"], { env });
  const missing = IMAGES.filter(({ name }) => !had.split("\n").includes(name));
  await ensureBusybox(env);
  for (const image of missing) await ensureDebian(env, image);
  try {
    // Its own bridge may lead nowhere: it need not be on this machine.
    const told = toldOf(project.name, await buildOn(peerSocket, project, { networkmode: "host" }));
    const all = { ...recorded, [project.name]: told };
    if (process.env["TARE_RECORD"] === "1") writeFileSync(RECORDINGS, `${JSON.stringify(all, undefined, 1)}\n`);
    return told;
  } finally {
    for (const { name } of missing) await output(["docker", "rmi", "-f", name], { env });
  }
}

/** What does not change with every update of Debian, nor from run to run. */
function toldOf(name: Project["name"], { config, history, tree = [], error }: Outcome): Partial<Outcome> {
  const isOurs = (line: string): boolean => name !== "python" || /^app\b/.test(line);
  const lines = tree.filter(isOurs).map((line) => (name === "c" ? line.replace(/(file 755 0:0) .*/, "$1") : line));
  return error === undefined ? { config, history: history ?? [], tree: lines } : { error };
}
