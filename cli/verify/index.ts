import { systemHostnames } from "../../components/lib/system";
import { isAnswerCheck } from "../../components/lib/system-checks";
import { failed } from "../cli-error";
import { cloudflareApi } from "../cloudflare";
import { hetznerApi } from "../hetzner";
import { stackSelector } from "../labels";
import type { PulumiStack, StackConfig } from "../pulumi";
import { checkedConfig, configSecrets } from "../stack-config";
import { serverOf } from "../stack-server";
import { generatedSecrets, stackOutputs, type StackExport } from "../stack-state";
import { firewallFacts, serverFacts, sshKeyFacts, zoneFacts } from "./api-facts";
import type { Check, Expected, Sources } from "./check";
import { BACKUP_CHECKS } from "./checks-backup";
import { CERTIFICATE_CHECKS } from "./checks-certificates";
import { CLOUD_CHECKS } from "./checks-cloud";
import { EDGE_CHECKS } from "./checks-edge";
import { CONTAINER_CHECKS } from "./checks-containers";
import { HOST_CHECKS } from "./checks-host";
import { closedPorts, OUTSIDE_CHECKS } from "./checks-outside";
import { UPKEEP_CHECKS } from "./checks-upkeep";
import { DIRECTORY_CHECKS, ownChecks } from "./checks-system";
import { DEMAND_CHECKS } from "./checks-demands";
import { LIMIT_CHECKS } from "./checks-limits";
import { UNIT_CHECKS } from "./checks-units";
import { PROXY_CHECKS } from "./checks-proxy";
import { VARIABLE_CHECKS } from "./checks-variables";
import { hostFacts } from "./facts";
import { ask } from "./http";
import { ruleFacts } from "./rule-facts";
import { systemFacts } from "./system-facts";
import type { Server } from "../ssh";
import { edgeFacts, mailFacts, reachFacts, resolveNames, routeFromEnvironment } from "./probes";
import { MAIL_CHECKS } from "./checks-mail";
import { POINT_IN_TIME_CHECKS } from "./checks-point-in-time";
import { once, runChecks, type CheckResult } from "./run-checks";
import { projectSystem } from "../system";

/** Every check, in the order of the requirements. */
export const CHECKS: readonly Check[] = [
  ...CLOUD_CHECKS,
  ...HOST_CHECKS,
  ...CERTIFICATE_CHECKS,
  ...PROXY_CHECKS,
  ...UPKEEP_CHECKS,
  ...BACKUP_CHECKS,
  ...POINT_IN_TIME_CHECKS,
  ...CONTAINER_CHECKS,
  ...DIRECTORY_CHECKS,
  ...DEMAND_CHECKS,
  ...UNIT_CHECKS,
  ...VARIABLE_CHECKS,
  ...EDGE_CHECKS,
  ...MAIL_CHECKS,
  ...LIMIT_CHECKS,
  ...OUTSIDE_CHECKS,
].sort(byId);

function byId(a: Check, b: Check): number {
  return a.id.localeCompare(b.id, "en", { numeric: true });
}

/** Proves the whole stack; `onResult` hears of each check as it ends. */
export async function verifyStack(
  stack: PulumiStack,
  onResult: (result: CheckResult) => void,
): Promise<CheckResult[]> {
  const [config, state] = await Promise.all([stack.config(), stack.export(true)]);
  const expected = expectedOf(stack.name, config, state);
  const general = CHECKS.filter(({ appliesTo }) => appliesTo?.(expected.system) ?? true);
  const checks = [...general, ...ownChecks(expected.system)].sort(byId);
  return runChecks(checks, sourcesOf(expected, config, state), expected, onResult);
}

/** How the system's own requests are answered now, those that only ask; and what must be seen nowhere. */
export async function answersOf(
  stackName: string,
  config: StackConfig,
  state: StackExport,
): Promise<{ readonly results: CheckResult[]; readonly secrets: readonly string[] }> {
  const expected = expectedOf(stackName, config, state);
  const asks = expected.system.checks.filter(
    (check) => isAnswerCheck(check) && (check.request.method ?? "GET") === "GET",
  );
  const checks = ownChecks({ ...expected.system, checks: asks });
  const results = await runChecks(checks, sourcesOf(expected, config, state), expected, () => undefined);
  return { results, secrets: expected.secrets };
}

function expectedOf(stack: string, config: StackConfig, state: StackExport): Expected {
  const outputs = stackOutputs(state);
  const text = (name: string): string => {
    const value = outputs[name];
    if (typeof value === "string" || typeof value === "number") return String(value);
    throw failed(`stack ${stack} has no output ${name}; fix: homeport deploy --stack ${stack}`);
  };
  const secretValues = (outputs.secretValues ?? {}) as Record<string, string>;
  return {
    stack,
    system: projectSystem(),
    config: checkedConfig(stack, config),
    serverIp: text("serverIp"),
    serverId: text("serverId"),
    serverName: text("serverName"),
    zoneId: text("zoneId"),
    secrets: [
      ...new Set([...configSecrets(config), ...generatedSecrets(state), ...Object.values(secretValues)]),
    ],
    secretValues,
    now: new Date(),
  };
}

function sourcesOf(expected: Expected, config: StackConfig, state: StackExport): Sources {
  const hetzner = hetznerApi(config);
  const cloudflare = cloudflareApi(config);
  const route = routeFromEnvironment(process.env);
  const { domain } = expected.config;
  const hostnames = systemHostnames(expected.system, domain);
  const onHost = (): Server => serverOf(expected.stack, config, state);
  const server = once(() => serverFacts(hetzner, expected.serverId));
  return {
    server,
    firewalls: once(async () => firewallFacts(hetzner, await server())),
    sshKeys: once(() => sshKeyFacts(hetzner, stackSelector(expected.system.name, expected.stack))),
    zone: once(() => zoneFacts(cloudflare, expected.zoneId)),
    rules: once(() => ruleFacts(cloudflare, expected.zoneId, expected.system, expected.serverName)),
    host: once(async () => hostFacts(onHost(), expected.system, domain)),
    names: once(() => resolveNames(hostnames, route)),
    mail: once(() => mailFacts(expected.system.mail, domain, route)),
    edge: once(() => edgeFacts(expected.system, domain, route)),
    system: once(async () => systemFacts(onHost(), expected.system, domain)),
    ask: (request) => ask(request, route),
    reach: once(() => reachFacts(expected.serverIp, closedPorts(expected.system))),
  };
}
