import { beforeAll, describe, expect, test } from "bun:test";
import { parseAnswer, toQuery } from "../../../test/harness/dns-message.ts";
import { eventually } from "../../../test/harness/eventually.ts";
import { BUILDS, build } from "../harness.ts";
import { Lab } from "./lab.ts";

const REFUSED = [
  ["put", "EINVAL"],
  ["put e1 net 10.0.0.1", "EINVAL"],
  ["put e1 net nonsense web", "not understood"],
  [`put ${"e".repeat(65)} net 10.0.0.1 web`, "not understood"],
  ["serve c1 /nowhere 0 - net,net", "No such file or directory"],
  ["serve c1 /proc/self/ns/pid 0 - net,net", "Invalid argument"],
  [`serve ${"c".repeat(65)} /proc/self/ns/net 0 - net,net`, "File name too long"],
  [`serve c1 /${"p".repeat(300)} 0 - net,net`, "File name too long"],
  ["hold c1 1", "not served"],
  ["hello two", "another build"],
  ["", "EINVAL"],
] as const;

describe.each(BUILDS)("%s", (kind) => {
  beforeAll(() => build(kind));

  test("what is not told again between begin and end is dropped", async () => {
    await using lab = await Lab.start(kind);
    const [web, db] = [lab.netns(), lab.netns()];
    const ask = async (name: string): Promise<number> => parseAnswer(await web.ask(toQuery({ name }))).answers.length;
    await lab.must("put e1 net 10.0.0.1 one", "put e2 net 10.0.0.2 two");
    await lab.must(`serve c1 ${web.path} 0 - net,net`, `serve c2 ${db.path} 0 - net,net`);
    await lab.must("begin", "put e2 net 10.0.0.2,10.0.0.3 two", `serve c1 ${web.path} 0 - net,net`);
    expect([await ask("one"), await ask("two")]).toEqual([1, 2]);
    await lab.must("end");
    expect([await ask("one"), await ask("two")]).toEqual([0, 2]);
    expect(await lab.tell("hold c1 none", "hold c2 none")).toEqual(["error not understood", "error not served"]);
  });

  test("a sandbox that comes with another namespace has moved there", async () => {
    await using lab = await Lab.start(kind);
    const [old, present] = [lab.netns(), lab.netns()];
    await lab.must("put e1 net 10.0.0.1 web", `serve c1 ${old.path} 0 - net,net`);
    await lab.must(`serve c1 ${present.path} 0 - net,net`);
    expect(parseAnswer(await present.ask(toQuery({ name: "web" }))).answers.length).toBe(1);
    await lab.must(`serve c2 ${old.path} 0 - net,net`);
    expect(parseAnswer(await old.ask(toQuery({ name: "web" }))).answers.length).toBe(1);
  });

  test("what cannot be done is refused with the reason", async () => {
    await using lab = await Lab.start(kind);
    for (const [line, reason] of REFUSED) expect(await lab.tell(line)).toEqual([`error ${reason}`]);
  });
});

/** valgrind does not know pidfd_open(2). */
describe.each(BUILDS.filter((kind) => kind !== "valgrind"))("%s, held for a process", (kind) => {
  beforeAll(() => build(kind));

  test("the end of the process that a sandbox is held for is its end", async () => {
    await using lab = await Lab.start(kind);
    const web = lab.netns();
    const container = Bun.spawn(["sleep", "infinity"]);
    await lab.must(`serve c1 ${web.path} 0 - net,net`, `hold c1 ${container.pid}`);
    container.kill();
    await container.exited;
    await eventually(async () => (await lab.tell("hold c1 none")).includes("error not served"));
  });

  test("who is held for no process is served no longer than an engine is there", async () => {
    await using lab = await Lab.start(kind);
    const container = Bun.spawn(["sleep", "600"]);
    await lab.must(`serve held ${lab.netns().path} 0 - net,net`, `serve free ${lab.netns().path} 0 - net,net`);
    await lab.must(`hold held ${container.pid}`);
    lab.hangUp();
    await lab.rejoin();
    expect(await lab.tell("hold held none", "hold free none")).toEqual(["error not understood", "error not served"]);
    container.kill();
  });

  test("without an engine the end of the last sandbox is its own", async () => {
    await using lab = await Lab.start(kind);
    const container = Bun.spawn(["sleep", "infinity"]);
    await lab.must(`serve c1 ${lab.netns().path} 0 - net,net`, `hold c1 ${container.pid}`);
    lab.hangUp();
    container.kill();
    expect(await lab.process.exited).toBe(0);
  });
});
