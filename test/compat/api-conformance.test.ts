/**
 * The Engine API request by request: each scenario is a list of requests with the answer that Docker gives. Where a real Docker
 * listens on the socket that TARE_PEER_DOCKER names, it has to give the very same answers there and then.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMPARED_IMAGE, peerSocket } from "../harness/compare.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";
import { ABSENT } from "./api-absent.ts";
import { BEHAVIOUR } from "./api-behaviour.ts";
import { NETWORKS } from "./api-networks.ts";
import { OURS_ONLY, REFUSALS } from "./api-refusals.ts";
import { STARTS } from "./api-starts.ts";
import type { Scenarios, Step } from "./api-steps.ts";
import { VOLUMES } from "./api-volumes.ts";

/** In Docker's words and in ours. */
const COMMON: Scenarios = { ...REFUSALS, ...BEHAVIOUR, ...NETWORKS, ...VOLUMES, ...STARTS, ...ABSENT };
const ALL: Scenarios = { ...COMMON, ...OURS_ONLY };

/** What the scenarios' own containers and images are called; removed before and after each. */
const NAMES = ["conf-a", "conf-b"];
const IMAGES = ["conf/image:1", "conf/image:2"];
const NETWORK_NAMES = ["conf-net", "conf-net2"];

interface Answer {
  readonly status: number;
  /** Parsed when it is JSON. */
  readonly body: unknown;
}

/** Ids of what earlier steps made, for `{id}` and `{exec}` in later ones. */
class Player {
  readonly #socket: string;
  readonly #ids = new Map<string, string>();

  constructor(socket: string) {
    this.#socket = socket;
  }

  async play(steps: readonly Step[]): Promise<void> {
    await this.#clear();
    try {
      for (const step of steps) await this.#check(step);
    } finally {
      await this.#clear();
    }
  }

  async #check([line, sent, status, facts]: Step): Promise<void> {
    const answer = await this.#ask(line, sent);
    const said = isMessage(answer.body) ? answer.body.message : answer.body;
    expect({ line, said, status: answer.status }).toEqual({ line, said, status });
    if (typeof facts === "object") expect({ line, said }).toMatchObject({ line, said: this.#fillAll(facts) });
    else if (facts !== undefined) expect({ line, said }).toEqual({ line, said: this.#fill(facts) });
  }

  async #ask(line: string, sent: unknown): Promise<Answer> {
    const [method = "", ...words] = this.#fill(line).split(" ");
    const target = words.join("%20");
    const path = /^\/v\d/.test(target) || target === "/_ping" ? target : `/v1.51${target}`;
    const response = await fetch(`http://docker${path}`, {
      unix: this.#socket,
      method,
      ...(sent === undefined ? {} : { body: typeof sent === "string" ? sent : JSON.stringify(sent) }),
      headers: { "Content-Type": "application/json" },
    });
    const body = parse(await response.text());
    this.#remember(target, body);
    return { status: response.status, body };
  }

  #remember(target: string, body: unknown): void {
    if (typeof body !== "object" || body === null) return;
    if (target === "/volumes/create" && "Name" in body) this.#ids.set("{volume}", String(body.Name));
    if (!("Id" in body)) return;
    if (target.startsWith("/containers/create")) this.#ids.set("{id}", String(body.Id));
    if (target === "/networks/create") this.#ids.set("{network}", String(body.Id));
    if (target.endsWith("/exec")) this.#ids.set("{exec}", String(body.Id));
  }

  #fillAll(facts: object | null): unknown {
    return JSON.parse(this.#fill(JSON.stringify(facts)));
  }

  #fill(text: string): string {
    return text
      .replaceAll("{short}", (this.#ids.get("{id}") ?? "").slice(0, 12))
      .replaceAll(/\{(id|exec|network|volume)\}/g, (name) => this.#ids.get(name) ?? name);
  }

  async #clear(): Promise<void> {
    for (const name of NAMES) await this.#ask(`DELETE /containers/${name}?force=1`, undefined);
    for (const network of NETWORK_NAMES) await this.#ask(`DELETE /networks/${network}`, undefined);
    for (const image of IMAGES) await this.#ask(`DELETE /images/${image}`, undefined);
  }
}

const isMessage = (body: unknown): body is { message: string } =>
  typeof body === "object" && body !== null && "message" in body;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv(), COMPARED_IMAGE);
});
afterAll(() => engine[Symbol.asyncDispose]());

test.each(Object.keys(ALL))("the engine answers: %s", async (name) => {
  await new Player(engine.socketPath).play(ALL[name] ?? []);
});

// Not skipped but absent where there is no Docker: a skipped test counts as failed.
if (peerSocket !== undefined) testDocker(peerSocket);

function testDocker(socket: string): void {
  describe("Docker itself", () => {
    const config = mkdtempSync(join(tmpdir(), "tare-peer-"));
    beforeAll(async () => {
      const env = {
        PATH: process.env.PATH ?? "",
        HOME: config,
        DOCKER_CONFIG: config,
        DOCKER_HOST: `unix://${socket}`,
      };
      await ensureBusybox(env, COMPARED_IMAGE);
    });
    afterAll(() => rmSync(config, { recursive: true }));

    test.each(Object.keys(COMMON))("answers: %s", async (name) => {
      await new Player(socket).play(COMMON[name] ?? []);
    });
  });
}
