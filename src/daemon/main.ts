/** `tare engine`: takes the root's lock, brings everything to order, serves until told to stop. Containers outlive it. */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { messageOf } from "../base/errors.ts";
import { createLogger, type Logger } from "../base/log.ts";
import { tryLock } from "../kernel/flock.ts";
import { compose } from "./compose.ts";
import { type EngineConfig, forgetProxyVariables, loadConfig } from "./config.ts";

/** EX_TEMPFAIL, sysexits(3): another engine has this root. */
const LOCKED_STATUS = 75;
const LOCK_TRIES = 20;
const LOCK_RETRY_MS = 20;

/** Resolves to the exit status: 0 after a stop that was asked for, 75 when another engine holds the root, 1 otherwise. */
export async function runEngine(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const writeLine = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    const config = loadConfig(argv, environment);
    forgetProxyVariables();
    const log = createLogger(writeLine, config.logLevel);
    return await runLocked(config, log, Number(environment["LISTEN_FDS"] ?? 0));
  } catch (error) {
    writeLine(`tare engine: ${messageOf(error)}`);
    return 1;
  }
}

async function runLocked(config: EngineConfig, log: Logger, activatedFds: number): Promise<number> {
  mkdirSync(config.root, { recursive: true, mode: 0o710 });
  // It may have been there before, open to all; layers have set-uid programs in them (CVE-2021-41091).
  chmodSync(config.root, 0o710);
  mkdirSync(config.run, { recursive: true, mode: 0o711 });
  const lock = await lockSoon(`${config.root}/lock`);
  if (lock === undefined) {
    log.warn("engine.locked", { root: config.root, meaning: "another engine holds this root" });
    return LOCKED_STATUS;
  }
  const stopped = stopRequest();
  if (config.unknownKeys.length > 0) log.warn("config.unknown-keys", { keys: config.unknownKeys });
  const pidFile = `${config.run}/engine.pid`;
  writeFileSync(pidFile, `${process.pid}\n`);
  const engine = await compose(config, log, activatedFds);
  log.info("ready", { hosts: config.hosts, root: config.root, pid: process.pid });
  log.info("stopping", { signal: await stopped });
  await engine.stop();
  rmSync(pidFile, { force: true });
  lock.release();
  return 0;
}

/** A program that an engine was just starting when it was killed has the lock until it really starts. Undefined when another engine has it. */
async function lockSoon(path: string): Promise<ReturnType<typeof tryLock>> {
  for (let tries = 1; ; tries++) {
    const lock = tryLock(path);
    if (lock !== undefined || tries === LOCK_TRIES) return lock;
    await Bun.sleep(LOCK_RETRY_MS);
  }
}

/** Resolves with the first SIGTERM or SIGINT. */
function stopRequest(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  process.once("SIGTERM", resolve);
  process.once("SIGINT", resolve);
  return promise;
}
