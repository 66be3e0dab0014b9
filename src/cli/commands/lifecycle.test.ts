/** Commands on several containers, inspect, rmi and logs: output, order of errors and exit codes as docker's client has them. */
import { afterAll, describe, expect, test } from "bun:test";
import { frame } from "../../wire/multiplex.ts";
import container from "../format/testdata/container.json";
import { run, serveRecorded } from "../testdata/surroundings.ts";

const asked: string[] = [];

const refuse = (status: number, message: string): Response => Response.json({ message }, { status });

/** Knows the containers "web" and "db" and the image "app"; stops "web" later than "db". */
const engine = serveRecorded((request, url) => {
  asked.push(request + url.search);
  const ref = request.split("/")[2] ?? "";
  if (request.startsWith("DELETE /images/app"))
    return Response.json([{ Untagged: "app:latest" }, { Deleted: "sha256:1" }]);
  if (request.includes("/images/")) return refuse(404, `No such image: ${ref}:latest`);
  if (!["web", "db"].includes(ref)) return refuse(404, `No such container: ${ref}`);
  if (request.endsWith("/json")) return Response.json({ ...container, Name: `/${ref}` });
  if (request.endsWith("/wait")) return Response.json({ StatusCode: ref === "web" ? 3 : 0 });
  if (request.endsWith("/update")) return Response.json({ Warnings: ["Your kernel is old."] });
  if (request.endsWith("/logs")) return logs();
  if (request.endsWith("/top")) return Response.json({ Titles: ["PID", "CMD"], Processes: [["7", "sh\x1b[2J"]] });
  return new Response(null, { status: 204 });
});
afterAll(() => engine[Symbol.dispose]());

function logs(): Response {
  const body = Buffer.concat([frame(1, Buffer.from("out\x1b[1m\n")), frame(2, Buffer.from("err\n"))]);
  return new Response(body, { headers: { "Content-Type": "application/vnd.docker.multiplexed-stream" } });
}

const daemon = (message: string): string => `Error response from daemon: ${message}\n`;

test.each([
  [["stop", "nope", "web", "db"], "web\ndb\n", daemon("No such container: nope"), 1],
  [["kill", "web"], "web\n", "", 0],
  [["pause", "web", "x", "y"], "web\n", daemon("No such container: x") + daemon("No such container: y"), 1],
  [["rm", "web", "nope"], "web\n", daemon("No such container: nope"), 1],
  [["rm", "-f", "nope", "web"], "web\n", daemon("No such container: nope"), 0],
  [["rm", "/"], "", "container name cannot be empty\n", 1],
  [["wait", "web", "nope", "db"], "3\n0\n", daemon("No such container: nope"), 1],
  [["rmi", "app", "nope"], "Untagged: app:latest\nDeleted: sha256:1\n", daemon("No such image: nope:latest"), 1],
  [["rmi", "-f", "nope"], "", daemon("No such image: nope:latest"), 0],
  [
    ["rename", "nope", "x"],
    "",
    `${daemon("No such container: nope")}Error: failed to rename container named nope\n`,
    1,
  ],
  [["rename", "web", " "], "", "Error: Neither old nor new names may be empty\n", 1],
  [["update", "web"], "", "you must provide one or more flags when using this command\n", 1],
  [["update", "--cpus", "2", "web"], "web\nYour kernel is old.\n", "", 0],
  [["port", "web", "81"], "", "Error: No public port '81' published for web\n", 1],
  [["port", "web", "x"], "", 'Error: invalid port (x): strconv.ParseUint: parsing "x": invalid syntax\n', 1],
  [["top", "web"], "PID                 CMD\n7                   sh\\x1b[2J\n", "", 0],
  [["logs", "web"], "out\x1b[1m\n", "err\n", 0],
  [
    ["logs", "--since", "bad", "web"],
    "",
    'invalid value for "since": failed to parse value as time or duration: "bad"\n',
    1,
  ],
] as [string[], string, string, number][])("%p", async (argv, stdout, stderr, code) => {
  expect(await run(argv, engine)).toEqual({ stdout, stderr, code });
});

test("stop and restart hand signal and timeout on", async () => {
  await run(["stop", "-s", "INT", "-t", "3", "web"], engine);
  await run(["restart", "--time=4", "web"], engine);
  expect(asked.slice(-2)).toEqual(["POST /containers/web/stop?signal=INT&t=3", "POST /containers/web/restart?t=4"]);
});

describe("inspect", () => {
  const format = ["-f", "{{.Name}}"];
  test.each([
    [["inspect", ...format, "web", "nope", "db"], "/web\n/db\n", "Error: No such object: nope\n", 1],
    [["inspect", "nope"], "[]\n", "Error: No such object: nope\n", 1],
    [["inspect", "--type", "container", "nope"], "[]\n", daemon("No such container: nope"), 1],
    [["inspect", "--type", "image", "nope"], "[]\n", daemon("No such image: nope:latest"), 1],
    [
      ["inspect", "--type", "foo", "x"],
      "",
      'unknown type: "foo": must be one of "container", "image", "network", "volume"\n',
      1,
    ],
    [["inspect", "-f", "{{.Foo", "web"], "", "template parsing error: template: :1: unclosed action\n", 64],
    [
      ["container", "inspect", "-f", "{{.Foo}}", "web"],
      "\n",
      'template parsing error: template: :1:2: executing "" at <.Foo>: map has no entry for key "Foo"\n',
      1,
    ],
  ] as [string[], string, string, number][])("%p", async (argv, stdout, stderr, code) => {
    expect(await run(argv, engine)).toEqual({ stdout, stderr, code });
  });

  test("prints indented JSON, keys in the engine's order", async () => {
    const { stdout } = await run(["inspect", "web"], engine);
    expect(stdout).toBe(`${JSON.stringify([{ ...container, Name: "/web" }], undefined, 4)}\n`);
  });

  test("leaves a template's output to programs as it is, and makes it harmless on a terminal", async () => {
    const argv = ["inspect", "-f", '{{"a\\x1b[1m"}}', "web"];
    expect((await run(argv, engine)).stdout).toBe("a\x1b[1m\n");
    expect((await run(argv, { ...engine, terminal: true })).stdout).toBe("a\\x1b[1m\n");
  });
});

describe("container prune asks", () => {
  const question = "WARNING! This will remove all stopped containers.\nAre you sure you want to continue? [y/N] ";
  const prunes = serveRecorded(() => Response.json({ ContainersDeleted: ["aa", "bb"], SpaceReclaimed: 1_234_567 }));
  afterAll(() => prunes[Symbol.dispose]());
  const done = "Deleted Containers:\naa\nbb\n\nTotal reclaimed space: 1.235MB\n";
  test.each([
    ["and goes on after yes", "y\n", question + done],
    ["and stops at anything else", "\n", question],
  ])("%s", async (_what, stdin, stdout) => {
    expect((await run(["container", "prune"], { ...prunes, stdin })).stdout).toBe(stdout);
  });
  test("nothing with --force", async () => {
    expect((await run(["container", "prune", "-f"], prunes)).stdout).toBe(done);
  });
});
