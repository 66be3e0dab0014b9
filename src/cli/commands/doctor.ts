/** tare doctor: what this machine lacks for containers, why that matters, and how to mend it. */
import { defineCommand } from "../command.ts";
import { UsageError } from "../errors.ts";
import { textFlag } from "../flag-kinds.ts";
import { neutralise } from "../neutralise.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: { format: textFlag('"json" prints the findings for programs', { short: "f" }) },
  args: [0, 0],
  async run({ env, io, host }, { flags }) {
    if (flags.format !== "" && flags.format !== "json") {
      throw new UsageError(`unknown format ${JSON.stringify(flags.format)}: there is "json"`);
    }
    const [{ createHost }, { examine, toText }] = await Promise.all([
      import("../doctor/host.ts"),
      import("../doctor/examine.ts"),
    ]);
    const machine = createHost(env.variables["PATH"] ?? "", process.geteuid?.() ?? 0);
    const findings = await examine(machine, env.root, host.replace(/^unix:\/\//, ""));
    const json = `${JSON.stringify(findings, undefined, 2)}\n`;
    await io.stdout.write(flags.format === "json" ? json : neutralise(toText(findings)));
    return findings.some(({ state }) => state === "missing") ? 1 : 0;
  },
});
