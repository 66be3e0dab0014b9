/** What processes and mounts of containers have, or must not have, from the machine's side. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MS, mount, umount } from "../kernel/mounts.ts";
import { bind } from "./test-config.ts";
import { createLab, type Lab } from "./test-lab.ts";

const SCORE = "/proc/self/oom_score_adj";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab("inherited");
});
afterAll(() => lab[Symbol.asyncDispose]());

test.each([0, 100])(
  "a score of %d is the container's and its sessions', whatever the engine's is",
  async (OomScoreAdj) => {
    const own = readFileSync(SCORE, "utf8");
    writeFileSync(SCORE, "150");
    try {
      await using container = await lab.start(["sleep", "100"], { hostConfig: { OomScoreAdj } });
      expect(readFileSync(`/proc/${container.pid}/oom_score_adj`, "utf8")).toBe(`${OomScoreAdj}\n`);
      expect((await container.exec(["cat", SCORE])).output).toBe(`${OomScoreAdj}\n`);
    } finally {
      writeFileSync(SCORE, own);
    }
  },
);

test("a bind mount allows nothing that its source's mount forbids", async () => {
  const source = join(lab.dir, "careful");
  mkdirSync(source);
  mount({ source: "careful", target: source, type: "tmpfs" });
  try {
    mount({ target: source, flags: MS.REMOUNT | MS.BIND | MS.RDONLY | MS.NOSUID | MS.NODEV | MS.NOEXEC });
    const { output } = await lab.sh("grep ' /s ' /proc/mounts; touch /s/file 2>&1", { mounts: [bind(source, "/s")] });
    expect(output).toStartWith("careful /s tmpfs ro,nosuid,nodev,noexec,");
    expect(output).toEndWith("touch: /s/file: Read-only file system\n");
  } finally {
    umount(source);
  }
});

test.each(["private", "shareable"])("no program or device is reached by /dev/shm that is %s", async (IpcMode) => {
  const { output } = await lab.sh("grep ' /dev/shm ' /proc/mounts", { hostConfig: { IpcMode } });
  expect(output).toStartWith("shm /dev/shm tmpfs rw,nosuid,nodev,noexec,");
});
