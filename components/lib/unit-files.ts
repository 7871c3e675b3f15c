import { sharedPath, socketOf, type Unit } from "./system-units";

/** Where systemd looks for the files of administrators. */
const UNITS = "/etc/systemd/system";

/** What a unit may not do, whatever its code is made to do. */
const SANDBOX = `NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
UMask=0027
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectProc=invisible
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
InaccessiblePaths=-/etc/homeport -/var/lib/homeport -/opt/backups -/var/lib/docker -/run/docker.sock`;

/** Five failed starts in five minutes, and systemd gives up: a unit that can't start shall be seen. */
const START_LIMIT = "StartLimitIntervalSec=300\nStartLimitBurst=5";

/** The unit's own service: no secret in it, since everybody may read it and what `systemctl show` tells (H9). */
export function renderService(unit: Unit, system: string): string {
  const before = unit.beforeStart.length === 0 ? "" : `ExecStartPre=${commandLine(unit, unit.beforeStart)}\n`;
  const memory = unit.memoryMb === undefined ? "" : `MemoryMax=${unit.memoryMb}M\n`;
  const writable = Object.keys(unit.writable).map(
    (each) => `ReadWritePaths=${sharedPath(unit.folder, each)}\n`,
  );
  return `# Written by Homeport.
[Unit]
Description=${unit.name} of ${system}
After=network-online.target
Wants=network-online.target
${START_LIMIT}

[Service]
Type=exec
User=${unit.user}
Group=${unit.user}
WorkingDirectory=${unit.folder}/current
EnvironmentFile=${unit.folder}/.env
${before}ExecStart=${commandLine(unit, unit.command)}
Restart=${unit.restart}
RestartSec=2
TimeoutStartSec=${unit.startSeconds}
TimeoutStopSec=${unit.stopGracePeriodSeconds}
${memory}${writable.join("")}${SANDBOX}
InaccessiblePaths=-${unit.folder}/.env

[Install]
WantedBy=multi-user.target
`;
}

/** What lets the proxy's container reach a unit that listens on loopback alone: no port is opened for it. */
export function renderSocket(unit: Unit): string {
  return `# Written by Homeport.
[Unit]
Description=The proxy's way to ${unit.name}

[Socket]
ListenStream=${socketOf(unit.name)}
SocketMode=0666
DirectoryMode=0711

[Install]
WantedBy=sockets.target
`;
}

export function renderSocketService(unit: Unit): string {
  return `# Written by Homeport.
[Unit]
Description=The proxy's way to ${unit.name}
Requires=${socketName(unit.name)}.socket

[Service]
ExecStart=/usr/lib/systemd/systemd-socket-proxyd --connections-max=1024 127.0.0.1:${unit.port}
User=${unit.user}
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
RestrictAddressFamilies=AF_INET AF_UNIX
InaccessiblePaths=-${unit.folder} -/etc/homeport -/run/docker.sock
`;
}

/** Path of each of a unit's files -> its text; the service is the first. */
export function unitFiles(unit: Unit, system: string): readonly (readonly [string, string])[] {
  return [
    [`${UNITS}/${unit.name}.service`, renderService(unit, system)],
    [`${UNITS}/${socketName(unit.name)}.socket`, renderSocket(unit)],
    [`${UNITS}/${socketName(unit.name)}.service`, renderSocketService(unit)],
  ];
}

/** As systemd's EnvironmentFile and a shell read it alike: any text, line breaks included. */
export function renderEnvironment(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}="${value.replaceAll(/["\\$`]/g, "\\$&")}"\n`)
    .join("");
}

/** Values of a unit's secrets by the names that its environment has for them. */
export function namedSecrets(
  { secretsAs }: Unit,
  values: Readonly<Record<string, string>>,
): Record<string, string> {
  const entries = Object.entries(values);
  return Object.fromEntries(entries.map(([name, value]) => [secretsAs[name] ?? name, value]));
}

function socketName(name: string): string {
  return `homeport-unit-${name}`;
}

/** Each word quoted for systemd, whose `%` and `$` would mean something else. */
function commandLine(unit: Unit, [program = "", ...words]: readonly string[]): string {
  const path =
    program.includes("/") && !program.startsWith("/") ? `${unit.folder}/current/${program}` : program;
  const quoted = words.map((word) => `"${word.replaceAll(/["\\]/g, "\\$&").replaceAll(/[%$]/g, "$&$&")}"`);
  return [path, ...quoted].join(" ");
}
