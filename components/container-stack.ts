import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { containerArgs } from "./lib/container-args";
import { imageBytes } from "./lib/image-size";
import {
  environmentFiles,
  environmentStepName,
  fileValues,
  renderEnvironmentFile,
  type EnvironmentFile,
} from "./lib/environment-file";
import { serverFile } from "./lib/scripts";
import { shellQuote } from "./lib/shell";
import type { Service, System } from "./lib/system";
import { databaseServices, startOrder } from "./lib/system-dependencies";
import { RemoteStep, type Host } from "./remote-step";
import type { Secrets } from "./secrets";

const TYPE = "homeport:containers:ContainerStack";

export interface ContainerStackArgs {
  readonly system: System;
  readonly host: Host;
  /** Service -> image reference, all pinned. */
  readonly images: Readonly<Record<string, string>>;
  /** Service -> environment with the stack's overrides and the site's hosts in it. */
  readonly environment: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly secrets: Secrets;
  readonly provider: docker.Provider;
  /** The firewall stands: a container may publish a port. */
  readonly hardened: pulumi.Resource;
  /** What every container waits for besides: the host's directories. @default nothing */
  readonly after?: readonly pulumi.Resource[];
  /** What has to happen between the databases, with all volumes, and whatever asks them. @default nothing */
  readonly beforeApplication?: (ready: readonly pulumi.Resource[]) => readonly pulumi.Resource[];
}

/**
 * The containers of a system, with their network, volumes, images and secret files. Start-first services carry no
 * name of their own: the new container is healthy before the old one goes (S1-21).
 */
export class ContainerStack extends pulumi.ComponentResource {
  /** Service -> its running container. */
  readonly containers: Readonly<Record<string, docker.Container>>;
  readonly networkName: pulumi.Output<string>;
  private readonly onHost: pulumi.CustomResourceOptions;

  constructor(name: string, args: ContainerStackArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, { system: args.system.name, images: args.images }, opts);
    this.onHost = { parent: this, provider: args.provider, deletedWith: args.host.server };

    const network = new docker.Network(`${name}-network`, { name: args.system.name }, this.onHost);
    const volumes = this.createVolumes(name, args.system);
    const entrypoint = this.installEntrypoint(name, args);
    environmentFiles(args.system).forEach((file) => this.writeEnvironmentFile(name, file, args));
    this.networkName = network.name;
    this.containers = this.createContainers(name, args, [...volumes, entrypoint, ...(args.after ?? [])]);

