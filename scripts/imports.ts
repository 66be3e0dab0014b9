/** The layers of the house as a table, and the check that every import of a file respects them. */
import { dirname, join, normalize } from "node:path";

/** Which rooms each room may import, besides itself; rooms of one level are not in each other's rows. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  base: [],
  wire: ["base"],
  kernel: ["base", "wire"],
  state: ["base", "wire"],
  client: ["base", "wire"],
  dockerfile: ["base", "wire"],
  grpc: ["base", "wire"],
  files: ["base", "wire", "kernel"],
  image: ["base", "wire", "kernel", "state", "files", "dockerfile"],
  volume: ["base", "wire", "kernel", "state", "files"],
  network: ["base", "wire", "kernel", "state"],
  runtime: ["base", "wire", "kernel", "state"],
  engine: ["base", "wire", "kernel", "state", "files", "dockerfile", "image", "volume", "network", "runtime"],
  build: ["base", "wire", "kernel", "state", "files", "dockerfile", "image", "volume", "network", "runtime"],
  api: ["base", "wire", "grpc", "engine", "build"],
  daemon: [
    "base",
    "wire",
    "kernel",
    "state",
    "files",
    "image",
    "volume",
    "network",
    "runtime",
    "engine",
    "build",
    "api",
    "native",
  ],
  // Archives that come out of containers are unpacked by the same code on both sides, what a build leaves out is left out by the same.
  cli: ["base", "wire", "client", "files", "dockerfile", "grpc"],
};

/** Modules that cost more at start than the whole command may take, or that only one room may touch. */
const RESERVED: Readonly<Record<string, readonly string[]>> = {
  "bun:ffi": ["kernel"],
  "node:http": [],
  "node:https": [],
  "node:net": ["client"],
  "node:child_process": [],
  "node:events": [],
  "node:http2": ["grpc"],
  "node:stream": ["grpc"],
};

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g;

/** What is wrong with the imports of `path` ("src/room/…"), one sentence each. */
export function importProblems(path: string, text: string): string[] {
  const room = roomOf(path);
  const isTest = path.endsWith(".test.ts");
  return [...text.matchAll(IMPORT)].flatMap(([, specifier = ""]) => {
    if (!specifier.startsWith(".")) {
      const allowed = RESERVED[specifier];
      return allowed === undefined || isTest || allowed.includes(room)
        ? []
        : [`${specifier} does not belong in ${room}`];
    }
    if (/(^|\/)index\.ts$/.test(specifier)) return [`imports the barrel ${specifier}`];
    const target = roomOf(normalize(join(dirname(path), specifier)));
    const known = BELOW[room];
    if (target === room || known === undefined || known.includes(target)) return [];
    if (isTest && target === "test") return [];
    return [`${room} must not import ${target} (${specifier})`];
  });
}

function roomOf(path: string): string {
  const [top = "", room = ""] = path.split("/");
  return top === "src" && room.includes(".") === false ? room : top;
}
