/** Five hundred containers on one network find each other by their names. Without processes: their namespaces, addresses and names are real. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { type ContainerId, createId, shortId } from "../../src/base/ids.ts";
import { ScratchHost } from "../../src/network/firewall/scratch-host.ts";
import { ContainerNetwork } from "../../src/network/network.ts";
import { createHome, type Home, networkRequest, on } from "../../src/network/testing.ts";
import { parseAnswer, toQuery } from "../harness/dns-message.ts";
import { TestNetns } from "../harness/netns.ts";

const CONTAINERS = 500;
/** How many others each container looks for. */
const LOOKS_FOR = 20;
const MAX_RESOLVER_KIB = 4 * 1024;

interface Box {
  readonly id: ContainerId;
  readonly name: string;
  readonly address: string;
  readonly netns: TestNetns;
}

let host: ScratchHost;
let home: Home;
let network: ContainerNetwork;
const boxes: Box[] = [];

beforeAll(async () => {
  host = new ScratchHost();
  home = createHome("many");
  network = new ContainerNetwork(home.deps());
  await network.create(networkRequest("crowd"));
  for (let number = 0; number < CONTAINERS; number++) boxes.push(await join(`box${number}`));
}, 120_000);
afterAll(async () => {
  for (const { id, netns } of boxes) {
    network.release(id);
    netns[Symbol.dispose]();
  }
  await network.destroy();
  home.remove();
  host[Symbol.dispose]();
});

async function join(name: string): Promise<Box> {
  const id = createId();
  const request = { ...on("crowd", { crowd: { Aliases: ["crowd", name === "box0" ? "first" : "other"] } }), name };
  const { netnsPath = "", endpoints } = await network.acquire(id, request);
  return { id, name, address: endpoints["crowd"]?.IPAddress ?? "", netns: new TestNetns(netnsPath) };
}

const at = (number: number): Box => {
  const box = boxes[number % CONTAINERS];
  if (box === undefined) throw new Error("there are not so many");
  return box;
};

async function resolve(from: Box, name: string): Promise<string[]> {
  return parseAnswer(await from.netns.ask(toQuery({ name }))).answers.map(({ data }) => data);
}

test("each resolves others by name and by short id, all of them at once", async () => {
  const found = boxes.map(async (box, number) => {
    for (let step = 1; step <= LOOKS_FOR; step++) {
      const other = at(number + step * 23);
      expect(await resolve(box, other.name)).toEqual([other.address]);
      expect(await resolve(box, shortId(other.id))).toEqual([other.address]);
    }
  });
  await Promise.all(found);
});

test("an alias of all of them is answered whole by TCP", async () => {
  const [answer] = await at(7).netns.askByTcp([toQuery({ name: "crowd" })]);
  const addresses = answer && parseAnswer(answer).answers.map(({ data }) => data);
  expect(addresses?.sort()).toEqual(boxes.map(({ address }) => address).sort());
});

test("one that leaves is found no longer, and the others still are", async () => {
  network.release(at(1).id);
  expect(await resolve(at(2), "box1")).toEqual([]);
  expect(await resolve(at(2), "box3")).toEqual([at(3).address]);
});

test("one small process serves them all", () => {
  const resolvers = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isResolver(pid));
  expect(resolvers.length).toBe(1);
  const memory = readFileSync(`/proc/${resolvers[0]}/smaps_rollup`, "utf8");
  expect(Number(/^Pss: +(\d+) kB$/m.exec(memory)?.[1])).toBeLessThan(MAX_RESOLVER_KIB);
});

function isResolver(pid: string): boolean {
  try {
    const [parent, comm] = [
      readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[3],
      readFileSync(`/proc/${pid}/comm`, "utf8"),
    ];
    return comm === "tare-resolver\n" && Number(parent) === process.pid;
  } catch {
    return false;
  }
}
