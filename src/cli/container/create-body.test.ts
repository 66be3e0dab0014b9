/** Flags of `run` and `create` become the body docker sends, or are refused in docker's words (compared with docker 28.2). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { messageOf } from "../../base/errors.ts";
import { parseFlags } from "../flags.ts";
import { createBody } from "./create-body.ts";
import { CREATE_FLAGS } from "./flags.ts";

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(`${tmpdir()}/create-body-`);
  await writeFile(`${cwd}/env`, '\uFEFF# comment\n\n  A=1 \nHOME\nNOPE\r\nB="q" # x\n');
  await writeFile(`${cwd}/spaced`, "A B=1\n");
  await writeFile(`${cwd}/nameless`, "=x\n");
  await writeFile(`${cwd}/latin`, Buffer.from([65, 61, 49, 10, 255, 61, 50]));
  await writeFile(`${cwd}/profile.json`, '{ "defaultAction": "SCMP_ACT_ALLOW" }\n');
});
afterAll(() => rm(cwd, { recursive: true }));

async function bodyOf(argv: readonly string[]) {
  const { values, given, args } = parseFlags(CREATE_FLAGS, [...argv, "busybox"], false);
  const env = {
    host: undefined,
    root: "",
    run: "",
    engineCommand: [],
    configDir: "/nowhere",
    variables: { HOME: "/me" },
    cwd,
    version: "",
  };
  // As it arrives: what is undefined is not sent.
  return JSON.parse(JSON.stringify(await createBody({ flags: values, given, args }, env)));
}

describe("the configuration", () => {
  test("without flags says little more than the image", async () => {
    expect(await bodyOf([])).toEqual({
      Image: "busybox",
      Tty: false,
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      OpenStdin: false,
      StdinOnce: false,
      Env: [],
      Labels: {},
      ExposedPorts: {},
      Volumes: {},
      HostConfig: {
        NetworkMode: "default",
        AutoRemove: false,
        RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
        LogConfig: { Type: "", Config: {} },
        Privileged: false,
        SecurityOpt: null,
        ReadonlyRootfs: false,
        PortBindings: {},
        PublishAllPorts: false,
      },
    });
  });

  test.each([
    ["-it", { Tty: true, OpenStdin: true, AttachStdin: true, StdinOnce: true }],
    ["-a stdin", { AttachStdin: true, AttachStdout: false, AttachStderr: false, OpenStdin: false, StdinOnce: false }],
    ["-a STDOUT", { AttachStdin: false, AttachStdout: true, AttachStderr: false }],
    ["-e HOME -e NOPE -e A= -e B=c=d", { Env: ["HOME=/me", "NOPE", "A=", "B=c=d"] }],
    ["--env-file env -e A=2", { Env: ["A=1 ", "HOME=/me", 'B="q" # x', "A=2"] }],
    ["-l a=b -l c --label a=d=e", { Labels: { a: "d=e", c: "" } }],
    ["--entrypoint=", { Entrypoint: [""] }],
    ["--entrypoint x", { Entrypoint: ["x"] }],
    ["-h me --domainname d -u 0:0 -w /x", { Hostname: "me", Domainname: "d", User: "0:0", WorkingDir: "/x" }],
    ["--stop-signal 9 --stop-timeout 0", { StopSignal: "9", StopTimeout: 0 }],
    ["--expose 80 --expose 5-6/udp", { ExposedPorts: { "80/tcp": {}, "5/udp": {}, "6/udp": {} } }],
    ["-v /only -v ab", { Volumes: { "/only": {}, ab: {} } }],
    ["--no-healthcheck", { Healthcheck: { Test: ["NONE"] } }],
    [
      "--health-cmd x --health-interval 1h2m3.5s --health-retries 2",
      { Healthcheck: { Test: ["CMD-SHELL", "x"], Interval: 3723.5e9, Retries: 2, Timeout: 0 } },
    ],
  ])("of %s", async (line, wanted) => {
    expect(await bodyOf(line.split(" "))).toMatchObject(wanted);
  });
});

describe("the host configuration", () => {
  test.each([
    [
      "-m 1.5g --memory-swap -1 --memory-reservation 4m",
      { Memory: 1610612736, MemorySwap: -1, MemoryReservation: 4194304 },
    ],
    ["--cpus 1.5", { NanoCpus: 1.5e9 }],
    ["--cpus 1/2", { NanoCpus: 5e8 }],
    ["--pids-limit -1 --oom-kill-disable", { PidsLimit: -1, OomKillDisable: true }],
    [
      "--ulimit nofile=1:2 --ulimit core=-1",
      {
        Ulimits: [
          { Name: "nofile", Soft: 1, Hard: 2 },
          { Name: "core", Soft: -1, Hard: -1 },
        ],
      },
    ],
    ["--device-read-bps /dev/sda:1mb", { BlkioDeviceReadBps: [{ Path: "/dev/sda", Rate: 1048576 }] }],
    ["--device-write-iops /dev/sda:9", { BlkioDeviceWriteIOps: [{ Path: "/dev/sda", Rate: 9 }] }],
    [
      "--blkio-weight 10 --blkio-weight-device /dev/sda:100",
      { BlkioWeight: 10, BlkioWeightDevice: [{ Path: "/dev/sda", Weight: 100 }] },
    ],
    ["--device /dev/x", { Devices: [{ PathOnHost: "/dev/x", PathInContainer: "/dev/x", CgroupPermissions: "rwm" }] }],
    ["--device /dev/x:rw", { Devices: [{ PathOnHost: "/dev/x", PathInContainer: "/dev/x", CgroupPermissions: "rw" }] }],
    ["--device /dev/x:/y:r", { Devices: [{ PathOnHost: "/dev/x", PathInContainer: "/y", CgroupPermissions: "r" }] }],
    ["--device vendor.com/class=name", { DeviceRequests: [{ Driver: "cdi", DeviceIDs: ["vendor.com/class=name"] }] }],
    ["--gpus all", { DeviceRequests: [{ Count: -1, Capabilities: [["gpu"]] }] }],
    [
      '--gpus "device=1,2",capabilities=x',
      { DeviceRequests: [{ DeviceIDs: ["1", "2"], Capabilities: [["x", "gpu"]] }] },
    ],
    ["--restart on-failure:3", { RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 } }],
    ["--tmpfs /a:rw,size=1m --tmpfs /b", { Tmpfs: { "/a": "rw,size=1m", "/b": "" } }],
    [
      "--add-host a=::1 --add-host b:[::2] --add-host c:host-gateway",
      { ExtraHosts: ["a:::1", "b:::2", "c:host-gateway"] },
    ],
    ["--dns 1.1.1.1 --dns-search x. --dns-opt y", { Dns: ["1.1.1.1"], DnsSearch: ["x"], DnsOptions: ["y"] }],
    ["--init=false", { Init: false }],
    ["--sysctl net.a=b", { Sysctls: { "net.a": "b" } }],
    ["--security-opt systempaths=unconfined", { MaskedPaths: [], ReadonlyPaths: [], SecurityOpt: null }],
    ["--security-opt seccomp=profile.json", { SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'] }],
    ["--security-opt seccomp:unconfined", { SecurityOpt: ["seccomp:unconfined"] }],
    ["-p 80", { PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "" }] } }],
    ["-p [::1]:8080:80/udp", { PortBindings: { "80/udp": [{ HostIp: "::1", HostPort: "8080" }] } }],
    ["-p 8000-8002:80", { PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "8000-8002" }] } }],
    [
      "-p 127.0.0.1:8000-8001:80-81 -p 9:80",
      {
        PortBindings: {
          "80/tcp": [
            { HostIp: "127.0.0.1", HostPort: "8000" },
            { HostIp: "", HostPort: "9" },
          ],
          "81/tcp": [{ HostIp: "127.0.0.1", HostPort: "8001" }],
        },
      },
    ],
    ["-p target=80,published=8080,protocol=udp", { PortBindings: { "80/udp": [{ HostIp: "", HostPort: "8080" }] } }],
    ["-v /a:/b:ro,z -v vol:/x -v ~/x:/y", { Binds: ["/a:/b:ro,z", "vol:/x", "~/x:/y"] }],
    [
      "--mount type=bind,src=/a,dst=/b,readonly,bind-recursive=disabled",
      { Mounts: [{ Type: "bind", Source: "/a", Target: "/b", ReadOnly: true, BindOptions: { NonRecursive: true } }] },
    ],
    [
      '--mount dst=/a,"volume-opt=o=a,b",volume-driver=local,volume-label=x',
      {
        Mounts: [
          {
            Type: "volume",
            Target: "/a",
            VolumeOptions: { Labels: { x: "" }, DriverConfig: { Name: "local", Options: { o: "a,b" } } },
          },
        ],
      },
    ],
    [
      "--mount type=tmpfs,tmpfs-mode=1777,tmpfs-size=1m,dst=/a",
      { Mounts: [{ TmpfsOptions: { Mode: 0o1777, SizeBytes: 1048576 } }] },
    ],
  ])("of %s", async (line, wanted) => {
    expect((await bodyOf(line.split(" "))).HostConfig).toMatchObject(wanted);
  });

  test("relative sources are the user's", async () => {
    const { HostConfig: host } = await bodyOf(["-v", ".:/a", "-v", "../x/.:/b", "--mount", "type=bind,src=./c,dst=/c"]);
    expect(host.Binds).toEqual([`${cwd}:/a`, `${tmpdir()}/x:/b`]);
    expect(host.Mounts[0].Source).toBe(`${cwd}/c`);
  });
});

describe("networks", () => {
  test.each([
    ["--network host", "host", undefined],
    ["--net container:x", "container:x", undefined],
    ["--mac-address 92:d0:c6:0a:29:33", "default", { default: { MacAddress: "92:d0:c6:0a:29:33" } }],
    [
      "--network n --network-alias a --ip 1.2.3.4",
      "n",
      { n: { Aliases: ["a"], IPAMConfig: { IPv4Address: "1.2.3.4" } } },
    ],
    ["--network a --network b", "a", { a: {}, b: {} }],
    [
      "--network name=x,alias=a,ip6=::1,driver-opt=o=p,gw-priority=3",
      "x",
      { x: { Aliases: ["a"], IPAMConfig: { IPv6Address: "::1" }, DriverOpts: { o: "p" }, GwPriority: 3 } },
    ],
  ])("of %s", async (line, mode, endpoints) => {
    const body = await bodyOf(line.split(" "));
    expect(body.HostConfig.NetworkMode).toBe(mode);
    if (endpoints === undefined) expect(body.NetworkingConfig).toBeUndefined();
    else expect(body.NetworkingConfig.EndpointsConfig).toMatchObject(endpoints);
  });
});

const invalid = (flag: string, text: string, reason: string): string =>
  `invalid argument ${JSON.stringify(text)} for "${flag}" flag: ${reason}`;

test.each([
  ["-m x", invalid("-m, --memory", "x", "invalid size: 'x'")],
  ["-m 1x", invalid("-m, --memory", "1x", "invalid suffix: 'x'")],
  ["--memory-swap -2", invalid("--memory-swap", "-2", "invalid size: '-2'")],
  ["--memory-swappiness 101", "invalid value: 101. Valid memory swappiness range is 0-100"],
  ["--cpus x", invalid("--cpus", "x", "failed to parse x as a rational number")],
  ["--cpus 0.0000000001", invalid("--cpus", "0.0000000001", "value is too precise")],
  ["--ulimit nofile", invalid("--ulimit", "nofile", "invalid ulimit argument: nofile")],
  ["--ulimit x=1", invalid("--ulimit", "x=1", "invalid ulimit type: x")],
  [
    "--ulimit nofile=5:3",
    invalid("--ulimit", "nofile=5:3", "ulimit soft limit must be less than or equal to hard limit: 5 > 3"),
  ],
  [
    "--ulimit nofile=1:2:3",
    invalid(
      "--ulimit",
      "nofile=1:2:3",
      "too many limit value arguments - 1:2:3, can only have up to two, `soft[:hard]`",
    ),
  ],
  ["-e =x", invalid("-e, --env", "=x", "invalid environment variable: =x")],
  ["-l =x", invalid("-l, --label", "=x", "invalid label '=x': empty name")],
  ["--env-file nope", "open nope: no such file or directory"],
  ["--env-file spaced", "invalid env file (spaced): variable 'A B' contains whitespaces"],
  ["--env-file nameless", "invalid env file (nameless): no variable name on line '=x'"],
  ["--env-file latin", "invalid env file (latin): invalid utf8 bytes at line 2: [255 61 50]"],
  ["-v abc:", "invalid spec: abc:: empty section between colons"],
  ["-v /a:/b:ro:x", "invalid spec: /a:/b:ro:x: too many colons"],
  ["--mount foo", invalid("--mount", "foo", "invalid field 'foo' must be a key=value pair")],
  ["--mount x=y", invalid("--mount", "x=y", "unexpected key 'x' in 'x=y'")],
  ["--mount type=bind", invalid("--mount", "type=bind", "target is required")],
  [
    "--mount type=bind,dst=/b,volume-nocopy",
    invalid("--mount", "type=bind,dst=/b,volume-nocopy", "cannot mix 'volume-*' options with mount type 'bind'"),
  ],
  ["--mount type=tmpfs,tmpfs-mode=9", invalid("--mount", "type=tmpfs,tmpfs-mode=9", "invalid value for tmpfs-mode: 9")],
  ["-p x", "invalid containerPort: x"],
  ["-p 80/x", "invalid proto: x"],
  ["-p x.y:1:2", "invalid IP address: x.y"],
  ["-p 99999:1", "invalid hostPort: 99999"],
  ["-p 1-3:1-2", "invalid ranges specified for container and host Ports: 1-2 and 1-3"],
  ["--expose 80:80", "invalid port format for --expose: 80:80"],
  ["--expose 2-1", "invalid range format for --expose: 2-1, error: invalid range specified for port: 2-1"],
  ["--device x", "x is not an absolute path"],
  ["--device /dev/x:/y:q", "bad mode specified: q"],
  ["--device /a:/b:/c:d", "bad format for path: /a:/b:/c:d"],
  ["--device-cgroup-rule x", invalid("--device-cgroup-rule", "x", "invalid device cgroup format 'x'")],
  ["--blkio-weight-device sda:100", invalid("--blkio-weight-device", "sda:100", "bad format for device path: sda:100")],
  ["--gpus foo=x", invalid("--gpus", "foo=x", "unexpected key 'foo' in 'foo=x'")],
  ["--add-host h:300.1.1.1", invalid("--add-host", "h:300.1.1.1", 'invalid IP address in add-host: "300.1.1.1"')],
  ["--dns x", invalid("--dns", "x", "IP address is not correctly formatted: x")],
  ["--dns-search -x", invalid("--dns-search", "-x", "-x is not a valid domain")],
  ["--sysctl kernel.panic=1", invalid("--sysctl", "kernel.panic=1", "sysctl 'kernel.panic=1' is not allowed")],
  ["--mac-address x", "x is not a valid mac address"],
  ["--network a --network a", 'network "a" is specified multiple times'],
  [
    "--network bridge --network a",
    "conflicting options: cannot attach both user-defined and non-user-defined network-modes",
  ],
  ["--network-alias a", "network-scoped aliases are only supported for user-defined networks"],
  ["--network name=x,foo=a", invalid("--network", "name=x,foo=a", "invalid field key foo")],
  ["--pid x", "--pid: invalid PID mode"],
  ["--cgroupns x", "--cgroupns: invalid CGROUP mode"],
  ["--restart :1", "invalid restart policy format: no policy provided before colon"],
  ["--restart on-failure:x", "invalid restart policy format: maximum retry count must be an integer"],
  ["--rm --restart always", "conflicting options: cannot specify both --restart and --rm"],
  ["--log-driver none --log-opt a=b", "invalid logging opts for driver none"],
  ["--security-opt x", 'Invalid --security-opt: "x"'],
  ["--security-opt seccomp=nope", "opening seccomp profile (nope) failed: open nope: no such file or directory"],
  ["--storage-opt x", "invalid storage option"],
  ["--no-healthcheck --health-cmd x", "--no-healthcheck conflicts with --health-* options"],
  ["--health-interval 1", invalid("--health-interval", "1", 'time: missing unit in duration "1"')],
  ["--health-retries -1", "--health-retries cannot be negative"],
  ["-a x", invalid("-a, --attach", "x", "valid streams are STDIN, STDOUT and STDERR")],
])("%s is refused", async (line, message) => {
  expect(await bodyOf(line.split(" ")).then(JSON.stringify, messageOf)).toBe(message);
});
