import type * as pulumi from "@pulumi/pulumi";
import { serverFile, stdinLine } from "./lib/scripts";
import type { Unit } from "./lib/system-units";
import { RemoteStep, type Host } from "./remote-step";

/** What tells when a unit uses more than the spec says (S2-23): a timer on the host. Nothing where no unit has limits. */
export function createUnitLimits(
  units: readonly Unit[],
  host: Host,
  after: readonly pulumi.Resource[],
): pulumi.Resource | undefined {
  const limited = units.filter(({ limits }) => Object.keys(limits).length > 0);
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
