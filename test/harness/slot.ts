/** Numbers that tests running at the same time never share; bridge names, subnets and cgroups are made of them. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SLOTS = 200;

export interface Slot {
  readonly number: number;
  release(): void;
}

/** Takes the lowest free number. A slot whose process is gone is taken over. */
export function takeSlot(dir = "/tmp/tare-test-slots"): Slot {
  mkdirSync(dir, { recursive: true });
  for (let number = 1; number <= SLOTS; number++) {
    const path = join(dir, String(number));
    if (claim(path) || (ownerIsGone(path) && claim(path))) {
      return { number, release: () => rmSync(path, { force: true }) };
    }
  }
  throw new Error(`all ${SLOTS} test slots are taken (${dir})`);
}

function claim(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    return false;
  }
}

function ownerIsGone(path: string): boolean {
  try {
    process.kill(Number(readFileSync(path, "utf8")), 0);
    return false;
  } catch {
    rmSync(path, { force: true });
    return true;
  }
}
