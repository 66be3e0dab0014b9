/** The engine dies at every step of every action; the next one finds nothing half done and the action can be repeated. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";
import { added } from "../harness/residue.ts";
import { killAtCall } from "../harness/syscall-kill.ts";

/** Enough for every action; reaching it means that the action never got through. */
const MOST_CALLS = 400;
/** Every call near the beginning, then fewer: the later ones are mostly of the same kind. */
const nextCall = (nth: number): number => nth + (nth < 12 ? 1 : nth < 40 ? 3 : 7);

interface Action {
  readonly name: string;
  /** Brings about what the action begins from. */
  prepare(engine: TestEngine): Promise<void>;
  /** The client's command; it may fail when the engine dies under it. */
  readonly command: readonly string[];
  /** Only every so many calls: what else it does is looked at in other actions. Default 1. */
  readonly every?: number;
  /** What must hold afterwards, whether or not the engine died: usually the command again, and its effect. */
  verify(engine: TestEngine): Promise<void>;
}

const statusOf = async (engine: TestEngine): Promise<string> =>
  (await engine.docker("inspect", "--format", "{{.State.Status}}", "cc")).stdout.trim();

/** Its port is held by a helper that outlives the engine: held for ever, it would be refused the next time. */
const SLEEPER = ["--name", "cc", "-p", "127.0.0.1:18490:80", "busybox", "sleep", "1000"];

const ACTIONS: readonly Action[] = [
  {
    name: "create",
    prepare: async () => undefined,
    command: ["create", ...SLEEPER],
    verify: async (engine) => {
      if ((await statusOf(engine)) === "") await engine.dockerOutput("create", ...SLEEPER);
      expect(await statusOf(engine)).toBe("created");
      await engine.dockerOutput("start", "cc");
      expect(await statusOf(engine)).toBe("running");
    },
  },
  {
    name: "start",
    prepare: async (engine) => void (await engine.dockerOutput("create", ...SLEEPER)),
    command: ["start", "cc"],
    verify: async (engine) => {
      expect(await statusOf(engine)).toMatch(/^(created|running)$/);
      await engine.dockerOutput("start", "cc");
      expect(await statusOf(engine)).toBe("running");
      expect(await engine.dockerOutput("exec", "cc", "echo", "alive")).toBe("alive");
    },
  },
  {
    name: "stop",
    prepare: async (engine) => void (await engine.dockerOutput("run", "-d", ...SLEEPER)),
    command: ["stop", "-t", "0", "cc"],
    verify: async (engine) => {
      expect(await statusOf(engine)).toMatch(/^(running|exited)$/);
      await engine.dockerOutput("stop", "-t", "0", "cc");
      expect(await statusOf(engine)).toBe("exited");
      expect(await engine.dockerOutput("inspect", "--format", "{{.State.ExitCode}} {{.State.Pid}}", "cc")).toBe(
        "137 0",
      );
    },
  },
  {
    name: "exec",
    prepare: async (engine) => void (await engine.dockerOutput("run", "-d", ...SLEEPER)),
    command: ["exec", "cc", "sh", "-c", "echo once >>/log"],
    verify: async (engine) => {
      expect(await statusOf(engine)).toBe("running");
      const lines = (await engine.docker("exec", "cc", "cat", "/log")).stdout.split("\n").filter(Boolean).length;
      expect(lines).toBeLessThanOrEqual(1);
      expect(await engine.dockerOutput("inspect", "--format", "{{.ExecIDs}}", "cc")).toMatch(
        /^(<no value>|\[\]|<nil>)$/,
      );
    },
  },
  {
    name: "remove",
    prepare: async (engine) => void (await engine.dockerOutput("run", "-d", ...SLEEPER)),
    command: ["rm", "-f", "cc"],
    verify: async (engine) => {
      const again = await engine.docker("rm", "-f", "cc");
      expect(again.exitCode).toBe(0);
      expect(await engine.dockerOutput("ps", "-aq")).toBe("");
    },
  },
];

const VOLUMES = ["-v", "/anonymous", "-v", "cc-named:/bin", "--network", "none"];
const WITH_VOLUMES = [...VOLUMES, "--name", "cc", "busybox", "sleep", "1000"];
const volumesOf = async (engine: TestEngine): Promise<string[]> =>
  (await engine.dockerOutput("volume", "ls", "-q")).split("\n").filter(Boolean);

/** With an anonymous volume and one that receives what the image has in its place. */
const VOLUME_ACTIONS: readonly Action[] = [
  {
    name: "create with volumes",
    every: 8,
    prepare: async () => undefined,
    command: ["create", ...WITH_VOLUMES],
    verify: async (engine) => {
      const isMade = (await statusOf(engine)) !== "";
      expect((await volumesOf(engine)).filter((name) => name !== "cc-named").length).toBe(isMade ? 1 : 0);
      if (!isMade) await engine.dockerOutput("create", ...WITH_VOLUMES);
      await engine.dockerOutput("start", "cc");
      expect(await engine.dockerOutput("exec", "cc", "sh", "-c", "ls /anonymous; echo filled")).toBe("filled");
      await engine.dockerOutput("rm", "-f", "-v", "cc");
      await engine.dockerOutput("volume", "rm", "cc-named");
      expect(await volumesOf(engine)).toEqual([]);
    },
  },
  {
    name: "remove with volumes",
    every: 4,
    prepare: async (engine) => void (await engine.dockerOutput("run", "-d", ...WITH_VOLUMES)),
    command: ["rm", "-f", "-v", "cc"],
    verify: async (engine) => {
      await engine.dockerOutput("rm", "-f", "-v", "cc");
      expect(await volumesOf(engine)).toEqual(["cc-named"]);
      await engine.dockerOutput("volume", "rm", "cc-named");
    },
  },
];

