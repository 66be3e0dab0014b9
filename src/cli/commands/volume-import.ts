/** tare volume import: fill a volume from a tar archive. Not a command of docker's. */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { defineCommand } from "../command.ts";
import { checkLabel } from "../container/key-values.ts";
import { absolutePath } from "../container/paths.ts";
import { listFlag, switchFlag } from "../flag-kinds.ts";
import { openInput } from "../input-file.ts";
import { showProgress } from "../progress.ts";

export const command = defineCommand({
  usage: "[OPTIONS] VOLUME FILE|-",
  flags: {
    label: listFlag("Set metadata for a volume that is made", { check: checkLabel }),
    replace: switchFlag("Replace the contents of the volume"),
  },
  args: [2, 2],
  async run(context, { flags: { label, replace }, args: [volume = "", file = ""] }) {
    const { io, env } = context;
    const isStdin = file === "-";
    const archive = isStdin ? io.stdin : await openInput(env.cwd, file);
    const known = isStdin ? {} : await identify(absolutePath(env.cwd, file));
    const { volumes } = await context.client();
    await showProgress(io, volumes.import(volume, archive, { label, replace, ...known }));
    return 0;
  },
});

/** By which an import that was interrupted is known again: the same file, not written to since. */
async function identify(path: string): Promise<{ source: string; bytes: number }> {
  const { dev, ino, size, mtimeMs } = await stat(path);
  const source = createHash("sha256").update([dev, ino, size, mtimeMs].join(" ")).digest("hex");
  return { source, bytes: size };
}
