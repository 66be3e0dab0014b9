/** The real dockerode against a real engine, the way its users and its own test suite call it. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { PassThrough, Readable } from "node:stream";
import Docker from "dockerode";
import { TestEngine } from "../harness/engine.ts";
import { busyboxRootfs, ensureBusybox } from "../harness/images.ts";

const IMAGE = "busybox";
let engine: TestEngine;
let docker: Docker;

beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv(), IMAGE);
  docker = new Docker({ socketPath: engine.socketPath });
});
afterEach(async () => {
  const containers = await docker.listContainers({ all: true });
  await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true })));
});
afterAll(() => engine[Symbol.asyncDispose]());

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

/** Both outputs of a multiplexed stream, to its end. */
async function demuxed(stream: NodeJS.ReadableStream): Promise<{ stdout: string; stderr: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, stdout, stderr);
  stream.on("end", () => {
    stdout.end();
    stderr.end();
  });
  const [out, err] = await Promise.all([textOf(stdout), textOf(stderr)]);
  return { stdout: out, stderr: err };
}

const started = async (options: Docker.ContainerCreateOptions): Promise<Docker.Container> => {
  const container = await docker.createContainer({ Image: IMAGE, ...options });
  await container.start();
  return container;
};

/** Rejects with docker-modem's error for this status and the engine's message. */
async function refused(action: Promise<unknown>): Promise<{ statusCode: number; message: string }> {
  try {
    await action;
  } catch (error) {
    const { statusCode, json } = error as { statusCode: number; json: { message: string } };
    return { statusCode, message: json.message };
  }
  throw new Error("nothing was refused");
}

test("run() gives the output and the exit code", async () => {
  const output = new PassThrough();
  const text = textOf(output);
  const [{ StatusCode }, container]: [{ StatusCode: number }, Docker.Container] = await docker.run(
    IMAGE,
    ["sh", "-c", "echo hello; exit 3"],
    output,
    { Tty: true },
  );
  expect([StatusCode, await text]).toEqual([3, "hello\r\n"]);
  await container.remove();
});

test("run() keeps two outputs apart", async () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = Promise.all([textOf(stdout), textOf(stderr)]);
  await docker.run(IMAGE, ["sh", "-c", "echo out; echo err >&2"], [stdout, stderr], { Tty: false });
  stdout.end();
  stderr.end();
  expect(await texts).toEqual(["out\n", "err\n"]);
});

test("a named container is created, shown, renamed, listed and removed", async () => {
  const container = await docker.createContainer({ Image: IMAGE, Cmd: ["true"], name: "rode", Labels: { a: "b" } });
  expect((await container.inspect()).Name).toBe("/rode");
  await container.rename({ name: "rode2" });
  const filters = { name: ["rode2"], label: ["a=b"] };
  expect((await docker.listContainers({ all: true, filters })).map(({ Names }) => Names)).toEqual([["/rode2"]]);
  await container.remove();
  expect(await refused(container.inspect())).toEqual({
    statusCode: 404,
    message: `No such container: ${container.id}`,
  });
});

test("a terminal that is attached with stdin echoes and answers", async () => {
  const container = await docker.createContainer({ Image: IMAGE, Cmd: ["wc", "-c"], Tty: true, OpenStdin: true });
  const stream = await container.attach({ hijack: true, stream: true, stdin: true, stdout: true, stderr: true });
  const text = textOf(stream);
  await container.start();
  stream.write(`${"x".repeat(1000)}\n\x04`);
  expect(await container.wait()).toEqual({ StatusCode: 0 });
  expect(await text).toEndWith("1001\r\n");
});

test("attach carries stdin to its end and both outputs back", async () => {
  const container = await docker.createContainer({
    Image: IMAGE,
    Cmd: ["sh", "-c", "cat; echo done >&2"],
    AttachStdin: true,
    OpenStdin: true,
    StdinOnce: true,
  });
  const stream = await container.attach({ hijack: true, stream: true, stdin: true, stdout: true, stderr: true });
  const outputs = demuxed(stream);
  await container.start();
  stream.end("one\ntwo\n");
  expect(await outputs).toEqual({ stdout: "one\ntwo\n", stderr: "done\n" });
  expect(await container.wait()).toEqual({ StatusCode: 0 });
});

test("attach before the start shows everything without a hijacked connection as well", async () => {
  const container = await docker.createContainer({ Image: IMAGE, Cmd: ["sh", "-c", "echo out; echo err >&2"] });
  const outputs = demuxed(await container.attach({ stream: true, stdout: true, stderr: true }));
  await container.start();
  expect(await outputs).toEqual({ stdout: "out\n", stderr: "err\n" });
});

