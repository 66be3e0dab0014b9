/** What scenarios of requests to the Engine API are written in. */

/**
 * Request line, body (a string goes as it is), status, and facts of the answer: a string is the whole message or text, an object is
 * contained in the document. `{id}`, `{exec}`, `{network}` and `{volume}` stand for what was made last, `{short}` for the container's first 12 digits.
 */
export type Step = readonly [line: string, sent: unknown, status: number, facts?: string | object | null];
export type Scenarios = Readonly<Record<string, readonly Step[]>>;

export const IMAGE = "cmpbox";
export const SLEEP = { Image: IMAGE, Cmd: ["sleep", "1000"] };

export const made = (name: string, options: object = SLEEP): Step => [
  `POST /containers/create?name=${name}`,
  { Image: IMAGE, Cmd: ["true"], ...options },
  201,
  { Warnings: [] },
];
export const running = (name: string, options: object = SLEEP): Step[] => [
  made(name, options),
  [`POST /containers/${name}/start`, undefined, 204, ""],
];

export const NOBODY = "No such container: nosuch";
export const create = (sent: unknown, status: number, facts: string | object): Step => [
  "POST /containers/create?name=conf-a",
  sent,
  status,
  facts,
];
export const withHost = (HostConfig: object, status: number, facts: string | object): Step =>
  create({ Image: IMAGE, Cmd: ["true"], HostConfig }, status, facts);
export const exec = (options: object): Step => [
  "POST /containers/conf-a/exec",
  { Cmd: ["true"], AttachStdout: true, AttachStderr: true, ...options },
  201,
];
