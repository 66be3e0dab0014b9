import { describe, expect, test } from "bun:test";
import type { ImageConfig } from "../../wire/image.ts";
import { emptyImageConfig } from "../document.ts";
import { applyChanges } from "./changes.ts";

const BEFORE: ImageConfig = { ...emptyImageConfig(), Env: ["PATH=/bin", "HOME=/root"], WorkingDir: "/srv" };

describe("applyChanges()", () => {
  const rows: [string, Partial<ImageConfig>][] = [
    ['CMD ["a", "b c"]', { Cmd: ["a", "b c"] }],
    ["cmd echo $PATH", { Cmd: ["/bin/sh", "-c", "echo $PATH"] }],
    ['ENTRYPOINT ["/e"]', { Entrypoint: ["/e"] }],
    ["ENTRYPOINT [not json", { Entrypoint: ["/bin/sh", "-c", "[not json"] }],
    [
      "ENV A=1 B='x y' C=\"$HOME\" D='$HOME' E=a\\ b",
      { Env: ["PATH=/bin", "HOME=/root", "A=1", "B=x y", "C=/root", "D=$HOME", "E=a b"] },
    ],
    ["ENV HOME /data and more", { Env: ["PATH=/bin", "HOME=/data and more"] }],
    [
      "ENV P=${PATH}:/x Q=${NONE:-d} R=${HOME:+set} S=${NONE}",
      { Env: ["PATH=/bin", "HOME=/root", "P=/bin:/x", "Q=d", "R=set", "S="] },
    ],
    [
      "EXPOSE 80 53/UDP 8000-8001/tcp",
      { ExposedPorts: { "80/tcp": {}, "53/udp": {}, "8000/tcp": {}, "8001/tcp": {} } },
    ],
    ['LABEL a=b "c d"="e f"', { Labels: { a: "b", "c d": "e f" } }],
    ["USER 1000:1000", { User: "1000:1000" }],
    ['VOLUME ["/data", "/more"]', { Volumes: { "/data": {}, "/more": {} } }],
    ["VOLUME /data /more", { Volumes: { "/data": {}, "/more": {} } }],
    ["WORKDIR app", { WorkingDir: "/srv/app" }],
    ["WORKDIR /a/../b", { WorkingDir: "/b" }],
    ["STOPSIGNAL SIGQUIT", { StopSignal: "SIGQUIT" }],
    ["ONBUILD RUN make", { OnBuild: ["RUN make"] }],
    ["HEALTHCHECK NONE", { Healthcheck: { Test: ["NONE"] } }],
    [
      "HEALTHCHECK --interval=1m30s --retries=3 CMD curl -f x",
      { Healthcheck: { Interval: 90e9, Retries: 3, Test: ["CMD-SHELL", "curl -f x"] } },
    ],
    ['HEALTHCHECK --start-period=500ms CMD ["true"]', { Healthcheck: { StartPeriod: 5e8, Test: ["CMD", "true"] } }],
    ["USER a\n# comment\n\nSTOPSIGNAL \\\n 9", { User: "a", StopSignal: "9" }],
  ];
  test.each(rows)("carries out %j", (change, expected) => {
    expect(applyChanges(BEFORE, [change])).toEqual({ ...BEFORE, ...expected });
  });

  test.each([
    ["RUN x", "RUN is not a valid change command"],
    ["constructor x", "constructor is not a valid change command"],
    ["ENV", "ENV requires at least one argument"],
    ["USER", "USER requires exactly one argument"],
    ["USER a b", "USER requires exactly one argument"],
    ["ENV A", "ENV must have two arguments"],
    ["ENV A=b c", `Syntax error - can't find = in "c". Must be of the form: name=value`],
    ["ENV =b", "ENV names can not be blank"],
    ["ENV A='b", "unexpected end of statement while looking for matching single-quote"],
    ["EXPOSE x", "invalid containerPort: x"],
    ["EXPOSE 70000", "invalid containerPort: 70000"],
    ["ONBUILD ONBUILD RUN x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
    ["ONBUILD FROM x", "FROM isn't allowed as an ONBUILD trigger"],
    ["HEALTHCHECK FOO", 'Unknown type "FOO" in HEALTHCHECK (try CMD)'],
    ["HEALTHCHECK CMD", "Missing command after HEALTHCHECK CMD"],
    ["HEALTHCHECK --interval=1us CMD x", 'Interval "interval" cannot be less than 1ms'],
    ["HEALTHCHECK --interval=x CMD x", 'time: invalid duration "x"'],
    ["HEALTHCHECK --foo=1 CMD x", "unknown flag: foo"],
  ])("refuses %j", (change, message) => {
    expect(() => applyChanges(BEFORE, [change])).toThrow(message);
  });
});
