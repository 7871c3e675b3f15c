import * as pulumi from "@pulumi/pulumi";
import { Backup } from "./components/backup";
import { loadConfig, writeStackSshFiles } from "./components/config";
import { ContainerHost } from "./components/container-host";
import { ContainerStack } from "./components/container-stack";
import { Dns } from "./components/dns";
import { EdgeRules } from "./components/edge-rules";
import { Files } from "./components/files";
import { Firewall } from "./components/firewall";
import { Hardening } from "./components/hardening";
import { labels as labelsOf, physicalName } from "./components/lib/names";
import { backupTrees, hasSqlite } from "./components/lib/system-files";
import { systemHostnames } from "./components/lib/system";
import { OriginTls } from "./components/origin-tls";
import { PointInTime } from "./components/point-in-time";
import { Proxy } from "./components/proxy";
import type { Host } from "./components/remote-step";
import { Restore } from "./components/restore";
import { Secrets } from "./components/secrets";
import { Server } from "./components/server";
import { SshIdentity } from "./components/ssh-identity";
import { Zone } from "./components/zone";
import { runningCalendar as system } from "./systems/running-calendar";

// Everything that can be wrong in the config is said here, at once, before anything is asked of an API.
const config = loadConfig(system);
const sshFiles = writeStackSshFiles(system);

const { stack, domain } = config;
const labels = labelsOf(system.name, stack);
const hostnames = systemHostnames(system, domain);

// What the edge is: its zone, looked up and not ours, and the ranges it calls from.
const zone = new Zone("zone", { domain, expectedRanges: config.edgeCidrs });

// Who is who, and the server behind its provider's firewall.
const identity = new SshIdentity("identity", {
  keyName: physicalName(system.name, stack),
  operatorPublicKey: config.operatorPublicKey,
  labels,
});
const firewall = new Firewall("firewall", {
  firewallName: physicalName(system.name, stack),
  adminCidrs: config.adminCidrs,
  edgeCidrs: zone.edgeCidrs,
  labels,
});
const server = new Server("server", {
  serverName: physicalName(system.name, stack),
  serverType: config.serverType,
  location: config.location,
  image: config.serverImage,
  operatorUser: config.operatorUser,
  operatorPublicKey: config.operatorPublicKey,
  identity,
  firewallId: firewall.firewallId,
  hcloud: config.hcloud,
  labels,
  enableProtection: config.protect,
  repairCommand: `npx homeport deploy --stack ${stack}`,
});

// The host: born with one host key, known by another from then on, hardened, with Docker.
const host: Host = {
  serverId: server.serverId,
  address: server.address,
  user: config.operatorUser,
  privateKey: config.operatorPrivateKey,
  hostKey: config.hostPublicKey,
  sshConfig: sshFiles.config,
  server: server.resource,
};
const hardening = new Hardening("hardening", {
  newborn: { ...host, hostKey: identity.bootstrapPublicKey },
  host,
  running: server.running,
  hostPrivateKey: config.hostPrivateKey,
  upgradeSchedule: config.upgradeSchedule,
});
const { packagesReady } = hardening;
const containerHost = new ContainerHost("docker", { host, packagesReady, registry: config.registry });
const { provider } = containerHost;

// The system: its secrets, its containers, and the proxy with the certificate that the edge verifies.
const secrets = new Secrets("secrets", { system, kept: config.keptSecrets });
const { images, environment } = config;
// Before the databases: a new server restores from where the one before has put its backups.
const backup = new Backup("backup", { host, system, stack, backup: config.backup, packagesReady });
const stackOfContainers = new ContainerStack("app", {
  ...{ system, host, images, environment, secrets, provider },
  hardened: hardening,
  // A new server's databases are what they were on the one before, when the application meets them.
  after:
    system.files.length === 0 && !hasSqlite(system)
      ? []
      : [new Files("files", { host, system, packagesReady }).made],
  beforeApplication: (ready) => {
    if (backup.installed.length === 0) return [];
    const { compared } = new Restore("restore", {
      ...{ host, mode: config.restore, databases: backup.names, hasFiles: backupTrees(system).length > 0 },
      after: [...backup.installed, ...ready],
    });
    // From here on the log leaves the server as it is written; nobody waits for it.
    new PointInTime("point-in-time", {
      ...{ host, system, pointInTime: config.pointInTime },
      after: compared,
    });
    return compared;
  },
});
const originTls = new OriginTls("origin", {
  ...{ host, proxy: system.proxy, hostnames, packagesReady },
  owner: physicalName(system.name, stack),
});
const proxy = new Proxy("proxy", {
  ...{ system, domain, host, provider },
  image: images.proxy ?? "",
  edgeCidrs: zone.edgeCidrs,
  networkName: stackOfContainers.networkName,
  containers: stackOfContainers.containers,
  certificateInstalled: originTls.installed,
  hardened: hardening,
});

// A backup that was restored and compared, before anybody hears that the system is up (S1-28).
backup.prove(Object.values(stackOfContainers.containers));

// Last the way in: strict once the origin answers, records once strict is set.
const edge = new EdgeRules("edge", {
  ...{ stack, hostnames },
  zoneId: zone.zoneId,
  strictNeighbours: config.strictNeighbours,
  originAnswers: proxy.answers,
});
new Dns("dns", {
  ...{ domain, hostnames },
  owner: physicalName(system.name, stack),
  zoneId: zone.zoneId,
  address: server.address,
  recordType: config.wwwRecord,
  edgeReady: edge.strict,
});

export const url = `https://${domain}`;
export const serverIp = server.address;
export const serverId = server.serverId;
export const serverName = physicalName(system.name, stack);
export const zoneId = zone.zoneId;
export const ssh = pulumi.interpolate`ssh -F ${sshFiles.config} ${config.operatorUser}@${server.address}`;
/** For `homeport kamal`: the same values as the containers have, made once (H1). */
export const secretValues = pulumi.secret(pulumi.all(secrets.secretValues));
export const originCertificate = originTls.certificate;
export const originPrivateKey = pulumi.secret(originTls.privateKey);
