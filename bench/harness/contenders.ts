/**
 * The engines that a benchmark compares: ours, started for it, and those that the environment names:
 * TARE_PEER_DOCKER, the socket of a running Docker; TARE_PEER_CONTAINERD_STORE, that of one with containerd's image store, which only
 * matters to images; TARE_PEER_ENTER, a command that runs another where podman is installed.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { TARE, TestEngine } from "../../test/harness/engine.ts";
import { busyboxRootfs, ensureBusybox } from "../../test/harness/images.ts";
import { Shell } from "./shell.ts";

const RELEASE = resolve(import.meta.dir, "../../dist/tare");
/** What people install, when it is built; the source tree otherwise. */
const PROGRAM = existsSync(RELEASE) ? [RELEASE] : TARE;

/** One engine as seen from a shell: `cli` is the word that a command line begins with. */
export interface Contender {
  readonly name: string;
  readonly cli: string;
  readonly shell: Shell;
  /** Where its API listens; undefined where it has none. */
  readonly socketPath?: string;
}

export class Field {
  readonly engine: TestEngine;
  readonly tare: Contender;
  /** The docker client on our engine. */
  readonly dockerOnTare: Contender;
  readonly docker: Contender | undefined;
  /** A Docker that keeps its images in containerd's store. */
  readonly containerdStore: Contender | undefined;
  readonly podman: Contender | undefined;
  readonly #config: string;

  private constructor(engine: TestEngine, config: string) {
    this.engine = engine;
    this.#config = config;
    const socketPath = engine.socketPath;
    this.tare = { name: "tare", cli: PROGRAM.join(" "), shell: new Shell([], engine.tareEnv()), socketPath };
    this.dockerOnTare = {
      name: "docker client on tare",
      cli: "docker",
      shell: new Shell([], engine.dockerEnv()),
      socketPath,
    };
    const peer = process.env.TARE_PEER_DOCKER || undefined;
    if (peer !== undefined) {
      const env = { DOCKER_HOST: `unix://${peer}`, DOCKER_CONFIG: config };
      this.docker = { name: "docker", cli: "docker", shell: new Shell([], env), socketPath: peer };
    }
    const store = process.env.TARE_PEER_CONTAINERD_STORE || undefined;
    if (store !== undefined) {
      const env = { DOCKER_HOST: `unix://${store}`, DOCKER_CONFIG: config };
      this.containerdStore = {
        name: "docker, containerd store",
        cli: "docker",
        shell: new Shell([], env),
        socketPath: store,
      };
    }
    const enter = process.env.TARE_PEER_ENTER || undefined;
    if (enter !== undefined) {
      const shell = new Shell(enter.split(" "), { PODMAN_IGNORE_CGROUPSV1_WARNING: "1" });
      this.podman = { name: "podman", cli: "podman", shell };
    }
  }

  static async open(): Promise<Field> {
    await using undo = new AsyncDisposableStack();
    const config = mkdtempSync(join(tmpdir(), "tare-bench-"));
    const field = undo.use(new Field(await TestEngine.start({ program: PROGRAM }), config));
    await ensureBusybox(field.engine.dockerEnv());
    const { docker, podman } = field;
    if (docker !== undefined) {
      await ensureBusybox({ PATH: process.env.PATH ?? "", HOME: config, DOCKER_HOST: `unix://${docker.socketPath}` });
    }
    if (podman !== undefined) await importIntoPodman(podman);
    undo.move();
    return field;
  }

  /** Those present, the peer to be measured against last. */
  get all(): Contender[] {
    return [this.tare, this.dockerOnTare, this.docker, this.podman].filter((one) => one !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map(({ shell }) => shell.close()));
    await this.containerdStore?.shell.close();
    rmSync(this.#config, { recursive: true });
    await this.engine[Symbol.asyncDispose]();
  }
}

/** The archive goes through the shell as text, since nothing but the shell reaches into the peer's namespaces. */
async function importIntoPodman({ shell }: Contender): Promise<void> {
  const archive = Buffer.from(Bun.gzipSync(await busyboxRootfs())).toString("base64");
  const lines = archive.match(/.{1,2000}/g) ?? [];
  await shell.run(
    `base64 -d <<'END' | gunzip | podman import -q -c CMD=sh - docker.io/library/busybox:latest\n${lines.join("\n")}\nEND`,
  );
}
