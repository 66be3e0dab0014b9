import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSeccompFilters } from "./cache.ts";
import { decodeProfile } from "./decode.ts";
import { DEFAULT_PROFILE } from "./default-profile.ts";
import { compileSeccomp } from "./filter.ts";
import { type Profile, resolveProfile, type SeccompTarget } from "./profile.ts";

const X86_64 = 0xc000003e;
const I386 = 0x40000003;
const ALLOW = 0x7fff0000;
const errno = (number: number): number => 0x00050000 + number;

/** Runs classic BPF the way the kernel does, over struct seccomp_data. */
function evaluate(program: Uint8Array, call: { arch?: number; nr: number; args?: readonly bigint[] }): number {
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.nr, true);
  data.setUint32(4, call.arch ?? X86_64, true);
  for (const [index, value] of (call.args ?? []).entries()) data.setBigUint64(16 + 8 * index, value, true);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const [opcode, hit, miss, k] = [
      code.getUint16(at * 8, true),
      code.getUint8(at * 8 + 2),
      code.getUint8(at * 8 + 3),
      code.getUint32(at * 8 + 4, true),
    ];
    const jump = (holds: boolean): void => {
      at += holds ? hit : miss;
    };
    if (opcode === 0x20) accumulator = data.getUint32(k, true);
    else if (opcode === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (opcode === 0x05) at += k;
    else if (opcode === 0x15) jump(accumulator === k);
    else if (opcode === 0x25) jump(accumulator > k);
    else if (opcode === 0x35) jump(accumulator >= k);
    else if (opcode === 0x06) return k;
    else throw new Error(`unknown opcode ${opcode.toString(16)}`);
  }
}

const target = (...capabilities: string[]): SeccompTarget => ({ capabilities, arch: "amd64", kernel: [6, 1] });
const compile = (profile: Profile, ...capabilities: string[]): Uint8Array =>
  compileSeccomp(resolveProfile(profile, target(...capabilities)));
const plain = compile(DEFAULT_PROFILE);
const powerful = compile(DEFAULT_PROFILE, "CAP_SYS_ADMIN");

const [SOCKET, CLONE, CLONE3, MOUNT, READ, PERSONALITY, PTRACE, FCHMODAT2, IO_URING_SETUP] = [
  41, 56, 435, 165, 0, 135, 101, 452, 425,
];

test.each([
  ["read", { nr: READ }, ALLOW],
  ["mount", { nr: MOUNT }, errno(1)],
  ["io_uring", { nr: IO_URING_SETUP }, errno(1)],
  ["ptrace on a kernel of today", { nr: PTRACE }, ALLOW],
  ["clone of a thread", { nr: CLONE, args: [0x3d0f00n] }, ALLOW],
  ["clone of a user namespace", { nr: CLONE, args: [0x10000000n] }, errno(1)],
  ["clone3, whose flags nobody sees", { nr: CLONE3 }, errno(38)],
  ["a call that libseccomp does not know but the profile does", { nr: FCHMODAT2 }, ALLOW],
  ["the same in the 32-bit ABI", { arch: I386, nr: FCHMODAT2 }, ALLOW],
  ["a call newer than the profile", { nr: 480 }, errno(38)],
  ["read in the x32 ABI", { nr: 0x40000000 + READ }, ALLOW],
  ["mount in the x32 ABI", { nr: 0x40000000 + MOUNT }, errno(1)],
  ["mount in the 32-bit ABI", { arch: I386, nr: 21 }, errno(1)],
  ["the question for the personality", { nr: PERSONALITY, args: [0xffffffffn] }, ALLOW],
  ["a personality without address randomisation", { nr: PERSONALITY, args: [0x40000n] }, errno(1)],
])("the default filter on %s", (_sentence, call, verdict) => {
  expect(evaluate(plain, call)).toBe(verdict);
});

test("the default filter kills what comes from a foreign architecture", () => {
  expect(evaluate(plain, { arch: 0x12345678, nr: READ })).toBe(0);
});

test.each([38n, 40n, 2n ** 32n + 38n, 2n ** 32n + 40n, 2n ** 63n + 38n])(
  "no socket of family %p, in any disguise",
  (family) => {
    expect(evaluate(plain, { nr: SOCKET, args: [family] })).toBe(errno(1));
    expect(evaluate(powerful, { nr: SOCKET, args: [family] })).toBe(errno(1));
  },
);

test("every other family of sockets is allowed", () => {
  const refused = Array.from({ length: 46 }, (_, family) => family).filter(
    (family) => evaluate(plain, { nr: SOCKET, args: [BigInt(family)] }) !== ALLOW,
  );
  expect(refused).toEqual([38, 40]);
});

