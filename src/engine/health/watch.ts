/** Probes a running container at its intervals and records what comes of it. */

import { toUnixMs } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Container } from "../container/container.ts";
import { type EngineContext, tell } from "../context.ts";
import { assess, freshHealth, type HealthPlan, INITIAL_HEALTH, nextDelayMs, planHealth } from "./assess.ts";
import { probe } from "./probe.ts";

/** Begins the checks of a fresh run, or goes on with those of a run found at the engine's start. Returns how to end them. */
export function watchHealth(ctx: EngineContext, container: Container, found = false): (() => void) | undefined {
  const plan = planHealth(container.spec.config);
  if (plan === undefined) return undefined;
  const { health } = container.state;
  if (!found || health === undefined) container.update({ health: freshHealth(health) });
  const watch = new HealthWatch(ctx, container, plan);
  watch.schedule();
  return () => watch.stop();
}

class HealthWatch {
  readonly #ctx: EngineContext;
  readonly #container: Container;
  readonly #plan: HealthPlan;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(ctx: EngineContext, container: Container, plan: HealthPlan) {
    this.#ctx = ctx;
    this.#container = container;
    this.#plan = plan;
  }

  schedule(): void {
    const health = this.#container.state.health ?? INITIAL_HEALTH;
    this.#timer = setTimeout(() => void this.#check(), nextDelayMs(this.#plan, health, this.#sinceStartMs()));
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** A frozen container cannot answer: its checks rest. */
  async #check(): Promise<void> {
    try {
      if (this.#container.phase.at === "running") await this.#probe();
    } catch (error) {
      this.#ctx.log.error("health.probe.failed", { container: this.#container.id, error: messageOf(error) });
    }
    if (!this.#stopped) this.schedule();
  }

  async #probe(): Promise<void> {
    const result = await probe(this.#ctx, this.#container, this.#plan);
    if (this.#stopped) return;
    const before = this.#container.state.health ?? INITIAL_HEALTH;
    const health = assess(this.#plan, before, result, this.#sinceStartMs());
    this.#container.update({ health });
    if (health.Status !== before.Status) tell(this.#ctx, this.#container, `health_status: ${health.Status}`);
  }

  #sinceStartMs(): number {
    return Date.now() - toUnixMs(this.#container.state.startedAt);
  }
}