test("an exec session without options ends its stream, and inspect knows how", async () => {
  const container = await started({ Cmd: ["sleep", "1000"] });
  const exec = await container.exec({
    Cmd: ["sh", "-c", "echo out; echo err >&2; exit 7"],
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({});
  expect(await demuxed(stream)).toEqual({ stdout: "out\n", stderr: "err\n" });
  expect(await exec.inspect()).toMatchObject({ Running: false, ExitCode: 7, ContainerID: container.id });
});

test("an exec session takes stdin over a hijacked connection", async () => {
  const container = await started({ Cmd: ["sleep", "1000"] });
  const exec = await container.exec({ Cmd: ["cat"], AttachStdin: true, AttachStdout: true });
  const stream = await exec.start({ hijack: true, stdin: true });
  const outputs = demuxed(stream);
  stream.end("echo\nall\nof\nme\n");
  expect((await outputs).stdout).toBe("echo\nall\nof\nme\n");
});

test("an exec session with a terminal may be started without saying so: its output is then framed", async () => {
  const container = await started({ Cmd: ["sleep", "1000"] });
  const exec = await container.exec({ Cmd: ["echo", "hi"], AttachStdout: true, Tty: true });
  expect(await demuxed(await exec.start({}))).toEqual({ stdout: "hi\r\n", stderr: "" });
  const same = await container.exec({ Cmd: ["echo", "hi"], AttachStdout: true, Tty: true });
  expect(await textOf(await same.start({ Tty: true }))).toBe("hi\r\n");
});

test("an unknown user is refused when the exec session is made", async () => {
  const container = await started({ Cmd: ["sleep", "1000"] });
  expect(await refused(container.exec({ Cmd: ["true"], User: "nosuch" }))).toEqual({
    statusCode: 400,
    message: "unable to find user nosuch: no matching entries in passwd file",
  });
});

test("logs come whole, as a tail, and followed to the end", async () => {
  const container = await started({ Cmd: ["sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.05; done; echo e >&2"] });
  const followed = await container.logs({ follow: true, stdout: true, stderr: true });
  expect(await demuxed(followed)).toEqual({ stdout: "1\n2\n3\n", stderr: "e\n" });
  const tail: Buffer = await container.logs({ stdout: true, stderr: true, tail: 1 });
  expect(tail.subarray(8).toString()).toBe("e\n");
});

test("a container goes through its states", async () => {
  const container = await started({ Cmd: ["sleep", "1000"] });
  const state = async () => (await container.inspect()).State.Status;
  expect(await refused(container.remove())).toMatchObject({ statusCode: 409 });
  await container.pause();
  expect(await state()).toBe("paused");
  await container.unpause();
  await container.update({ CpuShares: 512 });
  expect((await container.top()).Titles).toContain("PID");
  await container.resize({ h: 10, w: 20 });
  await container.restart({ t: 0 });
  await container.kill({ signal: "SIGKILL" });
  expect([await state(), await container.wait()]).toEqual(["exited", { StatusCode: 137 }]);
  expect(await statusOf(container.stop())).toBe(304);
});

/** docker-modem rejects 304 without a document. */
async function statusOf(action: Promise<unknown>): Promise<number> {
  return action.then(
    () => 200,
    (error: { statusCode: number }) => error.statusCode,
  );
}

test("events are told in order, filtered by a map of lists", async () => {
  const since = Date.now() / 1000;
  const container = await started({ Cmd: ["sh", "-c", "exit 4"] });
  await container.wait();
  await container.remove();
  const until = (Date.now() + 1) / 1000;
  const stream = await docker.getEvents({ since, until, filters: { container: [container.id], type: ["container"] } });
  const events = (await textOf(stream))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).Action);
  expect(events).toEqual(["create", "start", "die", "destroy"]);
});

test("an image is imported, tagged, listed, shown and removed", async () => {
  const tar = await busyboxRootfs();
  const source = Readable.from([Buffer.from(tar)]);
  const stream = await docker.importImage(source, { repo: "rode/image", tag: "one", changes: ["CMD true"] });
  await new Promise((resolve, reject) =>
    docker.modem.followProgress(stream, (error, output) => (error === null ? resolve(output) : reject(error))),
  );
  const image = docker.getImage("rode/image:one");
  await image.tag({ repo: "rode/image", tag: "two" });
  const [listed] = await docker.listImages({ filters: { reference: ["rode/image"] } });
  expect(listed?.RepoTags?.toSorted()).toEqual(["rode/image:one", "rode/image:two"]);
  expect((await image.inspect()).Config.Cmd).toEqual(["/bin/sh", "-c", "true"]);
  expect(await image.history()).toHaveLength(1);
  await image.remove();
  await docker.getImage("rode/image:two").remove();
  expect(await refused(image.inspect())).toEqual({ statusCode: 404, message: "No such image: rode/image:one" });
});

test("a pull from nowhere fails with its reason", async () => {
  await expect(docker.pull("127.0.0.1:1/nosuch/image:latest")).rejects.toThrow("connect: connection refused");
});

test("the engine introduces itself", async () => {
  expect(String(await docker.ping())).toBe("OK");
  expect(await docker.version()).toMatchObject({ Os: "linux", MinAPIVersion: "1.24" });
  expect(await docker.info()).toMatchObject({ OSType: "linux", Driver: "overlay2" });
  expect(await docker.pruneContainers()).toMatchObject({ SpaceReclaimed: 0 });
});
