import { statesOf } from "../../components/lib/config-rules-variables";
import { covers, type VariableState } from "../../components/lib/system-variables";
import type { System } from "../../components/lib/system";
import { broken, checkOf, proven, type Check, type Expected, type Verdict } from "./check";
import { containersOf, type Container } from "./checks-containers";
import type { HostFacts } from "./facts";

/** What must hold of the variables that the system has rules for. */
export const VARIABLE_CHECKS: readonly Check[] = [
  checkOf(
    "S3-10",
    "what must be set is set, in the containers that run",
    "host",
    mustVerdict,
    ({ variables }) => variables !== undefined,
  ),
];

const REDO = "pulumi up --refresh";
const AUDIT = "homeport env audit --check-unused";

/** Every service that should have it has it: in plain with the stack's own value, or as a secret's file. */
export function mustVerdict(host: Pick<HostFacts, "containers">, expected: Expected): Verdict {
  const { system, config } = expected;
  const must = statesOf(system, config.environment, config.secretValues.kept).filter(
    ({ need }) => need === "must",
  );
  const wrong = must.find(({ status }) => status !== "set");
  if (wrong !== undefined) return broken(`${wrong.name} is ${wrong.status}`, AUDIT);
  const containers = containersOf(host);
  for (const state of must) {
    const without = servicesOf(state, system).find(
      (service) => !has(containers, service, state.name, expected),
    );
    if (without !== undefined) return broken(`${without} does not have ${state.name} as declared`, REDO);
  }
  return proven(`${must.length} variables`);
}

function servicesOf({ parts }: VariableState, { services }: System): string[] {
  return parts.filter((part) => services[part] !== undefined);
}

function has(
  containers: readonly Container[],
  service: string,
  pattern: string,
  { system, config }: Expected,
): boolean {
  const container = containers.find((each) => each.Config.Labels?.["homeport.service"] === service);
  const told = container?.Config.Env ?? [];
  const plain = Object.entries(config.environment[service] ?? {}).filter(([name]) => covers(pattern, name));
  const secrets = (system.services[service]?.secrets ?? []).filter((name) => covers(pattern, name));
  const isMounted = container?.Mounts?.some((mount) => mount.Destination === "/run/secrets") === true;
  return (
    plain.every(([name, value]) => told.includes(`${name}=${value}`)) && (secrets.length === 0 || isMounted)
  );
}