    this.registerOutputs({ networkName: this.networkName });
  }

  private createVolumes(name: string, system: System): docker.Volume[] {
    const volumes = Object.values(system.services).flatMap((service) => Object.keys(service.volumes));
    return [...new Set(volumes)].map(
      (volume) =>
        new docker.Volume(
          `${name}-${volume}`,
          { name: volume },
          // A volume's id is its name: a replacement would delete the live data it has just "created".
          { ...this.onHost, retainOnDelete: true },
        ),
    );
  }

  private installEntrypoint(name: string, args: ContainerStackArgs): pulumi.Resource {
    return new RemoteStep(
      `${name}-entrypoint`,
      { host: args.host, script: "61-entrypoint.sh", stdin: serverFile("with-secrets") },
      { parent: this, dependsOn: args.provider },
    );
  }

  /** The values that its services' containers have, as Compose and a shell read them; goes when nobody names it (S3-7). */
  private writeEnvironmentFile(
    name: string,
    file: EnvironmentFile,
    { host, environment, secrets, provider }: ContainerStackArgs,
  ): void {
    const content = pulumi
      .all(secrets.of(file))
      .apply((values) => renderEnvironmentFile(fileValues(file, environment, values)));
    new RemoteStep(
      environmentStepName(name, file.path),
      {
        ...{ host, script: "62-environment-file.sh", arguments: [file.path], stdin: content },
        // the input comes again: sshd gives no status of a command that ends before it has read it
        undo: `cat >/dev/null && sudo -n rm -f -- ${shellQuote(file.path)}`,
      },
      { parent: this, dependsOn: provider },
    );
  }

  /**
   * Databases first, and what has to happen after them; then each service after those that it depends on, or those
   * before it in the spec.
   */
  private createContainers(
    name: string,
    args: ContainerStackArgs,
    first: readonly pulumi.Resource[],
  ): Record<string, docker.Container> {
    const { services } = args.system;
    const containers: Record<string, docker.Container> = {};
    const before = [...first];
    const create = (service: Service, always: readonly pulumi.Resource[]): void => {
      const named = service.dependsOn?.flatMap((other) => containers[other] ?? []);
      const waitsFor = named === undefined ? before : [...always, ...named];
      containers[service.name] = this.createContainer(name, service, args, [...waitsFor]);
      before.push(containers[service.name] as docker.Container);
    };
    const order = startOrder(services).flatMap((each) => services[each] ?? []);
    const holders = databaseServices(args.system);
    const databases =
      args.beforeApplication === undefined ? [] : order.filter((each) => holders.includes(each.name));
    databases.forEach((service) => create(service, first));
    before.push(...(args.beforeApplication?.([...before]) ?? []));
    const always = [...before];
    order.filter((service) => !databases.includes(service)).forEach((service) => create(service, always));
    return containers;
  }

  private createContainer(
    name: string,
    service: Service,
    args: ContainerStackArgs,
    before: pulumi.Resource[],
  ): docker.Container {
    const image = new docker.RemoteImage(
      `${name}-${service.name}-image`,
      { name: args.images[service.name] ?? "", keepLocally: true },
      this.onHost,
    );
    const files = [
      ...this.installSecrets(name, service, args),
      ...this.weighImage(name, service, args, image),
    ];
    return new docker.Container(
      `${name}-${service.name}`,
      containerArgs({
        system: args.system.name,
        service,
        environment: args.environment[service.name] ?? {},
        imageId: image.imageId,
        networkName: this.networkName,
        secretsVersion: args.secrets.versionOf(service),
      }),
      {
        ...this.onHost,
        dependsOn: [args.hardened, ...files, ...before],
        // The plugin's own answer is true, which for a start-first service would be an interruption.
        deleteBeforeReplace: service.strategy === "stop-first",
        // The plugin would note another health check and leave the container with the old one.
        replaceOnChanges: ["healthcheck"],
        customTimeouts: { create: "10m", delete: "10m" },
      },
    );
  }

  /** After the pull, before anything gives way to the image (S4-1). */
  private weighImage(
    name: string,
    service: Service,
    args: ContainerStackArgs,
    image: docker.RemoteImage,
  ): pulumi.Resource[] {
    const { maxImageSize } = service;
    if (maxImageSize === undefined) return [];
    const limit = String(imageBytes(maxImageSize));
    const step = new RemoteStep(
      `${name}-${service.name}-image-size`,
      {
        host: args.host,
        script: "63-image-size.sh",
        arguments: [service.name, args.images[service.name] ?? "", image.imageId, limit],
      },
      { parent: this },
    );
    return [step];
  }

  private installSecrets(name: string, service: Service, args: ContainerStackArgs): pulumi.Resource[] {
    const secrets = Object.entries(args.secrets.of(service));
    if (secrets.length === 0) return [];
    const lines = secrets.map(([secret, value]) =>
      value.apply((text) => `${secret}=${Buffer.from(text).toString("base64")}\n`),
    );
    const step = new RemoteStep(
      `${name}-${service.name}-secrets`,
      {
        host: args.host,
        script: "60-secrets.sh",
        arguments: [service.name, service.user ?? "0:0"],
        stdin: pulumi.concat(...lines),
      },
      { parent: this, dependsOn: args.provider },
    );
    return [step];
  }
}
