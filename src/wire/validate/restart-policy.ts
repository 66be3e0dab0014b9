/** Restart policies, in the words of moby v28 (api/types/container/hostconfig.go, ValidateRestartPolicy). */
import { invalidParameter } from "../../base/errors.ts";
import type { RestartPolicy } from "../host-config.ts";

export function checkRestartPolicy({ Name: name, MaximumRetryCount: retries }: RestartPolicy): void {
  switch (name) {
    case "":
    case "no":
    case "always":
    case "unless-stopped":
      if (retries !== 0) throw misusedCount(retries);
      return;
    case "on-failure":
      if (retries < 0) throw invalidParameter("invalid restart policy: maximum retry count cannot be negative");
      return;
    default:
      throw unknownPolicy(name);
  }
}

function misusedCount(retries: number): Error {
  const negative = retries < 0 ? " and cannot be negative" : "";
  return invalidParameter(`invalid restart policy: maximum retry count can only be used with 'on-failure'${negative}`);
}

function unknownPolicy(name: string): Error {
  return invalidParameter(
    `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
  );
}
