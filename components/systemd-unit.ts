import * as pulumi from "@pulumi/pulumi";
import { readCodeTree } from "./lib/code-tree";
import { serverFile, stdinLine } from "./lib/scripts";
import type { System } from "./lib/system";
import { limitedUnits, type Unit } from "./lib/system-units";
import { namedSecrets, renderEnvironment, unitFiles } from "./lib/unit-files";
import { CodeStep, RemoteStep, type Host } from "./remote-step";
import type { Secrets } from "./secrets";

const TYPE = "homeport:units:SystemdUnit";

export interface SystemdUnitArgs {
  readonly unit: Unit;
  /** Name of the system, for the descriptions that systemd shows. */
  readonly system: string;
  readonly host: Host;
  /** The stack's values over the spec's, and the hosts of its sites. */
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: Secrets;
  /** The base packages are there. */
  readonly packagesReady: pulumi.Resource;
  /** What has to be there before it starts: its directories with the data of the server before. @default nothing */
  readonly beforeStart?: readonly pulumi.Resource[];
}

/**
 * An application without a container, in the order secrets, code, start (S2-13): its account and environment, a release
 * of its code beside the former ones, then the switch to it, the restart and its answer. What does not answer gives way
 * to what ran before (S2-24). Secrets alone and code alone are steps of their own (S2-9, S2-12).
 */
export class SystemdUnit extends pulumi.ComponentResource {
  /** It answers. */
  readonly started: pulumi.Resource;

  constructor(name: string, args: SystemdUnitArgs, opts?: pulumi.ComponentResourceOptions) {
    const { unit, host } = args;
    const { folder, user, runtime, packages, writable } = unit;
    const installed = [runtime, packages.join(" "), Object.keys(writable).join(" ")];
    const excludes = [...unit.excludes, ...Object.keys(writable)];
    const tree = readCodeTree(`units.${unit.name}`, unit.source, excludes, JSON.stringify(installed));
    super(TYPE, name, { unit: unit.name, release: tree.release }, opts);

    const text = this.environmentText(args);
    const environment = new RemoteStep(
      `${name}-environment`,
      { host, script: "74-unit-environment.sh", arguments: [folder, user, String(unit.uid)], stdin: text },
      { parent: this, dependsOn: args.packagesReady },
    );
    const code = new CodeStep(
      `${name}-code`,
      {
        ...{ host, script: "75-unit-code.sh", source: unit.source, manifest: tree.manifest },
        arguments: [folder, user, tree.release, ...installed],
      },
      { parent: this, dependsOn: environment },
    );
    this.started = this.start(name, args, tree.release, text, code);
    this.registerOutputs({});
  }

  private start(
    name: string,
    { unit, system, host, beforeStart = [] }: SystemdUnitArgs,
    release: string,
    environment: pulumi.Output<string>,
    code: pulumi.Resource,
  ): pulumi.Resource {
    const files = unitFiles(unit, system).map(([path, text]) => stdinLine("file", path, text));
    const secret = environment.apply((text) => stdinLine("environment", ".env", text));
    const { folder, user, port, healthPath, startSeconds } = unit;
    return new RemoteStep(
      `${name}-start`,
      {
        ...{ host, script: "76-unit.sh", libraries: ["unit.sh"] },
        arguments: [unit.name, folder, user, release, String(port), healthPath, String(startSeconds)],
        stdin: pulumi.concat(...files, secret),
      },
      { parent: this, dependsOn: [code, ...beforeStart] },
    );
  }

  private environmentText({ unit, environment, secrets }: SystemdUnitArgs): pulumi.Output<string> {
    return pulumi
      .all(secrets.of(unit))
      .apply((values) => renderEnvironment({ ...environment, ...namedSecrets(unit, values) }));
  }
}

export interface UnitsArgs extends Omit<SystemdUnitArgs, "unit" | "system" | "environment"> {
  /** Unit -> its values. */
  readonly environment: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** All of a system's, and what measures them; gives what starts them. */
export function createUnits(system: System, { environment, ...args }: UnitsArgs): pulumi.Resource[] {
  const started = system.units.map(
    (unit) =>
      new SystemdUnit(`units-${unit.name}`, {
        ...{ ...args, unit, system: system.name },
        environment: environment[unit.name] ?? {},
      }).started,
  );
  createLimits(system.units, args.host, started);
  return started;
}

/** What tells when a unit uses more than the spec says (S2-23): a timer on the host. Nothing where no unit has limits. */
function createLimits(
  units: readonly Unit[],
  host: Host,
  after: readonly pulumi.Resource[],
): pulumi.Resource | undefined {
  const limited = limitedUnits(units);
  if (limited.length === 0) return undefined;
  const lines = limited.map(({ name, folder, port, healthPath, limits }) =>
    stdinLine("limits", name, JSON.stringify({ unit: name, folder, port, path: healthPath, limits })),
  );
  const script = stdinLine("script", "homeport-limits", serverFile("limits.sh"));
  return new RemoteStep(
    "units-limits",
    { host, script: "78-unit-limits.sh", stdin: [script, ...lines].join("") },
    { dependsOn: [...after] },
  );
}
