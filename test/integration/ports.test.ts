/** Published ports of a whole engine, on a machine that has nothing else: they cost no process and survive every engine. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { ScratchHost } from "../../src/network/firewall/scratch-host.ts";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";

const KILLS = 5;
const ECHO = "exec nc -ll -p 80 -e cat";

let host: ScratchHost;
let engine: TestEngine;

beforeAll(async () => {
  host = new ScratchHost();
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  host[Symbol.dispose]();
});

/** A connection on which a word comes back. */
class Talk {
  readonly #client: Bun.Subprocess<"pipe", "pipe", "ignore">;
  readonly #answers: AsyncIterator<Uint8Array>;

  constructor(address: string, port: number) {
    this.#client = Bun.spawn(["busybox", "nc", address, String(port)], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "ignore",
    });
    this.#answers = this.#client.stdout[Symbol.asyncIterator]();
  }

  async say(word: string): Promise<string> {
    await this.#client.stdin.write(word);
    await this.#client.stdin.flush();
    return Buffer.from((await this.#answers.next()).value ?? []).toString();
  }

  [Symbol.dispose](): void {
    this.#client.kill(9);
  }
}

/** Whether the echo behind the port answers by now; a client that is refused may be gone before it was told anything. */
async function answers(address: string, port: number): Promise<boolean> {
  using talk = new Talk(address, port);
  return (await talk.say("x").catch(() => "")) === "x";
}

const helpers = (): string[] =>
  readdirSync("/proc").filter(
    (pid) => /^\d+$/.test(pid) && read(`/proc/${pid}/cmdline`).includes(`${engine.run}/relay`),
  );

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

test("connections through published ports outlive the engine, again and again, by the kernel's way and by the relay's", async () => {
  await engine.dockerOutput("run", "-d", "--name", "echo", "-p", "8080:80", "busybox", "sh", "-c", ECHO);
  await eventually(() => answers("127.0.0.1", 8080));
  using kernel = new Talk("127.0.0.1", 8080);
  using relayed = new Talk("::1", 8080);
  for (let kill = 0; kill < KILLS; kill++) {
    expect([await kernel.say(`k${kill}`), await relayed.say(`r${kill}`)]).toEqual([`k${kill}`, `r${kill}`]);
    await engine.kill();
    expect([await kernel.say("alone"), await relayed.say("alone")]).toEqual(["alone", "alone"]);
    expect([await answers("127.0.0.1", 8080), await answers("::1", 8080)]).toEqual([true, true]);
    await engine.begin();
  }
  expect(await engine.dockerOutput("port", "echo")).toBe("80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080");
  expect((await engine.docker("run", "--rm", "-p", "8080:81", "busybox", "true")).stderr).toContain(
    "already allocated",
  );
  await engine.dockerOutput("rm", "-f", "echo");
  expect(await answers("127.0.0.1", 8080)).toBe(false);
  await engine.dockerOutput("run", "--rm", "-p", "8080:81", "busybox", "true");
});

test("a thousand ports are one process more, of less than two megabytes", async () => {
  await engine.dockerOutput(
    "run",
    "-d",
    "--name",
    "many",
    "-p",
    "20000-20999:20000-20999",
    "busybox",
    "sh",
    "-c",
    ECHO,
  );
  expect((await engine.dockerOutput("port", "many")).split("\n")).toHaveLength(2000);
  expect(await engine.dockerOutput("ps", "--format", "{{.Ports}}")).toBe(
    "0.0.0.0:20000-20999->20000-20999/tcp, [::]:20000-20999->20000-20999/tcp",
  );
  const [relay, ...others] = helpers();
  expect(others).toEqual([]);
  expect(Number(/Private_Dirty:\s+(\d+)/.exec(read(`/proc/${relay}/smaps_rollup`))?.[1])).toBeLessThan(2048);
  await engine.restart();
  expect(helpers()).toEqual([relay ?? ""]);
  await engine.dockerOutput("rm", "-f", "many");
});

test("a port that a process of the host has is found before anything of the container is started", async () => {
  await host.serve("tcp:9000");
  const since = String(Date.now() / 1000);
  const { exitCode, stderr } = await engine.docker("run", "--name", "late", "-p", "9000:80", "busybox", "true");
  expect(exitCode).toBe(125);
  expect(stderr).toContain("driver failed programming external connectivity on endpoint late (");
  expect(stderr).toMatch(/failed to bind host port for 0\.0\.0\.0:9000:[\d.]+:80\/tcp: address already in use/);
  expect(await engine.dockerOutput("inspect", "-f", "{{.State.Status}} {{.State.Pid}}", "late")).toBe("created 0");
  const window = ["--since", since, "--until", String(Date.now() / 1000)];
  const events = await engine.dockerOutput("events", ...window, "--format", "{{.Type}} {{.Action}}");
  expect(events.split("\n")).toContain("container create");
  expect(events.split("\n")).not.toContain("container start");
  await engine.dockerOutput("rm", "late");
});

test("after the machine's rules were flushed while no engine ran, the next one has them back", async () => {
  await engine.dockerOutput("run", "-d", "--name", "echo", "-p", "8080:80", "busybox", "sh", "-c", ECHO);
  await eventually(() => answers("127.0.0.1", 8080));
  await engine.kill();
  host.run("nft", "flush ruleset");
  expect(await answers("127.0.0.1", 8080)).toBe(true);
  await engine.begin();
  await eventually(async () => host.run("nft", "list", "ruleset").includes("tcp . 8080"));
  expect(await answers("127.0.0.1", 8080)).toBe(true);
  await engine.dockerOutput("rm", "-f", "echo");
});