test("CAP_SYS_ADMIN opens what it opens in Docker", () => {
  for (const nr of [MOUNT, CLONE3]) expect(evaluate(powerful, { nr })).toBe(ALLOW);
  expect(evaluate(powerful, { nr: CLONE, args: [0x10000000n] })).toBe(ALLOW);
});

test("ptrace needs its capability on kernels that it can escape on", () => {
  const old = { ...target(), kernel: [4, 7] as const };
  expect(evaluate(compileSeccomp(resolveProfile(DEFAULT_PROFILE, old)), { nr: PTRACE })).toBe(errno(1));
});

const custom = (profile: object): Profile => decodeProfile(JSON.stringify(profile));

test("a custom profile is carried out", () => {
  const program = compile(
    custom({
      defaultAction: "SCMP_ACT_ALLOW",
      architectures: ["SCMP_ARCH_X86_64"],
      syscalls: [
        { names: ["mkdir", "nosuchcall"], action: "SCMP_ACT_ERRNO", errnoRet: 5 },
        { name: "kill", action: "SCMP_ACT_KILL_PROCESS", args: [{ index: 1, value: 9, op: "SCMP_CMP_EQ" }] },
        { names: ["chown"], action: "SCMP_ACT_ERRNO", includes: { caps: ["CAP_CHOWN"] } },
        { names: ["rmdir"], action: "SCMP_ACT_ERRNO", excludes: { arches: ["amd64"] } },
      ],
    }),
  );
  expect(evaluate(program, { nr: 83 })).toBe(errno(5));
  expect(evaluate(program, { nr: 62, args: [1n, 9n] })).toBe(0x80000000);
  expect(evaluate(program, { nr: 62, args: [1n, 15n] })).toBe(ALLOW);
  expect(evaluate(program, { nr: 92 })).toBe(ALLOW);
  expect(evaluate(program, { nr: 84 })).toBe(ALLOW);
  expect(evaluate(program, { nr: 480 })).toBe(ALLOW);
});

test("conditions on one argument are alternatives, as in runc", () => {
  const args = [7, 9].map((value) => ({ index: 0, value, op: "SCMP_CMP_EQ" }));
  const syscalls = [{ names: ["close"], action: "SCMP_ACT_ERRNO", args }];
  const program = compile(custom({ defaultAction: "SCMP_ACT_ALLOW", syscalls }));
  expect([7n, 8n, 9n].map((fd) => evaluate(program, { nr: 3, args: [fd] }))).toEqual([errno(1), ALLOW, errno(1)]);
});

test("an empty profile allows everything", () => {
  expect(evaluate(compile(decodeProfile("{}")), { nr: MOUNT })).toBe(ALLOW);
});

test.each([
  ["{", "Decoding seccomp profile failed: "],
  ["[]", "Decoding seccomp profile failed: the profile is not an object"],
  ['{"defaultAction":"x"}', "Decoding seccomp profile failed: unknown action x"],
  ['{"syscalls":[]}', "Decoding seccomp profile failed: defaultAction is not a string"],
  ['{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":[1],"action":"SCMP_ACT_ALLOW"}]}', "names is not a string"],
  [
    '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"a","names":["b"],"action":"SCMP_ACT_ALLOW"}]}',
    "use either 'name' or 'names'",
  ],
  [
    '{"defaultAction":"SCMP_ACT_ALLOW","architectures":["a"],"archMap":[{"architecture":"a"}]}',
    "use either 'architectures' or 'archMap'",
  ],
  [
    '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a"],"action":"SCMP_ACT_ERRNO","errnoRet":5000}]}',
    "errnoRet is not a number",
  ],
])("the profile %s is refused", (text, message) => {
  expect(() => decodeProfile(text)).toThrow(message);
});

const root = mkdtempSync(join(tmpdir(), "tare-seccomp-"));
afterAll(() => rmSync(root, { recursive: true }));
const filtersIn = (dir: string) => createSeccompFilters(dir, { arch: "amd64", kernel: [6, 1] });

test("a filter is compiled once, then comes from the disk, then from memory", () => {
  const dir = join(root, "once");
  const compiled = filtersIn(dir).get(undefined, []).program();
  expect(Buffer.from(compiled, "base64")).toEqual(Buffer.from(plain));
  expect(readdirSync(dir)).toHaveLength(1);
  const again = filtersIn(dir);
  expect(again.get(undefined, []).program()).toBe(compiled);
  expect(again.get(undefined, [])).toBe(again.get(undefined, []));
  expect(again.get(undefined, ["CAP_SYS_ADMIN"]).program()).not.toBe(compiled);
});

test("a damaged file is compiled anew", () => {
  const dir = join(root, "damaged");
  const whole = filtersIn(dir).get(undefined, []).program();
  for (const file of readdirSync(dir)) truncateSync(join(dir, file), 0);
  expect(filtersIn(dir).get(undefined, []).program()).toBe(whole);
});
