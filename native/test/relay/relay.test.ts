import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../../test/harness/eventually.ts";
import { BUILDS } from "../harness.ts";
import { RelayLab } from "./lab.ts";

describe.each(BUILDS)("%s", (kind) => {
  let lab: RelayLab;

  beforeAll(async () => {
    lab = await RelayLab.start(kind);
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  test.each([
    ["::", "::1"],
    ["::1", "::1"],
    ["0.0.0.0", "127.0.0.1"],
    ["127.0.0.3", "127.0.0.3"],
  ])("what comes to a port on %s goes to the container, and its answer back", async (hostIp, address) => {
    const server = lab.listen(80);
    await lab.must(`open tcp ${hostIp} 8000 127.0.0.2 80`);
    const client = await lab.connectTo(address, 8000);
    client.write("hello");
    const accepted = await server.next();
    expect(await accepted.read(5)).toBe("hello");
    accepted.write("and back");
    expect(await client.read(8)).toBe("and back");
    client.reset();
    await accepted.ended;
    await lab.must(`close tcp ${hostIp} 8000`);
    server.stop();
  });

  test("each direction ends by itself", async () => {
    const server = lab.listen(81);
    await lab.must("open tcp ::1 8001 127.0.0.2 81");
    const client = await lab.connectTo("::1", 8001);
    client.write("question");
    client.shutdown();
    const accepted = await server.next();
    await accepted.ended;
    expect(await accepted.read(8)).toBe("question");
    accepted.write("answer after the end");
    accepted.shutdown();
    await client.ended;
    expect(await client.read(20)).toBe("answer after the end");
  });

  test("where nobody listens the connection is reset at once, and the next one works", async () => {
    await lab.must("open tcp ::1 8002 127.0.0.2 82");
    await lab.connectTo("::1", 8002).then(
      (peer) => peer.ended,
      () => undefined,
    );
    const server = lab.listen(82);
    const client = await lab.connectTo("::1", 8002);
    client.write("x");
    expect(await (await server.next()).read(1)).toBe("x");
  });

  test("a closed port takes no more connections, and those that are go on", async () => {
    const server = lab.listen(83);
    await lab.must("open tcp ::1 8003 127.0.0.2 83");
    const client = await lab.connectTo("::1", 8003);
    const accepted = await server.next();
    await lab.must("close tcp ::1 8003");
    expect(await lab.connectTo("::1", 8003).catch(() => "refused")).toBe("refused");
    client.write("still");
    expect(await accepted.read(5)).toBe("still");
  });

  test("many megabytes pass both ways unchanged, several at a time, with a reader that is slow", async () => {
    const file = join(lab.dir, "bulk");
    writeFileSync(file, crypto.getRandomValues(new Uint8Array(65536)).toHex().repeat(160));
    const wanted = Bun.CryptoHasher.hash("md5", readFileSync(file), "hex");
    await lab.must("open tcp ::1 8004 127.0.0.2 84");
    const server = lab.spawn("busybox", "nc", "-ll", "-p", "84", "-e", "sh", "-c", "sleep 0.1; cat");
    await eventually(async () => readFileSync(`/proc/${server.pid}/net/tcp6`, "utf8").includes(":0054 "));
    const sums = Array.from({ length: 3 }, async () => {
      const client = lab.spawn("sh", "-c", `busybox nc ::1 8004 < ${file} | md5sum`);
      return (await client.stdout.text()).slice(0, 32);
    });
    expect(await Promise.all(sums)).toEqual([wanted, wanted, wanted]);
    server.kill();
  });

  test("datagrams find the container and their answers the client, whatever address it asked", async () => {
    const server = await lab.host.inside(() =>
      Bun.udpSocket({
        hostname: "127.0.0.2",
        port: 53,
        socket: { data: (socket, data, port, peer) => void socket.send(`${data.toString()}!`, port, peer) },
      }),
    );
    await lab.must("open udp :: 8053 127.0.0.2 53", "open udp 0.0.0.0 8053 127.0.0.2 53");
    for (const hostname of ["::1", "127.0.0.1", "127.0.0.9"]) {
      const answered = Promise.withResolvers<string>();
      // A connected socket takes answers from the address that it asked only.
      const client = await lab.host.inside(() =>
        Bun.udpSocket({
          hostname: hostname.includes(":") ? "::" : "0.0.0.0",
          connect: { hostname, port: 8053 },
          socket: { data: (_, data) => answered.resolve(data.toString()) },
        }),
      );
      client.send(hostname);
      expect(await answered.promise).toBe(`${hostname}!`);
      client.close();
    }
    server.close();
    await lab.must("close udp :: 8053", "close udp 0.0.0.0 8053");
  });

  test("a port that somebody has is refused by its errno, and nobody takes one that is held", async () => {
    lab.listen(85);
    expect(
      await lab.tell(
        "open tcp 127.0.0.2 85 10.0.0.1 80",
        "open tcp 192.0.2.1 85 10.0.0.1 80",
        "open tcp 0.0.0.0 8005 10.0.0.1 80",
        "open tcp 0.0.0.0 8005 10.0.0.1 80",
        "open tcp 0.0.0.0 8005 10.0.0.2 80",
        "open udp 0.0.0.0 8005 10.0.0.2 80",
      ),
    ).toEqual(["error EADDRINUSE", "error EADDRNOTAVAIL", "ok", "ok", "error EADDRINUSE", "ok"]);
    expect(() =>
      lab.host.inside(() => Bun.listen({ hostname: "127.0.0.1", port: 8005, socket: { data() {} } })),
    ).toThrow("Failed to listen");
  });

  test("what no kernel of ours has sockets of is held all the same", async () => {
    expect(await lab.tell("open sctp 0.0.0.0 8006 10.0.0.1 80", "close sctp 0.0.0.0 8006")).toEqual(["ok", "ok"]);
  });

  test.each([
    ["open tcp 0.0.0.0 8007 10.0.0.1"],
    ["open icmp 0.0.0.0 8007 10.0.0.1 80"],
    ["open tcp 0.0.0.256 8007 10.0.0.1 80"],
    ["open tcp 0.0.0.0 65536 10.0.0.1 80"],
    ["open tcp 0.0.0.0 -1 10.0.0.1 80"],
    ["close tcp nowhere 1"],
    ["nonsense"],
    [""],
    [" ".repeat(200)],
  ])("%j is not understood", async (line) => {
    expect(await lab.tell(line)).toEqual(["error EINVAL"]);
  });

  test("an engine that comes after another one keeps what it opens again, and loses the rest", async () => {
    const server = lab.listen(88);
    await lab.must("open tcp ::1 8008 127.0.0.2 88", "open tcp ::1 8009 127.0.0.2 88");
    const client = await lab.connectTo("::1", 8008);
    const accepted = await server.next();
    lab.hangUp();
    client.write("meanwhile");
    expect(await accepted.read(9)).toBe("meanwhile");
    await lab.rejoin();
    await lab.must("hello one", "begin", "open tcp ::1 8008 127.0.0.2 88", "end");
    expect(await lab.connectTo("::1", 8009).catch(() => "refused")).toBe("refused");
    client.write(" and after");
    expect(await accepted.read(19)).toBe("meanwhile and after");
    expect(await lab.tell("hello two")).toEqual(["error another build"]);
  });

  test("a thousand ports cost no memory to speak of", async () => {
    const rss = (): number =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${lab.process.pid}/status`, "utf8"))?.[1]);
    const ports = Array.from({ length: 1000 }, (_, index) => 20_000 + index);
    const before = rss();
    await lab.must(...ports.map((port) => `open tcp :: ${port} 127.0.0.2 80`));
    if (kind === "release") expect(rss() - before).toBeLessThan(1024);
    await lab.must(...ports.map((port) => `close tcp :: ${port}`));
  });

  test("it has given its power away, but for low ports", async () => {
    const status = readFileSync(`/proc/${lab.process.pid}/status`, "utf8");
    expect(status).toContain("Uid:\t65534\t65534\t65534\t65534\n");
    expect(status).toContain("CapEff:\t0000000000000400\n");
    expect(status).toContain("CapPrm:\t0000000000000400\n");
    expect(status).toContain("NoNewPrivs:\t1\n");
    expect(readdirSync(`/proc/${lab.process.pid}/root`)).toEqual([]);
    expect(statSync(join(lab.dir, "control.sock")).mode & 0o777).toBe(0o600);
    await lab.must("open tcp 127.0.0.4 81 127.0.0.2 80");
  });
});

test("with the last port and the last engine it is gone", async () => {
  const lab = await RelayLab.start("release");
  await lab.must("open tcp ::1 8010 127.0.0.2 80");
  lab.hangUp();
  await lab.rejoin();
  await lab.must("close tcp ::1 8010");
  lab.hangUp();
  expect(await lab.process.exited).toBe(0);
  expect(existsSync(`/proc/${lab.process.pid}`)).toBe(false);
  await lab[Symbol.asyncDispose]();
});
