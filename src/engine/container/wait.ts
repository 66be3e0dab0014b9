/** Waiting for a container's end. */
import type { WaitResponse } from "../../wire/container.ts";
import type { Container, ExitStatus } from "./container.ts";

export type WaitCondition = "not-running" | "next-exit" | "removed";

/** The abort of `signal` (the client went away) rejects with its reason. */
export function waitForContainer(
  container: Container,
  condition: WaitCondition,
  signal: AbortSignal,
): Promise<WaitResponse> {
  if (condition === "not-running" && !container.isUp && container.phase.at !== "starting") {
    return Promise.resolve(toWaitResponse(container.exitStatus));
  }
  const { promise, resolve, reject } = Promise.withResolvers<WaitResponse>();
  const settle = (status: ExitStatus): void => resolve(toWaitResponse(status));
  const forget = condition === "removed" ? container.onRemoved(settle) : container.onExit(settle);
  const abort = (): void => {
    forget();
    reject(signal.reason);
  };
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  return promise.finally(() => signal.removeEventListener("abort", abort));
}

function toWaitResponse({ exitCode, error }: ExitStatus): WaitResponse {
  return { StatusCode: exitCode, ...(error === "" ? {} : { Error: { Message: error } }) };
}
