/** Decodes the body of POST /containers/{id}/update: only what the client names is in the result. */
import type { ContainerUpdateRequest } from "../container.ts";
import { resourceFields, restartPolicy } from "./host-config.ts";
import { type Fields, struct } from "./primitives.ts";

const fields: Fields<Required<ContainerUpdateRequest>> = { ...resourceFields, RestartPolicy: restartPolicy };

const updateConfig = struct("container.UpdateConfig", (): Partial<Required<ContainerUpdateRequest>> => ({}), fields);

/** Any pids limit of 0 or less means none (moby postContainerUpdate), spelt 0. */
export function decodeContainerUpdate(body: unknown): ContainerUpdateRequest {
  const request: ContainerUpdateRequest = updateConfig(body ?? {}, "UpdateConfig");
  if (request.PidsLimit != null && request.PidsLimit <= 0) request.PidsLimit = 0;
  return request;
}
