import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command, Context } from "../command.ts";
import { command as install } from "../commands/install.ts";
import { command as uninstall } from "../commands/uninstall.ts";
import type { Target } from "./plan.ts";
import { planInstall, planUninstall } from "./plan.ts";
import { describe } from "./steps.ts";
import { groupExists } from "./surroundings.ts";
import { serviceUnit, socketUnit } from "./units.ts";

let work: string;
let destdir: string;
let release: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), "tare-install-"));
  destdir = join(work, "package");
  release = join(work, "tare");
  writeFileSync(release, '#!/bin/sh\necho "$1 for $2"\n', { mode: 0o755 });
});
afterAll(() => rmSync(work, { recursive: true }));

/** Runs a command of ours as the release binary would; the lines it printed. */
async function perform(command: Command, ...argv: string[]): Promise<string[]> {
  const lines: string[] = [];
  const sink = { write: async (bytes: string | Uint8Array) => void lines.push(String(bytes).trimEnd()) };
  const env = {
    engineCommand: [release, "engine"],
    root: "/var/lib/tare",
    run: "/run/tare",
    cwd: work,
    variables: { PATH: process.env["PATH"] },
  };
  const context = { env, io: { stdout: sink, stderr: sink } } as unknown as Context;
  expect(await command.parse("tare", argv)?.(context)).toBe(0);
  return lines;
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length));
}

test("a dry run writes nothing and shows every step", async () => {
  const dry = join(work, "dry");
  const lines = await perform(install, "--dry-run", "--destdir", dry);
  expect(lines).toContain(`copy ${release} to ${dry}/usr/local/bin/tare`);
  expect(existsSync(dry)).toBe(false);
});

test("install fills a destination directory and uninstall empties it", async () => {
  await perform(install, "--destdir", destdir, "--prefix", "/usr", "--completions", "--docker-socket");
  expect(filesBelow(destdir).toSorted()).toEqual([
    "/etc/systemd/system/tare.service",
    "/etc/systemd/system/tare.socket",
    "/usr/bin/tare",
    "/usr/lib/tare/install.json",
    "/usr/share/bash-completion/completions/tare",
    "/usr/share/fish/vendor_completions.d/tare.fish",
    "/usr/share/zsh/site-functions/_tare",
  ]);
  expect(statSync(join(destdir, "usr/bin/tare")).mode & 0o777).toBe(0o755);
  expect(readFileSync(join(destdir, "usr/share/zsh/site-functions/_tare"), "utf8")).toBe("completion for zsh\n");
  expect(readFileSync(join(destdir, "etc/systemd/system/tare.socket"), "utf8")).toContain(
    "Symlinks=/run/docker.sock\n",
  );
  await perform(uninstall, "--destdir", destdir, "--prefix", "/usr");
  expect(filesBelow(destdir)).toEqual([]);
});

test("uninstall refuses where nothing is installed", async () => {
  await expect(perform(uninstall, "--destdir", join(work, "elsewhere"))).rejects.toThrow("nothing is installed below");
});

const HERE: Target = { prefix: "/usr/local", destdir: "", root: "/var/lib/tare", run: "/run/tare" };
const NOTHING_MORE = { dockerSocket: false, completions: false };

test("on this machine the group is made first and the units are started last", () => {
  const machine = { systemd: true, addGroup: ["groupadd", "--system", "tare"] };
  const steps = planInstall("/tmp/tare", HERE, machine, NOTHING_MORE).map(describe);
  expect(steps[0]).toBe("groupadd --system tare");
  expect(steps.at(-1)).toBe("systemctl enable --now tare.socket tare.service");
});

test("without systemd no unit is written and systemctl is not called", () => {
  const steps = planInstall("/tmp/tare", HERE, { systemd: false, addGroup: undefined }, NOTHING_MORE).map(describe);
  expect(steps.join("\n")).not.toContain("system");
});

test("uninstall keeps data and a group it did not make, and purges when asked", () => {
  const manifest = { version: 1 as const, files: ["/usr/local/bin/tare"], madeGroup: false, units: false };
  const plan = (purge: boolean): string[] => planUninstall(manifest, HERE, ["groupdel", "tare"], purge).map(describe);
  expect(plan(false)).toEqual(["remove /usr/local/bin/tare", "remove /usr/local/lib/tare", "remove /run/tare"]);
  expect(plan(true)).toContain("remove /var/lib/tare");
  expect(planUninstall({ ...manifest, madeGroup: true }, HERE, ["groupdel", "tare"], false).map(describe)).toContain(
    "groupdel tare",
  );
});

test("groupExists() takes no group for another whose name begins alike", () => {
  expect(groupExists("root:x:0:\ntarentum:x:5:\n", "tare")).toBe(false);
  expect(groupExists("root:x:0:\ntare:x:5:me\n", "tare")).toBe(true);
});

test("the units say what systemd needs to leave containers alone", () => {
  const settings = {
    binary: "/opt/my tare",
    root: "/data/100%",
    run: "/run/tare",
    group: "tare",
    dockerSocket: undefined,
  };
  const service = serviceUnit(settings);
  expect(service).toContain("KillMode=process\nDelegate=yes\n");
  expect(service).toContain('ExecStart="/opt/my tare" engine --root /data/100%% --run /run/tare --host fd://\n');
  expect(socketUnit(settings)).toContain("SocketGroup=tare\nSocketMode=0660\n");
  expect(socketUnit(settings)).not.toContain("Symlinks");
});
