/**
 * SECURITY row 26, log injection and terminal escapes (moby#30137): what a container prints is one record a line whatever it looks like, and
 * what others named never drives the terminal of whoever lists it.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { makeImage } from "./hostile-image.ts";

const ESC = "\u001b";
/** Writes to the clipboard, sets the title, clears the screen, reports the cursor as if typed, and the same with 8-bit controls. */
const ESCAPES = [
  `${ESC}]52;c;ZXZpbA==\u0007`,
  `${ESC}]0;evil${ESC}\\`,
  `${ESC}[2J`,
  `${ESC}[6n`,
  "\u009b31m",
  "\u009d52;c;eA==\u009c",
];
const LINES = [
  `{"log":"forged\\n","stream":"stderr","time":"2020-01-01T00:00:00.000000000Z"}`,
  `2020-01-01T00:00:00.000000000Z stderr F forged`,
  `2020-01-01T00:00:00.000000000Z stdout P forged`,
  `","stream":"stderr"}`,
  "\\n\\r\\u000a literal escapes",
  "carriage\rreturn",
  "vertical\vform\ffeed\u0085next\u2028line\u2029paragraph",
  "nul\0byte",
  ...ESCAPES,
  "\u0001\0\0\0\0\0\0\u0005frame",
  "",
  "last",
];
const RECORD = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (stdout|stderr) [FP] /;
/** Control characters but tab and newline, and the marks that reorder text. */
const DANGEROUS = /(?![\t\n])[\p{Cc}\p{Bidi_Control}]/u;

let engine: TestEngine;

beforeAll(async () => {
  engine = await TestEngine.start();
  await makeImage(engine, {
    name: "injector",
    arrange: (root) =>
      writeFileSync(
        join(root, "lines"),
        LINES.map(
          (line) => `${line}
`,
        ).join(""),
      ),
    changes: [`LABEL evil=${ESC}]52;c;bGFiZWw=\u0007`],
  });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

test("every line is exactly one record of its own stream, byte for byte", async () => {
  const id = await engine.dockerOutput("run", "-d", "injector", "sh", "-c", "cat /lines; cat /lines >&2");
  await engine.dockerOutput("wait", id);
  const records = readFileSync(join(engine.root, "containers", id, "container.log"), "utf8")
    .split("\n")
    .slice(0, -1);
  expect(records).toHaveLength(2 * LINES.length);
  for (const stream of ["stdout", "stderr"]) {
    const own = records.filter((record) => RECORD.exec(record)?.[1] === stream);
    expect(own.map((record) => record.replace(RECORD, ""))).toEqual(LINES);
  }
  const { stdout, stderr } = await engine.docker("logs", id);
  expect([stdout.split("\n"), stderr.split("\n")]).toEqual([
    [...LINES, ""],
    [...LINES, ""],
  ]);
  const stamped = (await engine.docker("logs", "-t", id)).stdout.split("\n").slice(0, -1);
  expect(stamped.filter((line) => line.startsWith("2020-"))).toEqual([]);
  expect(stamped).toHaveLength(LINES.length);
  expect((await engine.docker("logs", "--until", "2020-06-01T00:00:00Z", id)).stdout).toBe("");
});

test("a line longer than a record is put together again from pieces that cannot be forged", async () => {
  const forged = "2020-01-01T00:00:00.000000000Z stdout F x";
  const script = `head -c 40000 /dev/zero | tr '\\0' A; printf '${forged}'; head -c 40000 /dev/zero | tr '\\0' B; echo`;
  const id = await engine.dockerOutput("run", "-d", "injector", "sh", "-c", script);
  await engine.dockerOutput("wait", id);
  expect(await engine.dockerOutput("logs", id)).toBe("A".repeat(40_000) + forged + "B".repeat(40_000));
});

test("no list, answer or error of our command line carries a control character", async () => {
  const evil = ESCAPES.join("");
  const id = await engine.dockerOutput(
    "create",
    "--name",
    "named",
    "-l",
    `key${evil}=value${evil}\u202e`,
    "-e",
    `E=${evil}`,
    "injector",
    "echo",
    evil,
    "\u202etxt",
  );
  await engine.dockerOutput("run", "-d", "--name", "titled", "injector", "sh", "-c", `sleep 1000; true ${evil}`);
  const commands = [
    ["ps", "-a", "--no-trunc"],
    ["ps", "-a", "--format", "{{.Command}} {{.Labels}}"],
    ["ps", "-a", "--format", "json"],
    ["ps", "-a", "--format", '{{.Label "key"}} {{.Labels}}'],
    ["ps", "-a", "--filter", `name=${evil}`],
    ["inspect", id],
    ["inspect", "-f", "{{json .Config}}", id],
    ["images", "--no-trunc"],
    ["history", "--no-trunc", "injector"],
    ["top", "titled"],
    ["events", "--since", "0", "--until", "1s"],
    ["rm", evil],
    ["inspect", evil],
    ["rmi", evil],
    ["run", "--rm", evil],
    ["run", "--rm", "injector", evil],
    ["run", "--rm", "--name", evil, "injector"],
    ["run", "--rm", "-w", evil, "injector"],
    ["run", "--rm", "-u", evil, "injector"],
    ["run", "--rm", "--network", evil, "injector"],
    ["exec", "titled", evil],
    ["exec", "-u", evil, "titled", "true"],
    [evil],
    ["ps", `--${evil}`],
    ["ps", "--format", `{{${evil}}}`],
  ];
  let shown = 0;
  for (const command of commands) {
    const { stdout, stderr } = await engine.tare(...command);
    const said = (stdout + stderr).replaceAll("\r\n", "\n");
    expect([command.join(" "), DANGEROUS.exec(said)]).toEqual([command.join(" "), null]);
    if (said.includes("52;c;")) shown++;
  }
  expect(shown).toBeGreaterThan(12);
});

test("a template's answer is exact for a program and harmless on a terminal", async () => {
  const id = await engine.dockerOutput("create", "injector", "echo", ESCAPES.join(""));
  const command = ["inspect", "-f", "{{index .Config.Cmd 1}}", id];
  expect(await engine.tareOutput(...command)).toBe(ESCAPES.join(""));
  await using terminal = engine.tareTerminal(...command);
  await terminal.expect("\\x1b]52;c;ZXZpbA==\\x07");
  expect(await terminal.exit()).toBe(0);
  expect(terminal.screen.replaceAll("\r\n", "\n")).not.toMatch(DANGEROUS);
});
