/** Event shapes of the Docker Engine API. */

export type EventType = "container" | "image" | "network" | "volume" | "daemon";
export interface EventMessage {
  /** Legacy fields of container and image events. */
  status?: string;
  id?: string;
  from?: string;
  Type: EventType;
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  scope: "local";
  /** Unix seconds. */
  time: number;
  timeNano: number;
}