const containerFiles = async (engine: TestEngine): Promise<string> => {
  await engine.docker("start", "cc");
  return engine.dockerOutput("exec", "cc", "sh", "-c", "cat /etc/passwd /v/* 2>/dev/null; true");
};

/** Into and out of containers that do not run, whose roots are mounted for the copy. */
const COPY_ACTIONS: readonly Action[] = [
  {
    name: "copy in",
    prepare: async (engine) => void (await engine.dockerOutput("create", "-v", "/v", ...SLEEPER)),
    command: ["cp", import.meta.path, "cc:/v/copied"],
    verify: async (engine) => {
      await engine.dockerOutput("cp", import.meta.path, "cc:/v/copied");
      expect(await containerFiles(engine)).toContain("dies at every step of every action");
    },
  },
  {
    name: "copy out",
    prepare: async (engine) => void (await engine.dockerOutput("create", "-v", "/v", ...SLEEPER)),
    command: ["cp", "cc:/bin", "-"],
    verify: async (engine) => {
      expect((await engine.docker("cp", "cc:/etc/passwd", "-")).stdout).toContain("root:");
      expect(await containerFiles(engine)).toContain("root:");
    },
  },
];

const ON_A_NETWORK = ["--network", "cc-net", "--ip", "10.200.213.9", ...SLEEPER];
const createNetwork = ["network", "create", "--subnet", "10.200.213.0/24", "cc-net"];
const networksOf = async (engine: TestEngine): Promise<string[]> =>
  (await engine.dockerOutput("network", "ls", "-q", "--filter", "type=custom")).split("\n").filter(Boolean);
const interfacesOf = (engine: TestEngine): Promise<string> =>
  engine.dockerOutput("exec", "cc", "sh", "-c", "ip -o link | grep -c eth");
/** Its address, its name and its bridge: all are free, or used by the one network. */
const createAndRemove = async (engine: TestEngine): Promise<void> => {
  if ((await networksOf(engine)).length === 0) await engine.dockerOutput(...createNetwork);
  await engine.dockerOutput("run", "-d", ...ON_A_NETWORK);
  await engine.dockerOutput("rm", "-f", "cc");
  await engine.dockerOutput("network", "rm", "cc-net");
};

const freeAndRemove = async (engine: TestEngine): Promise<void> => {
  await engine.dockerOutput("rm", "-f", "cc");
  await createAndRemove(engine);
};

const NETWORK_ACTIONS: readonly Action[] = [
  { name: "network create", prepare: async () => undefined, command: createNetwork, verify: createAndRemove },
  {
    name: "network rm",
    prepare: async (engine) => void (await engine.dockerOutput(...createNetwork)),
    command: ["network", "rm", "cc-net"],
    verify: createAndRemove,
  },
  {
    name: "network connect",
    prepare: async (engine) => {
      await engine.dockerOutput(...createNetwork);
      await engine.dockerOutput("run", "-d", ...SLEEPER);
    },
    command: ["network", "connect", "--ip", "10.200.213.9", "cc-net", "cc"],
    verify: async (engine) => {
      const networks = await engine.dockerOutput("inspect", "-f", "{{len .NetworkSettings.Networks}}", "cc");
      await eventually(async () => (await interfacesOf(engine)) === networks);
      if (networks === "1") await engine.dockerOutput("network", "connect", "--ip", "10.200.213.9", "cc-net", "cc");
      expect(await interfacesOf(engine)).toBe("2");
      await engine.dockerOutput("network", "disconnect", "cc-net", "cc");
      await freeAndRemove(engine);
    },
  },
  {
    name: "network disconnect",
    prepare: async (engine) => {
      await engine.dockerOutput(...createNetwork);
      await engine.dockerOutput("run", "-d", ...ON_A_NETWORK);
      await engine.dockerOutput("network", "connect", "bridge", "cc");
    },
    command: ["network", "disconnect", "cc-net", "cc"],
    verify: async (engine) => {
      const networks = await engine.dockerOutput("inspect", "-f", "{{len .NetworkSettings.Networks}}", "cc");
      await eventually(async () => (await interfacesOf(engine)) === networks);
      if (networks === "2") await engine.dockerOutput("network", "disconnect", "cc-net", "cc");
      expect(await interfacesOf(engine)).toBe("1");
      await freeAndRemove(engine);
    },
  },
];

let engine: TestEngine;
let idle: readonly string[] = [];

beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  await engine.docker("run", "--rm", "busybox", "true");
  await engine.restart();
  idle = engine.residue().filter(isLasting);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

test.each([...ACTIONS, ...VOLUME_ACTIONS, ...COPY_ACTIONS, ...NETWORK_ACTIONS])(
  "an engine killed at any step of $name leaves nothing half done",
  async (action) => {
    let deaths = 0;
    for (let nth = 1; ; nth = nextCall(nth) + (action.every ?? 1) - 1) {
      expect(nth).toBeLessThan(MOST_CALLS);
      await action.prepare(engine);
      const release = await killAtCall(engine.pid, nth);
      await engine.docker(...action.command);
      await release();
      const alive = (await engine.docker("version")).exitCode === 0;
      if (!alive) {
        deaths += 1;
        await engine.died;
        await engine.begin();
      }
      await action.verify(engine);
      await engine.dockerOutput("rm", "-f", "-v", "cc");
      expect(added(idle, engine.residue().filter(isLasting))).toEqual([]);
      if (alive) break;
    }
    expect(deaths).toBeGreaterThan(3);
  },
  300_000,
);

/** The engine itself, its helpers and its warm pool come and go. */
function isLasting(line: string): boolean {
  return !/^link (tare|veth)/.test(line) && !/^process \d+ (bun|tare-relay|tare-resolver|tare-opener)/.test(line);
}
