import { expect, test } from "bun:test";
import { conflict, notFound, notModified } from "../base/errors.ts";
import { nullLogger } from "../base/log.ts";
import type { ContainerCreateRequest } from "../wire/container.ts";
import { frame } from "../wire/multiplex.ts";
import type { AttachOptions, Backend, LogsOptions, RegistryBackend } from "./backend.ts";
import { createApi } from "./create-api.ts";
import { backendOf } from "./fixtures/backend.ts";
import { RecordingPeer, type RequestOptions, requestOf } from "./fixtures/request.ts";
import type { UpgradeHead } from "./http/message.ts";

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

async function ask(parts: Parameters<typeof backendOf>[0], line: string, options?: RequestOptions): Promise<Answered> {
  return answer(backendOf(parts), line, options);
}

async function answer(backend: Backend, line: string, options?: RequestOptions): Promise<Answered> {
  const api = createApi({ backend, log: nullLogger, version: "0.1.0", hostLimits: { cpus: 2 } });
  const reply = await api(requestOf(line, options));
  if (reply.kind === "hijacked") return { status: 101, headers: {}, text: "" };
  const pieces = reply.kind === "whole" ? [reply.body] : await Array.fromAsync(reply.body);
  return { status: reply.status, headers: Object.fromEntries(reply.headers), text: Buffer.concat(pieces).toString() };
}

test("GET /_ping has the headers by which clients know what they speak to", async () => {
  expect(await ask({}, "GET /_ping")).toEqual({
    status: 200,
    headers: {
      "Api-Version": "1.56",
      "Docker-Experimental": "false",
      Ostype: "linux",
      Server: "Tare/0.1.0 (linux)",
      "Builder-Version": "2",
      "Cache-Control": "no-cache, no-store, must-revalidate",
      Pragma: "no-cache",
      Swarm: "inactive",
      "Content-Type": "text/plain; charset=utf-8",
    },
    text: "OK",
  });
  expect((await ask({}, "HEAD /v1.24/_ping")).text).toBe("");
});

test.each([
  ["an unknown path", "GET /nope", 404, "page not found"],
  ["a wrong method", "PUT /version", 404, "page not found"],
  ["HEAD where there is none", "HEAD /containers/json", 404, "page not found"],
  [
    "a version too old",
    "GET /v1.10/version",
    400,
    "client version 1.10 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version",
  ],
  [
    "a swarm's resource",
    "GET /services",
    503,
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  ],
  [
    "a later endpoint",
    "GET /images/a/attestations",
    501,
    "not implemented: this version of tare has no image attestations",
  ],
  ["networks before there are any", "GET /networks", 501, "not implemented: this version of tare has no networks"],
])("%s is answered in Docker's shape", async (_what, line, status, message) => {
  const answered = await ask({}, line);
  expect([answered.status, answered.headers["Content-Type"]]).toEqual([status, "application/json"]);
  expect(JSON.parse(answered.text)).toEqual({ message });
});

test("requests of web pages are refused, those that name the engine itself are not", async () => {
  const from = (origin: string) => ask({}, "GET /_ping", { headers: { origin } });
  expect((await from("http://evil.example")).status).toBe(403);
  expect((await from("null")).status).toBe(403);
  expect((await from("http://docker")).status).toBe(200);
});

test("a doubled slash is redirected within its version", async () => {
  expect((await ask({}, "GET /v1.44//containers//json")).headers["Location"]).toBe("/v1.44/containers/json");
});

test("nothing to do is a bare 304", async () => {
  const start = async (): Promise<void> => {
    throw notModified("container is already running");
  };
  expect(await ask({ containers: { start } }, "POST /containers/x/start")).toMatchObject({ status: 304, text: "" });
});

test("create decodes, adapts, checks, and joins everybody's warnings", async () => {
  const created: [string | undefined, ContainerCreateRequest][] = [];
  const create = async (name: string | undefined, request: ContainerCreateRequest) => {
    created.push([name, request]);
    return { Id: "abc", Warnings: ["from the engine"] };
  };
  const body = JSON.stringify({
    Image: "x",
    MacAddress: "02:42:ac:11:00:02",
    HostConfig: { NetworkMode: "host", PortBindings: { "80/tcp": [{ HostPort: "8080" }] } },
  });
  const answered = await ask({ containers: { create } }, "POST /v1.50/containers/create?name=/web", { body });
  expect([answered.status, JSON.parse(answered.text)]).toEqual([
    201,
    {
      Id: "abc",
      Warnings: [
        "from the engine",
        "Published ports are discarded when using host network mode",
        "The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead.",
      ],
    },
  ]);
  expect(created[0]?.[0]).toBe("web");
  expect(created[0]?.[1].hostConfig.NetworkMode).toBe("host");
});

