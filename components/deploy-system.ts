import * as pulumi from "@pulumi/pulumi";
import { createAcme, type Acme } from "./acme";
import { Backup } from "./backup";
import { loadConfig, writeStackSshFiles, type StackConfig } from "./config";
import { ContainerHost } from "./container-host";
import { ContainerStack } from "./container-stack";
import { Dns } from "./dns";
import { EdgeRules } from "./edge-rules";
import { Files } from "./files";
import { Firewall } from "./firewall";
import { Hardening } from "./hardening";
import { createMonitors } from "./monitors";
import { labels as labelsOf, physicalName } from "./lib/names";
import { fullHostname, systemHostnames, type System } from "./lib/system";
import { rulesetPhases } from "./lib/system-edge";
import { backupTrees, hasSqlite } from "./lib/system-files";
import { withGivenSecrets } from "./lib/system-secrets";
import { OriginTls } from "./origin-tls";
import { PointInTime } from "./point-in-time";
import { collectResources, Protection } from "./protection";
import { Proxy } from "./proxy";
import type { Host } from "./remote-step";
import { Restore } from "./restore";
import { Rulesets } from "./rulesets";
import { Secrets } from "./secrets";
import { Server } from "./server";
import { SshIdentity } from "./ssh-identity";
import { createUnits } from "./systemd-unit";
import { turnstileKeys } from "./turnstile";
import { Zone } from "./zone";
import { edgeOf } from "./lib/zone-plans";

/** What a program exports: the commands of `homeport` read these outputs. */
export interface DeployedSystem {
  /** Of the first site. */
  readonly url: string;
  readonly serverIp: pulumi.Output<string>;
  readonly serverId: pulumi.Output<string>;
  readonly serverName: string;
  readonly zoneId: pulumi.Output<string>;
  /** The command that opens a shell on the server. */
  readonly ssh: pulumi.Output<string>;
  /** Secret. Every secret of the system by name, as its containers have it (H1). */
  readonly secretValues: pulumi.Output<Record<string, string>>;
  /** PEM. */
  readonly originCertificate: pulumi.Output<string>;
  /** PEM, secret. */
  readonly originPrivateKey: pulumi.Output<string>;
}

/**
 * Puts a system on one server: from the stack's config to its records, in the order in which nobody is let in before
 * there is something to verify. A function and no component: its parts stand at the top of the stack, by their names.
 *
 * zone      looked up: where the domain is, and whom the origin listens to
 * server    identity, firewall, server, hardening: a host that is known by its own key
 * system    docker, secrets, backup, the services (between databases and applications: restore, point in time),
 *           origin certificate, proxy, and the proof that a backup can be restored
 * way in    strict SSL once the origin answers, records once strict is set
 * whole     with homeport:protect, all of this is destroyed together or not at all
 *
 * @throws ConfigError with every fault of the stack's config, before anything is asked of an API.
 */
export function deploySystem(declared: System): DeployedSystem {
  const config = loadConfig(declared);
  const sshConfig = writeStackSshFiles(declared).config;
  const system = withGivenSecrets(declared, Object.keys(config.keptSecrets));

  const made = collectResources();
  const zone = new Zone("zone", { domain: config.domain, expectedRanges: config.edgeCidrs });
  const machine = createServer(system, config, zone, sshConfig);
  const running = runContainers(system, config, zone, machine);
  letVisitorsIn(system, config, zone, machine.server, running);
  // Last: it stands on all of them.
  new Protection("protection", { parts: [...made], isEnabled: config.protect });

  const { server } = machine;
  return {
    url: `https://${fullHostname(system.sites[0]?.hostname ?? "@", config.domain)}`,
    serverIp: server.address,
    serverId: server.serverId,
    serverName: physicalName(system.name, config.stack),
    zoneId: zone.zoneId,
    ssh: pulumi.interpolate`ssh -F ${sshConfig} ${config.operatorUser}@${server.address}`,
    secretValues: pulumi.secret(pulumi.all(running.secrets.secretValues)),
    originCertificate: running.originTls.certificate,
    originPrivateKey: pulumi.secret(running.originTls.privateKey),
  };
}

interface Machine {
  readonly server: Server;
  readonly host: Host;
  readonly hardening: Hardening;
}

/** Who is who, and the server behind its provider's firewall: hardened, and known by its own host key. */
function createServer(system: System, config: StackConfig, zone: Zone, sshConfig: string): Machine {
  const { stack, operatorUser, operatorPublicKey } = config;
  const name = physicalName(system.name, stack);
  const labels = labelsOf(system.name, stack);
  const identity = new SshIdentity("identity", { keyName: name, operatorPublicKey, labels });
  const firewall = new Firewall("firewall", {
    ...{ firewallName: name, adminCidrs: config.adminCidrs, labels },
    edgeCidrs: zone.edgeCidrs,
  });
  const server = new Server("server", {
    ...{ serverName: name, serverType: config.serverType, location: config.location },
    ...{ image: config.serverImage, operatorUser, operatorPublicKey, identity, labels },
    firewallId: firewall.firewallId,
    hcloud: config.hcloud,
    enableProtection: config.protect,
    repairCommand: `npx homeport deploy --stack ${stack}`,
  });
  const host: Host = {
    ...{ serverId: server.serverId, address: server.address, server: server.resource, sshConfig },
    user: operatorUser,
    privateKey: config.operatorPrivateKey,
    hostKey: config.hostPublicKey,
  };
  const hardening = new Hardening("hardening", {
    newborn: { ...host, hostKey: identity.bootstrapPublicKey },
    ...{ host, running: server.running },
    hostPrivateKey: config.hostPrivateKey,
    ...{ upgradeSchedule: config.upgradeSchedule, upgradeReboot: config.upgradeReboot },
    packages: system.packages,
  });
  return { server, host, hardening };
}

