import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { RemoteStep, type Host } from "./remote-step";

const TYPE = "homeport:containers:ContainerHost";

/** A registry and the account that pulls from it. */
export interface Registry {
  /** `ghcr.io`. */
  readonly server: string;
  readonly username: string;
  /** Secret. */
  readonly password: pulumi.Output<string>;
}

export interface ContainerHostArgs {
  readonly host: Host;
  /** The packages are there. */
  readonly packagesReady: pulumi.Resource;
  readonly registry: Registry;
}

/**
 * Docker on the host, and the one provider instance that speaks to it: through the local `ssh` with the pinned host
 * key, as the operator. Root is logged in to the registry as well, for whoever pulls on the host by hand (S1-6).
 */
export class ContainerHost extends pulumi.ComponentResource {
  readonly provider: docker.Provider;

  constructor(name: string, args: ContainerHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, { registry: args.registry.server }, opts);

    const engine = new RemoteStep(
      `${name}-engine`,
      {
        host: args.host,
        script: "50-docker.sh",
        libraries: ["docker-daemon.sh"],
        arguments: [args.host.user],
      },
      { parent: this, dependsOn: args.packagesReady },
    );
    const login = new RemoteStep(
      `${name}-login`,
      {
        host: args.host,
        script: "55-registry-login.sh",
        arguments: [args.registry.server, args.registry.username],
        stdin: args.registry.password,
      },
      { parent: this, dependsOn: engine },
    );
    this.provider = new docker.Provider(
      `${name}-provider`,
      {
        host: pulumi.interpolate`ssh://${args.host.user}@${args.host.address}`,
        // Without a timeout among these options the plugin adds its own of 30 s, which beats the file's.
        sshOpts: ["-F", args.host.sshConfig, "-o", "ConnectTimeout=10"],
        // A preview must work while the server is gone.
        disableDockerDaemonCheck: true,
        registryAuth: [
          {
            address: args.registry.server,
            username: args.registry.username,
            password: args.registry.password,
          },
        ],
      },
      // A token that the registry refuses is told by the login, in one line, before any pull fails by it.
      { parent: this, dependsOn: [engine, login] },
    );

    this.registerOutputs({});
  }
}
