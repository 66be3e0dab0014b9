/** The systemd units: the socket exists from boot on, and containers outlive the engine behind it. */

export interface UnitSettings {
  readonly binary: string;
  readonly root: string;
  readonly run: string;
  readonly group: string;
  /** Where clients of Docker look; undefined leaves it alone. */
  readonly dockerSocket: string | undefined;
}

export function socketUnit({ run, group, dockerSocket }: UnitSettings): string {
  return `[Unit]
Description=Socket of the tare container engine

[Socket]
ListenStream=${escaped(run)}/tare.sock
${dockerSocket === undefined ? "" : `Symlinks=${escaped(dockerSocket)}\n`}SocketUser=root
SocketGroup=${group}
SocketMode=0660
DirectoryMode=0711
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
`;
}

/** KillMode=process: a stop or an upgrade ends the engine alone; the monitors and their containers go on. */
export function serviceUnit({ binary, root, run }: UnitSettings): string {
  const command = [binary, "engine", "--root", root, "--run", run, "--host", "fd://"].map(word).join(" ");
  return `[Unit]
Description=tare container engine
Requires=tare.socket
After=tare.socket network-online.target
Wants=network-online.target

[Service]
ExecStart=${command}
KillMode=process
Delegate=yes
Restart=always
RestartSec=1
OOMScoreAdjust=-500
LimitNOFILE=1048576
LimitNPROC=infinity
TasksMax=infinity

[Install]
WantedBy=multi-user.target
`;
}

/** systemd expands % everywhere (systemd.unit(5)). */
const escaped = (text: string): string => text.replaceAll("%", "%%");

/** One word of a command line (systemd.service(5)). */
function word(text: string): string {
  const plain = escaped(text).replaceAll("$", "$$$$");
  return /[\s"'\\;]/.test(plain) ? `"${plain.replace(/["\\]/g, "\\$&")}"` : plain;
}
