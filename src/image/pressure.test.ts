import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../../test/harness/eventually.ts";
import { FileThreads } from "../files/threads/threads.ts";
import { openDatabase } from "../state/database.ts";
import { createImages, type ImageStore } from "./images.ts";
import type { PressureLimits } from "./pressure.ts";
import { idOf, loadImage, type TestImage } from "./testing.ts";

const NAMES = ["first", "second", "third", "used"] as const;
const imageOf = (name: string): TestImage => ({
  layers: [[{ type: "file", name, data: Buffer.from(name) }]],
  tags: [`${name}:1`],
});

let dir: string;
let images: ImageStore;

/** Opens a store on a disk that every image fills by a fifth. */
function open(limits: PressureLimits | undefined): void {
  images = createImages({
    dir: join(dir, "images"),
    db: openDatabase(join(dir, "db")),
    usedBy: (id) => (id === idOf(imageOf("used")) ? [{ id: "c", running: false }] : []),
    emit: () => undefined,
    files: new FileThreads(),
    pressure: limits === undefined ? undefined : { usedPercent: () => Promise.resolve(images.count() * 20), ...limits },
  });
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tare-pressure-"));
});

afterEach(async () => {
  await images.close();
  rmSync(dir, { recursive: true });
});

async function fill(): Promise<void> {
  for (const name of NAMES) await loadImage(images, imageOf(name));
}

const left = (): string[] => NAMES.filter((name) => images.has(idOf(imageOf(name))));

test("below the high mark nothing goes", async () => {
  open({ high: 80, low: 20 });
  await fill();
  expect(await images.relieve()).toEqual([]);
  expect(left()).toEqual([...NAMES]);
});

test("above it images go until the low mark, the one used longest ago first", async () => {
  open({ high: 79, low: 40 });
  await fill();
  const loadedMs = Date.now();
  await eventually(async () => Date.now() > loadedMs);
  images.rootLayers.layersOf(idOf(imageOf("first")));
  const gone: readonly string[] = await images.relieve();
  expect(gone).toEqual(["second", "third"].map((name) => idOf(imageOf(name))));
  expect(left()).toEqual(["first", "used"]);
});

test("what a container has stays, however full the disk is", async () => {
  open({ high: 10, low: 0 });
  await fill();
  await images.relieve();
  expect(left()).toEqual(["used"]);
});

test("without limits nothing goes", async () => {
  open(undefined);
  await fill();
  expect(await images.relieve()).toEqual([]);
});
