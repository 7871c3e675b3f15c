import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { PROXY_PROGRAMS, proxyVolumes } from "./lib/proxy-kinds";
import { fullHostname, type System } from "./lib/system";
import type { AccessLog } from "./lib/system-access-log";
import { SOCKETS } from "./lib/system-units";
import { RemoteStep, type Host } from "./remote-step";

const TYPE = "homeport:containers:Proxy";

export interface ProxyArgs {
  readonly system: System;
  readonly domain: string;
  /** Of the system's kind of proxy, pinned. */
  readonly image: string;
  /** Whose word on the visitor's address is believed, CIDRs. */
  readonly edgeCidrs: pulumi.Input<readonly string[]>;
  readonly host: Host;
  readonly provider: docker.Provider;
  readonly networkName: pulumi.Input<string>;
  /** Service -> its running container. */
  readonly containers: Readonly<Record<string, docker.Container>>;
  /** The units that sites route to answer. @default there is none */
  readonly units?: readonly pulumi.Resource[];
  /** The certificate is on the host. */
  readonly certificateInstalled: pulumi.Resource;
  /** The firewall stands: ports may be published. */
  readonly hardened: pulumi.Resource;
}

/**
 * The one container that publishes ports: Caddy or nginx with the origin's certificate, in front of the system's sites
 * (S1-21). A new version of a service is switched to by name and reload; requests under way end where they began.
 */
export class Proxy extends pulumi.ComponentResource {
  /** The sites answer on the host itself, over TLS, with the right certificate. */
  readonly answers: readonly pulumi.Resource[];

  constructor(name: string, args: ProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, { domain: args.domain, image: args.image }, opts);

    const routes = this.createRoutes(name, args);
    const image = this.createImage(name, args);
    const config = this.createConfig(name, args, image, routes);
    const container = this.createContainer(name, args, image, config);
    this.answers = this.proveAnswers(name, args, container, routes);

    this.registerOutputs({});
  }

  private createImage(name: string, args: ProxyArgs): docker.RemoteImage {
    return new docker.RemoteImage(
      `${name}-image`,
      { name: args.image, keepLocally: true },
      { parent: this, provider: args.provider, deletedWith: args.host.server },
    );
  }

  /** One per service that a site routes to: its triggers are the container's, so it moves with every new one. */
  private createRoutes(name: string, args: ProxyArgs): pulumi.Resource[] {
    const routes = args.system.sites.flatMap((site) => site.routes).filter((r) => r.socket === undefined);
    const ports = new Map(routes.map((r) => [r.service, r.port]));
    return [...ports].map(([service, port]) => {
      const container = args.containers[service];
      if (container === undefined)
        throw new pulumi.ResourceError(`service ${service} has no container`, this);
      return new RemoteStep(
        `${name}-route-${service}`,
        {
          host: args.host,
          script: "72-route.sh",
          libraries: ["proxy.sh"],
          arguments: [args.system.proxy, service, container.name, String(port)],
        },
        { parent: this, dependsOn: args.certificateInstalled },
      );
    });
  }

  private createConfig(
    name: string,
    args: ProxyArgs,
    image: docker.RemoteImage,
    routes: pulumi.Resource[],
  ): pulumi.Resource {
    const { sites, proxy, accessLog } = args.system;
    const text = pulumi
      .output(args.edgeCidrs)
      .apply((edgeCidrs) =>
        PROXY_PROGRAMS[proxy].render({ sites, domain: args.domain, edgeCidrs, accessLog }),
      );
    return new RemoteStep(
      `${name}-config`,
      {
        host: args.host,
        script: "71-proxy-config.sh",
        libraries: ["proxy.sh"],
        arguments: [proxy, image.imageId],
        stdin: text,
      },
      { parent: this, dependsOn: [args.certificateInstalled, ...routes] },
    );
  }

  private createContainer(
    name: string,
    args: ProxyArgs,
    image: docker.RemoteImage,
    config: pulumi.Resource,
  ): docker.Container {
    const { name: system, proxy, units, accessLog } = args.system;
    // the folder, not a socket: one that is made anew would stay the old one in a container
    const sockets = units.length === 0 ? [] : [{ hostPath: SOCKETS, containerPath: SOCKETS }];
    const { containerSuffix, command } = PROXY_PROGRAMS[proxy];
    const volumes = proxyVolumes(args.system);
    const other = proxy === "caddy" ? "nginx" : "caddy";
    return new docker.Container(
      `${name}-${proxy}`,
      {
        name: `${system}-${containerSuffix}`,
        image: image.imageId,
        ...(command === undefined ? {} : { command: [...command] }),
        ports: [80, 443].map((port) => ({ internal: port, external: port, protocol: "tcp" })),
        volumes: [...volumes, ...sockets].map((volume) => ({ ...volume })),
        networksAdvanced: [{ name: args.networkName }],
        labels: [
          { label: "homeport.service", value: "proxy" },
          { label: "homeport.system", value: system },
          ...(accessLog === undefined ? [] : [{ label: "homeport.access-log", value: rotation(accessLog) }]),
        ],
        restart: "unless-stopped",
        mustRun: true,
        destroyGraceSeconds: 30,
      },
      {
        parent: this,
        provider: args.provider,
        deletedWith: args.host.server,
        deleteBeforeReplace: true, // two cannot publish the same port
        aliases: [{ name: `${name}-${other}` }], // so that one proxy takes the other's place
        dependsOn: [args.hardened, config, ...(args.units ?? [])],
      },
    );
  }

  /** One step per health path: each asks the hosts of the sites that have it. */
  private proveAnswers(
    name: string,
    args: ProxyArgs,
    container: docker.Container,
    routes: pulumi.Resource[],
  ): pulumi.Resource[] {
    const { sites } = args.system;
    const paths = [...new Set(sites.map((site) => site.healthPath))];
    return paths.map((path, index) => {
      const asked = sites.filter((site) => site.healthPath === path);
      return new RemoteStep(
        index === 0 ? `${name}-answers` : `${name}-answers-${index + 1}`,
        {
          host: args.host,
          script: "80-origin-answers.sh",
          arguments: [path, ...asked.map((site) => fullHostname(site.hostname, args.domain))],
          triggers: [container.id],
        },
        { parent: this, dependsOn: [container, ...routes] },
      );
    });
  }
}

/** A reload leaves a log that is open as it is: other numbers want another container. */
function rotation({ rollSizeMb, rollKeep, rollKeepDays }: AccessLog): string {
  return `${rollSizeMb} MiB, ${rollKeep}, ${rollKeepDays} d`;
}