test.each([
  ["POST /containers/create", "", "invalid JSON: got EOF while reading request body"],
  [
    "POST /containers/create?name=a",
    '{"Image":"x"}',
    "Invalid container name (a), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
  ],
  [
    "POST /containers/create",
    '{"Image":"x","HostConfig":{"NanoCpus":5000000000}}',
    "range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available",
  ],
  [
    "POST /containers/x/start",
    '{"HostConfig":{}}',
    "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24",
  ],
  ["POST /containers/x/wait?condition=foo", "", 'invalid condition: "foo"'],
  ["POST /containers/x/rename", "", "Neither old nor new names may be empty"],
  ["GET /containers/json?filters=[]", "", "invalid filter"],
  ['GET /containers/json?filters={"foo":["a"]}', "", "invalid filter 'foo'"],
  ["GET /containers/x/logs", "", "Bad parameters: you must choose at least one stream"],
  ["GET /events?since=5&until=1", "", "`since` time (5) cannot be after `until` time (1)"],
])("%s %s never reaches the engine", async (line, body, message) => {
  const answered = await ask({}, line, { body });
  expect([answered.status, JSON.parse(answered.text)]).toEqual([400, { message }]);
});

test("kill says what it could not do, once", async () => {
  const kill = async (ref: string): Promise<void> => {
    if (ref === "x") throw notFound("No such container: x");
    throw conflict(`cannot kill container: ${ref}: container abc is not running`);
  };
  const messageFor = async (ref: string) =>
    JSON.parse((await ask({ containers: { kill } }, `POST /containers/${ref}/kill`)).text);
  expect(await messageFor("x")).toEqual({ message: "cannot kill container: x: No such container: x" });
  expect(await messageFor("y")).toEqual({ message: "cannot kill container: y: container abc is not running" });
});

test("stop passes signal and time-out on, the signal only from clients that know it", async () => {
  const seen: unknown[] = [];
  const stop = async (...call: unknown[]): Promise<void> => void seen.push(call);
  await ask({ containers: { stop } }, "POST /containers/x/stop?signal=INT&t=-1");
  await ask({ containers: { stop } }, "POST /v1.41/containers/x/stop?signal=INT");
  expect(seen).toEqual([
    ["x", { signal: "INT", timeoutSec: -1 }],
    ["x", { signal: undefined, timeoutSec: undefined }],
  ]);
});

test("wait answers before there is anything to tell, and refuses unknown containers with a status", async () => {
  const { promise, resolve } = Promise.withResolvers<{ StatusCode: number }>();
  const wait = (ref: string) => {
    if (ref !== "x") throw notFound(`No such container: ${ref}`);
    return promise;
  };
  const api = createApi({ backend: backendOf({ containers: { wait } }), log: nullLogger, version: "", hostLimits: {} });
  const reply = await api(requestOf("POST /containers/x/wait"));
  resolve({ StatusCode: 3 });
  const pieces = reply.kind === "stream" ? await Array.fromAsync(reply.body) : [];
  expect(Buffer.concat(pieces).toString()).toBe('{"StatusCode":3}\n');
  expect((await ask({ containers: { wait } }, "POST /containers/y/wait")).status).toBe(404);
});

test("logs come with the content type that the client's version understands", async () => {
  const seen: LogsOptions[] = [];
  const logs = (_ref: string, options: LogsOptions) => {
    seen.push(options);
    return { tty: false, bytes: lines("one") };
  };
  const ofVersion = async (version: string) =>
    (await ask({ containers: { logs } }, `GET /v${version}/containers/x/logs?stdout=1&tail=5&since=1.5&until=0`))
      .headers;
  expect((await ofVersion("1.42"))["Content-Type"]).toBe("application/vnd.docker.multiplexed-stream");
  expect((await ofVersion("1.41"))["Content-Type"]).toBe("application/vnd.docker.raw-stream");
  expect(seen[0]).toEqual({
    follow: false,
    stdout: true,
    stderr: false,
    since: 1_500_000_000n,
    until: undefined,
    timestamps: false,
    tail: 5,
  });
});

