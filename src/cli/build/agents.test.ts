/** What a build may ask an agent for. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askAgent, openAgents } from "./agents.ts";

const message = (type: number, text = ""): Buffer => {
  const body = Buffer.concat([Buffer.of(type), Buffer.from(text)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
};

/** Answers every message with its own text behind the type 12; `heard` are the types that came. */
function startAgent(): { path: string; heard: number[] } & Disposable {
  const dir = mkdtempSync(join(tmpdir(), "agent-"));
  const heard: number[] = [];
  const server = Bun.listen({
    unix: join(dir, "sock"),
    socket: {
      data(socket, bytes) {
        heard.push(bytes[4] ?? 0);
        socket.write(message(12, bytes.subarray(5).toString()));
      },
    },
  });
  return {
    path: join(dir, "sock"),
    heard,
    [Symbol.dispose]: () => {
      server.stop(true);
      rmSync(dir, { recursive: true });
    },
  };
}

async function ask(path: string, ...chunks: readonly Buffer[]): Promise<string[]> {
  const requests = (async function* () {
    yield* chunks;
  })();
  const answers = await Array.fromAsync(askAgent(path, requests));
  return answers.map((answer) => `${answer[4]} ${Buffer.from(answer.subarray(5)).toString()}`.trim());
}

test("identities and signatures are asked of the agent, whole messages in any pieces", async () => {
  using agent = startAgent();
  const bytes = Buffer.concat([message(11), message(13, "sign this")]);
  expect(await ask(agent.path, bytes)).toEqual(["12", "12 sign this"]);
  expect(await ask(agent.path, ...[...bytes].map((byte) => Buffer.of(byte)))).toEqual(["12", "12 sign this"]);
});

test.each([17, 18, 19, 22, 23, 25, 26, 27])("message %p never reaches the agent", async (type) => {
  using agent = startAgent();
  expect(await ask(agent.path, message(type, "x"), message(11))).toEqual(["5", "12"]);
  expect(agent.heard).toEqual([11]);
});

test("a message without end is refused", async () => {
  using agent = startAgent();
  expect(ask(agent.path, Buffer.of(0xff, 0xff, 0xff, 0xff, 11))).rejects.toThrow("is too long");
});

test("agents are found by name, or in the user's environment", () => {
  using agent = startAgent();
  const env = { cwd: "/", variables: { SSH_AUTH_SOCK: agent.path } };
  expect([...openAgents(env, ["default", `work=${agent.path}`])]).toEqual([
    ["default", agent.path],
    ["work", agent.path],
  ]);
});

test.each([
  [
    "default",
    "failed to convert agent config {default [] false}: invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set",
  ],
  [
    "x=/nowhere",
    'failed to convert agent config {x [/nowhere] false}: failed to convert agent config for ID: "x": stat /nowhere: no such file or directory',
  ],
  ["x=/etc/hosts", "/etc/hosts is not a socket: start an agent that holds the keys"],
])("%p is refused", (spec, text) => {
  expect(() => openAgents({ cwd: "/", variables: {} }, [spec])).toThrow(text);
});
