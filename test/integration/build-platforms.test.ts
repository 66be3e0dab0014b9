/** Builds for other platforms than the machine's: which of the two a stage is on, and which it is for. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BuildCommand, lines } from "../harness/build-command.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";

let engine: TestEngine;
let build: BuildCommand;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  build = new BuildCommand(engine);
});
afterAll(() => engine[Symbol.asyncDispose]());

test("a stage on the build's platform compiles for each of the platforms that are asked for", async () => {
  const cwd = build.context({
    Dockerfile: lines(
      "FROM --platform=$BUILDPLATFORM busybox AS compiler",
      "ARG TARGETPLATFORM",
      "ARG TARGETARCH",
      "RUN echo $TARGETPLATFORM $TARGETARCH > /program",
      "FROM scratch",
      "COPY --from=compiler /program /program",
    ),
  });
  await build.succeed(cwd, ["--platform=linux/amd64,linux/arm64,linux/arm/v7", "-o", "type=local,dest=out", "."]);
  const programs = ["linux_amd64", "linux_arm64", "linux_arm_v7"].map((dir) =>
    readFileSync(join(cwd, "out", dir, "program"), "utf8"),
  );
  expect(programs).toEqual(["linux/amd64 amd64\n", "linux/arm64 arm64\n", "linux/arm/v7 arm\n"]);
});

/** As measured with Docker 28.5. */
test.each([
  [["--platform=linux/amd64"], { one: "linux/amd64 default", two: "linux/amd64 default" }, "amd64"],
  [["--platform=linux/arm64"], { one: "linux/arm64 default", two: "linux/arm64 default" }, "arm64"],
  [["--platform=linux/arm64", "--target=one"], { one: "linux/arm64 one" }, "arm64"],
])("with %j the target is the build's, not a stage's", async (args, labels, architecture) => {
  const seen = ["ARG TARGETPLATFORM", "ARG TARGETSTAGE"];
  const cwd = build.context({
    Dockerfile: lines(
      "FROM --platform=linux/s390x scratch AS one",
      ...seen,
      'LABEL one="$TARGETPLATFORM $TARGETSTAGE"',
      "FROM --platform=linux/s390x one",
      ...seen,
      'LABEL two="$TARGETPLATFORM $TARGETSTAGE"',
    ),
  });
  await build.succeed(cwd, [...args, "-t", "platforms:it", "."]);
  const [image] = JSON.parse(await engine.dockerOutput("image", "inspect", "platforms:it"));
  expect([image.Config.Labels, image.Architecture]).toEqual([labels, architecture]);
});
