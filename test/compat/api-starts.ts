/** What the Engine API accepts when a container or session is made, and refuses when it is to start. */
import { exec, IMAGE, made, running, type Scenarios, type Step } from "./api-steps.ts";

const badServer = (address: string, problem: string): Step[] => [
  made("conf-a", { Image: IMAGE, HostConfig: { Dns: [address] } }),
  ["POST /containers/conf-a/start", undefined, 500, `bad nameserver address ${address}: ${problem}`],
  ["GET /containers/conf-a/json", undefined, 200, { State: { Status: "created", ExitCode: 128 } }],
  ["DELETE /containers/conf-a", undefined, 204],
];

const UNSTARTED = "OCI runtime exec failed: exec failed: unable to start container process: ";

export const STARTS: Scenarios = {
  "nameservers that are no addresses": [
    ...badServer("foo", 'ParseAddr("foo"): unable to parse IP'),
    ...badServer("1.2.3", 'ParseAddr("1.2.3"): IPv4 address too short'),
    ...badServer("1.2.3.4.5", 'ParseAddr("1.2.3.4.5"): IPv4 address too long'),
    ...badServer("300.1.1.1", 'ParseAddr("300.1.1.1"): IPv4 field has value >255'),
    ...badServer("01.2.3.4", 'ParseAddr("01.2.3.4"): IPv4 field has octet with leading zero'),
  ],
  "sessions that no runtime takes": [
    ...running("conf-a"),
    exec({ WorkingDir: "here" }),
    [
      "POST /exec/{exec}/start",
      { Detach: true },
      500,
      "OCI runtime exec failed: exec failed: Cwd must be an absolute path",
    ],
    ["GET /exec/{exec}/json", undefined, 200, { Running: false, ExitCode: 128 }],
    exec({ WorkingDir: "here", Tty: true }),
    [
      "POST /exec/{exec}/start",
      { Tty: true },
      200,
      "OCI runtime exec failed: exec failed: Cwd must be an absolute path\r\n",
    ],
    exec({ Env: ["=x"] }),
    [
      "POST /exec/{exec}/start",
      { Detach: true },
      500,
      `${UNSTARTED}invalid environment variable: name cannot be empty`,
    ],
    exec({ Env: ["A=\0"] }),
    [
      "POST /exec/{exec}/start",
      { Detach: true },
      500,
      `${UNSTARTED}invalid environment variable "A": contains nul byte (\\x00)`,
    ],
    ["GET /exec/{exec}/json", undefined, 200, { Running: false, ExitCode: 128 }],
    exec({ Cmd: ["true"], Env: ["", "NO_VALUE"] }),
    ["POST /exec/{exec}/start", {}, 200, ""],
  ],
  "keys to leave by that nobody has": [
    ...running("conf-a"),
    ["POST /containers/conf-a/attach?detachKeys=ctrl-zz", undefined, 400, "Invalid detach keys (ctrl-zz) provided\r\n"],
    ["POST /containers/nosuch/attach?stdout=1", undefined, 404, "No such container: nosuch\r\n"],
  ],
};
