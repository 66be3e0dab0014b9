/** Every check in the order of reading, and how the findings are shown. */
import { cgroupFindings } from "./cgroups.ts";
import { engineFindings } from "./engine.ts";
import type { Finding } from "./finding.ts";
import type { Host } from "./host.ts";
import { kernelFindings } from "./kernel.ts";
import { networkFindings } from "./network.ts";
import { programFindings } from "./programs.ts";
import { storageFindings } from "./storage.ts";

const STATE_WIDTH = 8;
const NAME_WIDTH = 15;

/** `root` and `socketPath` are the engine's. */
export async function examine(host: Host, root: string, socketPath: string): Promise<Finding[]> {
  return [
    ...kernelFindings(host),
    ...cgroupFindings(host),
    ...programFindings(host),
    ...networkFindings(host),
    ...storageFindings(host, root),
    ...(await engineFindings(host, socketPath)),
  ];
}

/** One line a finding; reason and remedy below those that need them. */
export function toText(findings: readonly Finding[]): string {
  const indent = " ".repeat(STATE_WIDTH + NAME_WIDTH);
  const lines = findings.flatMap(({ state, name, what, why, fix }) => [
    state.padEnd(STATE_WIDTH) + name.padEnd(NAME_WIDTH) + what,
    ...(why === undefined ? [] : [`${indent}${why}`]),
    ...(fix === undefined ? [] : [`${indent}To mend it: ${fix}`]),
  ]);
  return `${lines.join("\n")}\n${summaryOf(findings)}\n`;
}

function summaryOf(findings: readonly Finding[]): string {
  const count = (wanted: Finding["state"]): number => findings.filter(({ state }) => state === wanted).length;
  const [absent, doubtful] = [count("missing"), count("warning")];
  const doubts = doubtful === 0 ? "" : `, ${doubtful} to know about`;
  return absent === 0
    ? `\nThis machine can run containers${doubts}.`
    : `\n${absent} to mend before containers run${doubts}.`;
}
