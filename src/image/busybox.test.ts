import { expect, test } from "bun:test";
import { join } from "node:path";
import { createId } from "../base/ids.ts";
import { buildBusyboxArchive, ensureBusybox } from "./busybox.ts";
import { openStore } from "./testing.ts";

const BUSYBOX = "/bin/busybox";

test("the embedded image runs the host's busybox under all its names", async () => {
  using store = openStore();
  await ensureBusybox(store.images, BUSYBOX);
  const { Id, Config } = store.images.inspect("busybox");
  expect(Config).toMatchObject({ Cmd: ["sh"], Env: [expect.stringContaining("PATH=/usr/local/sbin:")] });
  const id = createId();
  const target = join(store.dir, "rootfs");
  await store.roots.create(id, Id, []);
  store.roots.mount(id, Id, target, false);
  try {
    const run = Bun.spawnSync(["chroot", target, "/bin/sh", "-c", "id -un; stat -c '%a %n' /tmp /root; ls /proc"]);
    expect(run.stdout.toString()).toBe("root\n1777 /tmp\n700 /root\n");
  } finally {
    store.roots.unmount(target);
  }
});

test("it is not loaded into a store that has images", async () => {
  using store = openStore();
  await ensureBusybox(store.images, BUSYBOX);
  await store.images.tag("busybox", "mine", "1");
  await store.images.remove("busybox", { force: false, noprune: false });
  await ensureBusybox(store.images, BUSYBOX);
  expect(() => store.images.inspect("busybox")).toThrow("No such image: busybox:latest");
});

test("it says what to do on a host without busybox", async () => {
  using store = openStore();
  await expect(ensureBusybox(store.images, "/nonexistent")).rejects.toThrow("install the package busybox-static");
});

test("the same binary makes the same archive, in whatever order its applets are told", () => {
  const binary = Buffer.from("binary");
  const one = buildBusyboxArchive({ binary, applets: ["bin/ls", "bin/cat", "linuxrc"], architecture: "amd64" });
  const other = buildBusyboxArchive({ binary, applets: ["bin/cat", "bin/busybox", "bin/ls"], architecture: "amd64" });
  expect(one.equals(other)).toBe(true);
});