interface Running {
  readonly secrets: Secrets;
  readonly originTls: OriginTls;
  /** Only where a site has a certificate of Let's Encrypt. */
  readonly acme: Acme | undefined;
  readonly proxy: Proxy;
  readonly backedUp: readonly pulumi.Resource[];
}

/** The system's secrets, its containers, and the proxy with the certificate that the edge verifies. */
function runContainers(system: System, config: StackConfig, zone: Zone, machine: Machine): Running {
  const { stack, domain, images, environment } = config;
  const { host, hardening } = machine;
  const { packagesReady } = hardening;
  const { provider } = new ContainerHost("docker", { host, packagesReady, registry: config.registry });
  const issued = turnstileKeys(system, config, zone.accountId);
  const secrets = new Secrets("secrets", { system, kept: config.keptSecrets, issued });
  // Before the databases: a new server restores from where the one before has put its backups.
  const backup = new Backup("backup", { host, system, stack, backup: config.backup, packagesReady });
  const compared: pulumi.Resource[] = [];
  const app = new ContainerStack("app", {
    ...{ system, host, images, environment, secrets, provider, hardened: hardening },
    // Directories are there before a container mounts them.
    after: hasFolders(system) ? [new Files("files", { host, system, packagesReady }).made] : [],
    // A new server's databases are what they were on the one before, when the application meets them.
    beforeApplication: (ready) => {
      if (backup.installed.length === 0) return [];
      const restored = new Restore("restore", {
        ...{ host, mode: config.restore, databases: backup.names, hasFiles: backupTrees(system).length > 0 },
        after: [...backup.installed, ...ready],
      });
      compared.push(...restored.compared);
      // From here on the log leaves the server as it is written; nobody waits for it.
      const { pointInTime } = config;
      new PointInTime("point-in-time", { host, system, pointInTime, after: restored.compared });
      return restored.compared;
    },
  });
  const beforeStart = [...Object.values(app.containers), ...compared];
  const units = createUnits(system, { host, environment, secrets, packagesReady, beforeStart });
  const hostnames = systemHostnames(system, domain);
  const originTls = new OriginTls("origin", {
    ...{ host, proxy: system.proxy, hostnames, packagesReady },
    owner: physicalName(system.name, stack),
  });
  const ready = [...Object.values(app.containers), ...units];
  const acme = createAcme({ host, system, domain, dnsToken: config.acmeDnsToken, originTls, after: ready });
  const proxy = new Proxy("proxy", {
    ...{ system, domain, host, provider, hardened: hardening },
    image: images.proxy ?? "",
    edgeCidrs: zone.edgeCidrs,
    networkName: app.networkName,
    containers: app.containers,
    units,
    certificateInstalled: acme?.installed ?? originTls.installed,
  });
  // A backup that was restored and compared, before anybody hears that the system is up (S1-28).
  const backedUp = backup.prove(ready);
  return { secrets, originTls, acme, proxy, backedUp };
}

/** Last the way in: strict once the origin answers, records once strict and the edge's rules are set, then monitors. */
function letVisitorsIn(
  system: System,
  config: StackConfig,
  zone: Zone,
  server: Server,
  running: Running,
): void {
  const { domain, stack, strictNeighbours } = config;
  const hostnames = systemHostnames(system, domain);
  const { zoneId } = zone;
  const edge = new EdgeRules("edge", {
    ...{ stack, hostnames, zoneId, strictNeighbours },
    originAnswers: running.proxy.answers,
  });
  const owner = physicalName(system.name, stack);
  const declared = edgeOf(system.edge, config);
  const rules = rulesetPhases(declared).length > 0;
  const rulesets = rules ? new Rulesets("rulesets", { zoneId, edge: declared, owner }).rulesets : [];
  const dns = new Dns("dns", {
    ...{ domain, hostnames, zoneId, owner, mail: system.mail },
    address: server.address,
    recordType: config.wwwRecord,
    edgeReady: [edge.strict, ...rulesets],
  });
  running.acme?.onceVisitorsCome([dns]);
  const { secretValues } = running.secrets;
  const after = [dns, ...running.backedUp];
  createMonitors({
    accountId: zone.accountId,
    zoneId,
    system,
    edge: declared,
    domain,
    owner,
    secretValues,
    after,
  });
}

/** Directories of the host that the system speaks of, or what lies in them. */
function hasFolders(system: System): boolean {
  return system.files.length > 0 || hasSqlite(system);
}