async function* lines(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

test("attach takes the connection over only once the container is known", async () => {
  const heads: UpgradeHead[] = [];
  const attached: AttachOptions[] = [];
  const containers = {
    attachInfo: (ref: string) => {
      if (ref !== "x") throw notFound(`No such container: ${ref}`);
      return { tty: false };
    },
    attach: async (_ref: string, options: AttachOptions) => void attached.push(options),
  };
  const refused = new RecordingPeer();
  await ask({ containers }, "POST /containers/y/attach", {
    onHijack: ({ status }) => {
      expect(status).toBe(404);
      return refused;
    },
  });
  expect([refused.written, refused.ended]).toEqual([["No such container: y\r\n"], true]);
  const onHijack = (head: UpgradeHead) => {
    heads.push(head);
    return new RecordingPeer();
  };
  const path = "/containers/x/attach?stream=1&stdin=1&stdout=1";
  await ask({ containers }, `POST ${path}`, { onHijack, headers: { upgrade: "tcp", connection: "Upgrade" } });
  await ask({ containers }, `POST ${path}`, { onHijack });
  expect(heads.map(({ status, headers }) => [status, Object.fromEntries(headers)["Content-Type"]])).toEqual([
    [101, "application/vnd.docker.multiplexed-stream"],
    [200, "application/vnd.docker.raw-stream"],
  ]);
  expect(attached[0]).toEqual({ logs: false, stream: true, stdin: true, stdout: true, stderr: false, detachKeys: "" });
});

test("attach over a websocket gives the bare output as binary messages", async () => {
  const peer = new RecordingPeer();
  const containers = {
    attachInfo: () => ({ tty: false }),
    attach: async (_ref: string, _options: AttachOptions, to: Pick<RecordingPeer, "write">) => {
      await to.write(Buffer.concat([frame(1, Buffer.from("out")), frame(2, Buffer.from("err"))]));
    },
  };
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  const line = "GET /containers/x/attach/ws?stream=1&stdout=1";
  await ask({ containers }, line, { headers, onHijack: () => peer });
  expect(peer.written).toEqual(["\x82\x03out", "\x82\x03err"]);
  const plain = await ask({ containers }, line);
  expect([plain.status, plain.text]).toEqual([400, '{"message":"not websocket protocol"}\n']);
});

test("exec start is an HTTP error as long as nothing was sent", async () => {
  const execs = {
    startInfo: () => ({ tty: true }),
    startAttached: async (id: string, _request: unknown, hijack: () => Promise<unknown>) => {
      if (id === "gone") throw conflict("container abc is not running");
      await hijack();
    },
  };
  const peer = new RecordingPeer();
  const body = '{"Tty":true}';
  expect((await ask({ execs }, "POST /exec/gone/start", { body })).status).toBe(409);
  expect((await ask({ execs }, "POST /exec/x/start", { body, onHijack: () => peer })).status).toBe(101);
});

test("load fails with a status before its first line and with a last line after it", async () => {
  const failing = (...before: string[]) =>
    async function* () {
      for (const stream of before) yield { stream };
      throw new Error("unexpected EOF");
    };
  const early = await ask({ images: { load: failing() } }, "POST /images/load");
  expect([early.status, early.text]).toEqual([500, '{"message":"unexpected EOF"}\n']);
  const late = await ask({ images: { load: failing("Loaded") } }, "POST /images/load");
  expect([late.status, late.text]).toEqual([
    200,
    '{"stream":"Loaded"}\r\n{"errorDetail":{"message":"unexpected EOF"},"error":"unexpected EOF"}\r\n',
  ]);
});

test("a pull hands on what the client asks for, and its credentials", async () => {
  const asked: unknown[] = [];
  const registries = {
    pull: async function* ({ image, tag, platform, credentials }: Parameters<RegistryBackend["pull"]>[0]) {
      asked.push([image, tag, platform, credentials.username, credentials.password]);
      yield { status: "Image is up to date" };
    },
  };
  const auth = Buffer.from('{"auth":"YW5uOmE6Yg=="}').toString("base64url");
  await ask({ registries }, "POST /images/create?fromImage=busybox&tag=1.36&platform=linux/arm64", {
    headers: { "x-registry-auth": auth },
  });
  await ask({ registries }, "POST /images/create?fromImage=busybox:latest", { headers: { "x-registry-auth": "?" } });
  expect(asked).toEqual([
    ["busybox", "1.36", "linux/arm64", "ann", "a:b"],
    ["busybox:latest", "", "", "", ""],
  ]);
});

test("events are adapted to the client's version, line by line", async () => {
  const event = {
    Type: "container" as const,
    Action: "start",
    Actor: { ID: "abc", Attributes: { image: "busybox" } },
    scope: "local" as const,
    time: 1,
    timeNano: 1_000_000_000,
  };
  const events = async function* () {
    yield event;
  };
  const asked = async (line: string, accept = "") => ask({ system: { events } }, line, { headers: { accept } });
  expect(JSON.parse((await asked("GET /events")).text)).toEqual(event);
  expect(JSON.parse((await asked("GET /v1.51/events")).text)).toEqual({
    ...event,
    status: "start",
    id: "abc",
    from: "busybox",
  });
  expect((await asked("GET /events", "application/x-ndjson")).headers["Content-Type"]).toBe("application/x-ndjson");
  expect((await asked("GET /v1.51/events", "application/x-ndjson")).headers["Content-Type"]).toBe("application/json");
});
