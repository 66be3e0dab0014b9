import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Answer, parseAnswer, type Query, TYPE, toQuery } from "../../../test/harness/dns-message.ts";
import type { TestNetns } from "../../../test/harness/netns.ts";
import { BUILDS, build } from "../harness.ts";
import { Lab } from "./lab.ts";

describe.each(BUILDS)("%s", (kind) => {
  let lab: Lab;
  let web: TestNetns;
  let db: TestNetns;

  beforeAll(async () => {
    await build(kind);
    lab = await Lab.start(kind);
    [web, db] = [lab.netns(), lab.netns()];
    await lab.must(
      "put e1 front 10.1.0.2,fd00:1::2 web,Svc,0123456789ab",
      "put e2 front 10.1.0.3 db,svc",
      "put e3 back 10.2.0.3 db,svc,only-back",
      "put e4 back 10.2.0.4,fd00:2::4 six.web",
      `serve c1 ${web.path} 0 - front,Front,db,web,link,db,lost,nobody`,
      `serve c2 ${db.path} 1 - front,Front back,back.net`,
    );
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  const ask = async (netns: TestNetns, query: Query): Promise<Answer> => parseAnswer(await netns.ask(toQuery(query)));
  const resolve = async (netns: TestNetns, name: string, type: Query["type"] = "A"): Promise<string[]> =>
    (await ask(netns, { name, type })).answers.map(({ data }) => data).sort();

  test.each([
    ["web", "A", ["10.1.0.2"], "a container's name"],
    ["WEB", "A", ["10.1.0.2"], "in any case"],
    ["web.", "A", ["10.1.0.2"], "with the root's dot"],
    ["svc", "A", ["10.1.0.2", "10.1.0.3"], "an alias of two"],
    ["SVC", "ANY", ["10.1.0.2", "10.1.0.3", "fd00:1:0:0:0:0:0:2"], "both families when asked for anything"],
    ["0123456789ab", "A", ["10.1.0.2"], "a short id"],
    ["web", "AAAA", ["fd00:1:0:0:0:0:0:2"], "an IPv6 address"],
    ["web.Front", "A", ["10.1.0.2"], "a name on a network"],
    ["wEb.Front", "A", ["10.1.0.2"], "a name on a network, whose case does not matter"],
    ["link", "A", ["10.1.0.3"], "a link's alias"],
    ["link.Front", "A", ["10.1.0.3"], "a link's alias on its network"],
    ["db", "A", ["10.1.0.2"], "a link's alias that is another's name"],
    ["2.0.1.10.in-addr.arpa", "PTR", ["web.Front"], "an address"],
    [
      "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa",
      "PTR",
      ["web.Front"],
      "an IPv6 address",
    ],
  ] as const)("%s %s is %j: %s", async (name, type, expected) => {
    expect(await resolve(web, name, type)).toEqual([...expected]);
  });

  test.each([
    ["web", "AAAA", "no address of the kind"],
    ["web", "MX", "a type that no record has"],
    ["web", "TXT", "not even asked for elsewhere"],
  ] as const)("an answer without records to %s %s: %s", async (name, type) => {
    const answer = await ask(type === "AAAA" ? db : web, { name: type === "AAAA" ? "db" : name, type });
    expect({ rcode: answer.rcode, answers: answer.answers }).toEqual({ rcode: 0, answers: [] });
  });

  test.each([
    ["only-back", "a name of a network that the container is not on"],
    ["web.front", "a network in another case"],
    ["web.Front.x", "more than a network"],
    ["lost", "a link to nobody"],
    ["3.0.2.10.in-addr.arpa", "an address of another network"],
  ])("%s is unknown: %s", async (name) => {
    expect((await ask(web, { name, type: name.endsWith("arpa") ? "PTR" : "A" })).rcode).toBe(2);
  });

  test("the first network that knows a name answers, and it alone", async () => {
    expect(await resolve(db, "db")).toEqual(["10.1.0.3"]);
    expect(await resolve(db, "db.back.net")).toEqual(["10.2.0.3"]);
    expect(await resolve(db, "only-back")).toEqual(["10.2.0.3"]);
    expect(await resolve(db, "six.web", "AAAA")).toEqual(["fd00:2:0:0:0:0:0:4"]);
    expect(await resolve(db, "six.web.back.net", "AAAA")).toEqual(["fd00:2:0:0:0:0:0:4"]);
    expect(await resolve(db, "3.0.2.10.in-addr.arpa", "PTR")).toEqual(["db.back.net"]);
  });

  test("names without a dot are left to the client's search domains when ndots is set", async () => {
    expect((await ask(db, { name: "nobody" })).rcode).toBe(0);
    expect((await ask(db, { name: "nobody.test" })).rcode).toBe(2);
    expect((await ask(web, { name: "nobody" })).rcode).toBe(2);
  });

  test("the order of the addresses changes, and their life is ten minutes", async () => {
    const firsts = new Set<string | undefined>();
    for (let i = 0; i < 40; i++) {
      const { answers } = await ask(web, { name: "svc" });
      firsts.add(answers[0]?.data);
      expect(answers.map(({ ttl }) => ttl)).toEqual([600, 600]);
    }
    expect(firsts.size).toBe(2);
  });

  test.each([
    [{ flags: 0x0000 }, 0x8080, "without recursion being wanted"],
    [{ flags: 0x0110 }, 0x8190, "with checking disabled"],
    [{ flags: 0x1100 }, 0x9184, "to an operation that is none"],
    [{ class: 3 }, 0x8182, "to another class"],
  ])("the header that answers %j is %p: %s", async (query, flags) => {
    expect(await ask(web, { name: "web", id: 777, ...query })).toMatchObject({ id: 777, flags });
  });

  test("who speaks EDNS is answered by it", async () => {
    const { additional } = await ask(web, { name: "web", edns: 4096 });
    expect(additional).toMatchObject([{ name: "", type: TYPE.OPT }]);
    expect((await ask(web, { name: "web" })).additional).toEqual([]);
  });

  test("what has no room in a datagram is cut off and told, and comes whole by TCP", async () => {
    const many = Array.from({ length: 200 }, (_, i) => `put m${i} front 10.9.${i}.1 many`);
    await lab.must(...many);
    const small = await ask(web, { name: "many" });
    expect(small).toMatchObject({ truncated: true });
    expect(small.bytes).toBeLessThanOrEqual(512);
    expect(small.answers.length).toBeGreaterThan(25);
    const large = await ask(web, { name: "many", edns: 4096 });
    expect([large.truncated, large.answers.length]).toEqual([false, 200]);
    const [whole] = await web.askByTcp([toQuery({ name: "many" })]);
    expect(whole && parseAnswer(whole)).toMatchObject({ truncated: false });
    expect(whole && parseAnswer(whole).answers.length).toBe(200);
    await lab.must(...many.map((_, i) => `drop m${i}`));
    expect((await ask(web, { name: "many" })).rcode).toBe(2);
  });

  test("a connection carries any number of queries", async () => {
    const queries = Array.from({ length: 50 }, (_, id) => toQuery({ name: id % 2 === 0 ? "web" : "nobody", id }));
    const answers = (await web.askByTcp(queries)).map(parseAnswer);
    expect(answers.map(({ id }) => id)).toEqual(queries.map((_, i) => i));
    expect(answers.map(({ rcode }) => rcode)).toEqual(queries.map((_, i) => (i % 2 === 0 ? 0 : 2)));
  });

  test("a container can have a server of its own on port 53, on every address", async () => {
    await web.serve("0.0.0.0", () => [Buffer.from("mine")]);
    expect((await web.ask(Buffer.from("x"), "127.0.0.1")).toString()).toBe("mine");
    expect(await resolve(web, "web")).toEqual(["10.1.0.2"]);
    expect((await web.askByTcp([toQuery({ name: "web" })])).map((reply) => parseAnswer(reply).answers.length)).toEqual([
      1,
    ]);
  });
});
