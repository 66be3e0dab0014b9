import { expect, test } from "bun:test";
import { decodeContainerUpdate } from "./container-update.ts";
import { decodeExecCreate, decodeExecStart } from "./exec.ts";

test("decodeContainerUpdate() names only what the client names", () => {
  expect(decodeContainerUpdate({ Memory: 5, CpusetCpus: null })).toEqual({ Memory: 5 });
  expect(decodeContainerUpdate(undefined)).toEqual({});
});

test("decodeContainerUpdate() spells every pids limit of none as 0", () => {
  expect([-1, 0, 7].map((limit) => decodeContainerUpdate({ PidsLimit: limit }).PidsLimit)).toEqual([0, 0, 7]);
});

test("decodeContainerUpdate() refuses wrong types in Docker's words", () => {
  expect(() => decodeContainerUpdate({ Memory: "x" })).toThrow(
    "invalid JSON: json: cannot unmarshal string into Go struct field UpdateConfig.Memory of type int64",
  );
  expect(() => decodeContainerUpdate([])).toThrow(
    "invalid JSON: json: cannot unmarshal array into Go value of type container.UpdateConfig",
  );
});

test("decodeExecCreate() fills in what is left out", () => {
  expect(decodeExecCreate({ Cmd: ["true"], Tty: true, ConsoleSize: [24, 80] })).toEqual({
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    ConsoleSize: [24, 80],
    DetachKeys: "",
    Tty: true,
    Env: [],
    Cmd: ["true"],
    Privileged: false,
    User: "",
    WorkingDir: "",
  });
});

test.each([undefined, {}, { Cmd: null }, { Cmd: [] }])("decodeExecCreate() wants a command, not %j", (body) => {
  expect(() => decodeExecCreate(body)).toThrow("No exec command specified");
});

test("decodeExecCreate() takes no string for a command, unlike create", () => {
  expect(() => decodeExecCreate({ Cmd: "a" })).toThrow(
    "invalid JSON: json: cannot unmarshal string into Go struct field ExecOptions.Cmd of type []string",
  );
});

test("decodeExecStart() takes an empty body, and a size only for a terminal", () => {
  expect(decodeExecStart(undefined)).toEqual({ Detach: false, Tty: false, ConsoleSize: null });
  expect(decodeExecStart({ ConsoleSize: [1, 2] }).ConsoleSize).toBeNull();
  expect(decodeExecStart({ Tty: true, ConsoleSize: [1, 2] }).ConsoleSize).toEqual([1, 2]);
});
