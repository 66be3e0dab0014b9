import { expect, test } from "bun:test";
import type { Phase } from "../../state/container-record.ts";
import { planRecovery, type RecoveryStep } from "./plan.ts";

test.each<[Phase["at"], boolean, boolean, RecoveryStep]>([
  ["starting", true, false, "adopt"],
  ["starting", false, true, "end"],
  ["starting", false, false, "rollBack"],
  ["running", true, false, "adopt"],
  ["running", true, true, "adopt"],
  ["running", false, true, "end"],
  ["running", false, false, "end"],
  ["paused", true, false, "adopt"],
  ["paused", false, false, "end"],
  ["restarting", false, true, "restartLater"],
  ["removing", false, false, "remove"],
  ["created", false, false, "tidy"],
  ["exited", false, true, "tidy"],
  ["dead", false, false, "tidy"],
])("planRecovery(%p, monitor %p, exit record %p) is %p", (at, monitor, exitRecord, step) => {
  expect(planRecovery(at, { monitor, exitRecord })).toBe(step);
});
