/** Whether an engine runs, and whether this user reaches it. It is not started for the question. */
import { messageOf } from "../../base/errors.ts";
import { createClient } from "../../client/client.ts";
import { type Finding, missing, ok, warning } from "./finding.ts";
import type { Host } from "./host.ts";

const NAME = "engine";

export async function engineFindings(host: Host, socketPath: string): Promise<Finding[]> {
  if (!host.exists(socketPath)) return [ok(NAME, `none runs; the first command starts one (${socketPath})`)];
  if (!host.mayUse(socketPath)) {
    return [
      missing(NAME, `this user may not use ${socketPath}`, {
        why: "The socket belongs to root and the group tare.",
        fix: "sudo usermod -aG tare $USER, then log in again; whoever is in that group is root on this machine",
      }),
    ];
  }
  const client = createClient({ socketPath });
  try {
    const { Version, ApiVersion } = await client.system.version();
    return [
      ok(NAME, `version ${String(Version)}, API ${String(ApiVersion)}, on ${socketPath}`),
      ...layersFindings(await client.system.info()),
    ];
  } catch (error) {
    return [
      warning(NAME, `nobody answers on ${socketPath}: ${messageOf(error)}`, {
        why: "A socket was left behind, or the engine hangs.",
        fix: "the next command starts an engine; if one hangs, its log stands beside the socket in engine.log",
      }),
    ];
  } finally {
    client.close();
  }
}

/** How the engine stores layers here, which it has tried out. */
function layersFindings({ DriverStatus }: Readonly<Record<string, unknown>>): Finding[] {
  const rows: unknown[] = Array.isArray(DriverStatus) ? DriverStatus : [];
  return rows.flatMap((row) => (Array.isArray(row) && row[0] === "Layers" ? [layersFinding(String(row[1]))] : []));
}

function layersFinding(form: string): Finding {
  if (!form.startsWith("extracted")) return ok("layers", form);
  return warning("layers", form, {
    why: "Pulling and deleting images takes longer, and every layer is stored as an archive and as files.",
    fix: "Linux 6.12 or newer with CONFIG_EROFS_FS_BACKED_BY_FILE, or loop devices",
  });
}
