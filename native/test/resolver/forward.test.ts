import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  type Answer,
  parseAnswer,
  type Query,
  questionName,
  type Reply,
  toQuery,
  toReply,
} from "../../../test/harness/dns-message.ts";
import { type Answerer, type Asker, TestNetns } from "../../../test/harness/netns.ts";
import { BUILDS, build } from "../harness.ts";
import { Lab } from "./lab.ts";

/** A server that counts what it is asked for. */
class Server {
  readonly #netns: TestNetns;
  readonly ready: Promise<void>;
  readonly asked: { name: string; query: Buffer; asker: Asker }[] = [];

  constructor(netns: TestNetns, address: string, answer: Answerer) {
    this.#netns = new TestNetns(netns.path);
    this.ready = this.#netns.serve(address, (query, asker) => {
      this.asked.push({ name: questionName(query), query, asker });
      return answer(query, asker);
    });
  }

  [Symbol.dispose](): void {
    this.#netns[Symbol.dispose]();
  }
}

describe.each(BUILDS)("%s", (kind) => {
  let lab: Lab;
  let web: TestNetns;

  let round = 0;
  let servers: Server[];
  /** An address of this test alone: what a server has said is remembered. */
  const at = (last: number): string => `127.0.${round}.${last}`;

  beforeAll(async () => {
    await build(kind);
    lab = await Lab.start(kind);
  });
  beforeEach(() => {
    web = lab.netns();
    servers = [];
    round++;
  });
  afterEach(() => {
    for (const server of servers) server[Symbol.dispose]();
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  const ask = async (query: Query, netns = web): Promise<Answer> => parseAnswer(await netns.ask(toQuery(query)));
  const listen = async (address: string, answer: Answerer, netns = lab.host): Promise<Server> => {
    const made = new Server(netns, address, answer);
    servers.push(made);
    await made.ready;
    return made;
  };
  const server = (address: string, reply: Reply, netns = lab.host): Promise<Server> =>
    listen(address, (query) => [toReply(query, reply)], netns);
  const silent = (address: string): Promise<Server> => listen(address, () => []);
  const serve = (servers: string, netns = web, id = "c1"): Promise<void> =>
    lab.must(`serve ${id} ${netns.path} 0 ${servers} net,net`);

  test("a server of the host is asked from the host's namespace, and its answer given as it is", async () => {
    const dns = await server(at(53), { addresses: ["192.0.2.1"], ttl: 7 });
    await serve(`host:${at(53)}`);
    const answer = await ask({ name: "Some.Where", id: 99 });
    expect(answer).toMatchObject({ id: 99, rcode: 0, name: "Some.Where", answers: [{ data: "192.0.2.1", ttl: 7 }] });
    expect(dns.asked.map(({ name }) => name)).toEqual(["Some.Where"]);
  });

  test("a server of the container is asked from its own namespace", async () => {
    const [outside, inside] = [await server(at(9), {}), await server(at(9), { addresses: ["192.0.2.2"] }, web)];
    await serve(`own:${at(9)}`);
    expect((await ask({ name: "a.test" })).answers).toMatchObject([{ data: "192.0.2.2" }]);
    expect([outside.asked.length, inside.asked.length]).toEqual([0, 1]);
  });

  test.each([
    ["fails", { rcode: 2 }],
    ["refuses", { rcode: 5 }],
  ])("the next server is asked when one %s", async (_, reply) => {
    const [first, second] = [await server(at(53), reply), await server(at(54), { addresses: ["192.0.2.3"] })];
    await serve(`host:${at(53)},host:${at(54)}`);
    expect((await ask({ name: "a.test" })).answers).toMatchObject([{ data: "192.0.2.3" }]);
    expect([first.asked.length, second.asked.length]).toEqual([1, 1]);
  });

  test("the next server is asked when nobody listens, or nobody answers", async () => {
    const [quiet, last] = [await silent(at(53)), await server(at(54), { addresses: ["192.0.2.3"] })];
    await serve(`host:${at(52)},host:${at(53)},host:${at(54)},host:${at(55)}`);
    expect((await ask({ name: "a.test" })).answers).toMatchObject([{ data: "192.0.2.3" }]);
    expect([quiet.asked.length, last.asked.length]).toEqual([1, 1]);
  });

  test("that there is no such name is an answer", async () => {
    const [, second] = [await server(at(53), { rcode: 3 }), await server(at(54), { addresses: ["192.0.2.3"] })];
    await serve(`host:${at(53)},host:${at(54)}`);
    expect((await ask({ name: "a.test" })).rcode).toBe(3);
    expect(second.asked).toEqual([]);
  });

  test("when every server fails, or there is none, the query has failed", async () => {
    await server(at(53), { rcode: 2 });
    await serve(`host:${at(53)},host:${at(54)}`);
    expect(await ask({ name: "a.test" })).toMatchObject({ rcode: 2, name: "a.test" });
    await serve("-");
    expect((await ask({ name: "b.test" })).rcode).toBe(2);
  });

  test("answers to something else are not taken", async () => {
    const forged = (query: Buffer): Buffer[] => {
      const other = toReply(toQuery({ name: "b.test", id: query.readUInt16BE(0) }), { addresses: ["203.0.113.1"] });
      const wrongId = toReply(query, { addresses: ["203.0.113.1"] });
      wrongId.writeUInt16BE(query.readUInt16BE(0) ^ 1, 0);
      return [
        other,
        wrongId,
        query,
        Buffer.from("nonsense"),
        Buffer.alloc(0),
        toReply(query, { addresses: ["192.0.2.4"] }),
      ];
    };
    await listen(at(53), forged);
    await serve(`host:${at(53)}`);
    expect((await ask({ name: "a.test" })).answers).toMatchObject([{ data: "192.0.2.4" }]);
  });

  test("every query has a port and a number that nobody can know", async () => {
    const dns = await server(at(53), { rcode: 3 });
    await serve(`host:${at(53)}`);
    for (let i = 0; i < 20; i++) await ask({ name: `n${i}.test`, id: 1 });
    expect(new Set(dns.asked.map(({ asker }) => asker.port)).size).toBeGreaterThan(15);
    expect(new Set(dns.asked.map(({ query }) => query.readUInt16BE(0))).size).toBeGreaterThan(15);
  });

  test("who asks by TCP is answered over TCP all the way", async () => {
    const many = Array.from({ length: 3000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    await listen(at(53), (query, { protocol }) => [
      toReply(query, protocol === "udp" ? { truncated: true } : { addresses: many }),
    ]);
    await serve(`host:${at(53)}`);
    expect(await ask({ name: "many.test" })).toMatchObject({ truncated: true, answers: [] });
    const [whole] = await web.askByTcp([toQuery({ name: "many.test" })]);
    expect(whole && parseAnswer(whole).answers.length).toBe(3000);
  });

  test("an answer is kept as long as it says, and grows older", async () => {
    const dns = await server(at(53), { addresses: ["192.0.2.5"], ttl: 2 });
    await serve(`host:${at(53)}`);
    expect((await ask({ name: "Kept.test", id: 1 })).answers).toMatchObject([{ ttl: 2 }]);
    expect(await ask({ name: "kepT.test", id: 2 })).toMatchObject({
      id: 2,
      name: "kepT.test",
      answers: [{ data: "192.0.2.5" }],
    });
    expect(dns.asked.length).toBe(1);
    const seen = new Set<number | undefined>();
    while (dns.asked.length === 1) seen.add((await ask({ name: "kept.test" })).answers[0]?.ttl);
    expect(seen.has(1)).toBe(true);
  });

  test.each([
    [{ addresses: ["192.0.2.5"], ttl: 0 }, 2, "it says so"],
    [{ addresses: ["192.0.2.5"], ttl: 60, truncated: true }, 2, "it is not whole"],
    [{ rcode: 3 }, 2, "it does not say for how long"],
    [{ rcode: 3, negativeTtl: 60 }, 1, "there is no such name, and it says for how long"],
    [{ negativeTtl: 60 }, 1, "there is no such record, and it says for how long"],
  ])("of the answer %j to two queries the server gives %p: %s", async (reply, times) => {
    const dns = await server(at(53), reply);
    await serve(`host:${at(53)}`);
    const [first, second] = [await ask({ name: "a.test" }), await ask({ name: "a.test" })];
    expect(second).toEqual(first);
    expect(dns.asked.length).toBe(times);
  });

  test("containers share what the host's servers say, and nothing else", async () => {
    const db = lab.netns();
    const dns = await server(at(53), { addresses: ["192.0.2.6"] });
    const mine = [await server(at(9), { addresses: ["192.0.2.7"] }, web), await server(at(9), {}, db)];
    await serve(`host:${at(53)}`);
    await serve(`host:${at(53)}`, db, "c2");
    await ask({ name: "a.test" });
    expect((await ask({ name: "a.test" }, db)).answers.length).toBe(1);
    expect(dns.asked.length).toBe(1);
    await serve(`own:${at(9)}`);
    await serve(`own:${at(9)}`, db, "c2");
    expect((await ask({ name: "a.test" })).answers).toMatchObject([{ data: "192.0.2.7" }]);
    expect((await ask({ name: "a.test" }, db)).answers).toEqual([]);
    expect(mine.map(({ asked }) => asked.length)).toEqual([1, 1]);
    await serve("-", db, "c2");
    expect((await ask({ name: "a.test" }, db)).rcode).toBe(2);
  });

  test("queries wait for each other in no order", async () => {
    const waiting: { query: Buffer; send: (reply: Buffer) => void }[] = [];
    const udp = await lab.host.inside(() =>
      Bun.udpSocket({
        hostname: at(53),
        port: 53,
        socket: {
          data(socket, query, port, peer) {
            waiting.push({ query: Buffer.from(query), send: (reply) => void socket.send(reply, port, peer) });
            if (waiting.length < 200) return;
            for (const { query: late, send } of waiting.splice(0).reverse())
              send(toReply(late, { addresses: ["192.0.2.8"] }));
          },
        },
      }),
    );
    await serve(`host:${at(53)}`);
    const answers = await Promise.all(Array.from({ length: 200 }, (_, id) => ask({ name: `n${id}.test`, id })));
    expect(answers.map(({ id, name }) => [id, name])).toEqual(answers.map((_, i) => [i, `n${i}.test`]));
    udp.close();
  });

  test("no container has more than 1,024 queries under way", async () => {
    await silent(at(53));
    await serve(`host:${at(53)}`);
    await lab.must("put e1 net 10.0.0.1 web");
    const failed = Promise.withResolvers<void>();
    let answered = 0;
    const socket = await web.inside(() =>
      Bun.udpSocket({
        connect: { hostname: "127.0.0.11", port: 53 },
        socket: {
          data() {
            if (++answered === 20) failed.resolve();
          },
        },
      }),
    );
    for (let id = 0; id < 1044; id++) {
      socket.send(toQuery({ name: `n${id}.test`, id }));
      if (id % 50 === 49) await ask({ name: "web" });
    }
    await failed.promise;
    expect((await ask({ name: "web" })).rcode).toBe(0);
    await lab.must("forget c1");
    socket.close();
  });
});
