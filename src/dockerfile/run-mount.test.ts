import { describe, expect, test } from "bun:test";
import { DockerfileError } from "./place.ts";
import { mountFrom, parseRunMount } from "./run-mount.ts";

const parse = (text: string): ReturnType<typeof parseRunMount> =>
  parseRunMount(text, (value) => value.replaceAll("$x", "X"));

test.each([
  ["target=/t", { type: "bind", target: "/t", readOnly: true }],
  [
    "type=cache,dst=/c,sharing=locked,uid=5,mode=0750",
    { type: "cache", readOnly: false, uid: 5, mode: 0o750, sharing: "locked" },
  ],
  ["type=tmpfs,target=/t,size=64m", { type: "tmpfs", sizeBytes: 64 << 20 }],
  ["type=secret,id=s,required,env=S", { type: "secret", id: "s", required: true, env: "S" }],
  ["type=ssh,required=true", { type: "ssh", required: true }],
  ['type=bind,rw,source=$x,"target=/a,b"', { readOnly: false, source: "X", target: "/a,b" }],
  ["type=bind,ro=false,target=/a", { readOnly: false }],
])("%s", (text, expected) => {
  expect(parse(text)).toMatchObject(expected);
});

test("the stage that a mount reads is known before any value", () => {
  expect(mountFrom("type=bind,from=build,target=/$x")).toBe("build");
});

describe("bad ones are refused in BuildKit's words", () => {
  test.each([
    ["type=foo", 'unsupported mount type "foo"'],
    ["type=cach", 'unsupported mount type "cach" (did you mean cache?)'],
    ["type=cache,foo=1", "unexpected key 'foo' in 'foo=1' (did you mean from?)"],
    ["target", "invalid field 'target' must be a key=value pair"],
    ["type=secret", "invalid secret mount. one of source, target required"],
    ["type=secret,id=a,source=b", "both source and id can't be set"],
    ["type=bind,sharing=locked", "invalid cache sharing set for bind mount"],
    ["type=bind,uid=1", 'uid not allowed for "bind" type mounts'],
    ["type=bind,required=true", "unexpected key 'required' for mount type 'bind'"],
    ["type=bind,ro=maybe", "invalid value for ro: maybe"],
    ["type=cache,mode=9", "invalid value 9 for mode"],
    ['a"b', 'failed to parse csv mounts: parse error on line 1, column 2: bare " in non-quoted-field'],
  ])("%s", (text, message) => {
    expect(() => parse(text)).toThrow(new DockerfileError(message));
  });
});
