/** POST create and start over the API until the process runs, against the runtime alone with the engine's own bundle. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { busyboxRootfs } from "../test/harness/images.ts";
import { output } from "../test/harness/process.ts";
import type { Bench } from "./bench.ts";
import { call } from "./harness/api.ts";
import type { Field } from "./harness/contenders.ts";
import { measurePaired } from "./harness/paired.ts";
import { pairedReport } from "./harness/report.ts";

export const bench: Bench = {
  name: "start",
  async run(field) {
    await using bundle = await sameBundle(field);
    const created: { socketPath: string; id: string }[] = [];
    const contenders: Record<string, () => Promise<void>> = { "bare crun run": () => bundle.start() };
    for (const { name, socketPath } of [field.tare, field.docker].filter((one) => one !== undefined)) {
      if (socketPath === undefined) continue;
      contenders[name] = async () => void created.push({ socketPath, id: await createAndStart(socketPath) });
    }
    const measured = await measurePaired(contenders);
    for (const { socketPath, id } of created) await call(socketPath, "DELETE", `/containers/${id}?force=1`);
    return [pairedReport("create and start over the API until the process runs, default bridge", measured)];
  },
};

async function createAndStart(socketPath: string): Promise<string> {
  const body = { Image: "busybox", Cmd: ["sleep", "1000"] };
  const created: unknown = await (await call(socketPath, "POST", "/containers/create", body)).json();
  const id = String(Object(created).Id);
  await call(socketPath, "POST", `/containers/${id}/start`);
  return id;
}

interface SameBundle extends AsyncDisposable {
  start(): Promise<void>;
}

/** What our engine wrote for such a container, on a plain root file system and without its network namespace. */
async function sameBundle({ engine, tare }: Field): Promise<SameBundle> {
  const id = await createAndStart(engine.socketPath);
  const dir = mkdtempSync(join("/var/tmp", "tare-bundle-"));
  cpSync(join(engine.run, "containers", id, "config.json"), join(dir, "config.json"));
  await call(tare.socketPath ?? "", "DELETE", `/containers/${id}?force=1`);
  mkdirSync(join(dir, "rootfs"));
  await output(["tar", "-C", join(dir, "rootfs"), "-x"], { stdin: await busyboxRootfs() });
  const spec = await Bun.file(join(dir, "config.json")).json();
  const ours = (path: string | undefined): boolean => path?.startsWith(engine.dir) === true;
  spec.root.path = "rootfs";
  spec.mounts = spec.mounts.filter(({ source }: { source?: string }) => !ours(source));
  spec.linux.namespaces = spec.linux.namespaces.map(({ type }: { type: string }) => ({ type }));
  const names: string[] = [];
  return {
    async start() {
      const name = `tare-bench-${process.pid}-${names.length}`;
      spec.linux.cgroupsPath = `/tare-bench/${name}`;
      await Bun.write(join(dir, "config.json"), JSON.stringify(spec));
      names.push(name);
      const child = Bun.spawn(["crun", "run", "--detach", "-b", dir, name], { stdio: ["ignore", "ignore", "inherit"] });
      if ((await child.exited) !== 0) throw new Error("crun failed");
    },
    async [Symbol.asyncDispose]() {
      for (const name of names) await output(["crun", "delete", "-f", name]);
      rmSync(dir, { recursive: true });
    },
  };
}
