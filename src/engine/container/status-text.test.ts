import { expect, test } from "bun:test";
import { type ContainerState, INITIAL_STATE } from "../../state/container-record.ts";
import { statusText } from "./status-text.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");
const running = { at: "running", pid: 1, pidStart: 1 } as const;

test.each<[Partial<ContainerState>, string]>([
  [{}, "Created"],
  [{ phase: running, startedAt: "2026-01-01T11:59:58.9Z" }, "Up 1 second"],
  [
    { phase: running, startedAt: "2026-01-01T11:55:00Z", health: { Status: "healthy", FailingStreak: 0, Log: [] } },
    "Up 5 minutes (healthy)",
  ],
  [
    { phase: running, startedAt: "2026-01-01T11:55:00Z", health: { Status: "starting", FailingStreak: 0, Log: [] } },
    "Up 5 minutes (health: starting)",
  ],
  [{ phase: { ...running, at: "paused" }, startedAt: "2026-01-01T11:00:00Z" }, "Up About an hour (Paused)"],
  [{ phase: { at: "exited" }, exitCode: 137, finishedAt: "2025-12-29T12:00:00Z" }, "Exited (137) 3 days ago"],
  [
    { phase: { at: "restarting" }, exitCode: 1, finishedAt: "2026-01-01T11:59:59.999Z" },
    "Restarting (1) Less than a second ago",
  ],
  [{ phase: { at: "starting" } }, "Created"],
  [
    { phase: { at: "starting" }, startedAt: "2026-01-01T11:00:00Z", exitCode: 2, finishedAt: "2026-01-01T11:55:00Z" },
    "Exited (2) 5 minutes ago",
  ],
  [
    { phase: { at: "starting" }, restartCount: 1, exitCode: 2, finishedAt: "2026-01-01T11:59:59Z" },
    "Restarting (2) 1 second ago",
  ],
])("statusText(%p) is %p", (change, text) => {
  expect(statusText({ ...INITIAL_STATE, ...change }, NOW)).toBe(text);
});
