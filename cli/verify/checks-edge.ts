import { fullHostname, systemHostnames } from "../../components/lib/system";
import { rulesetPhases, type MonitorSpec, type RulesetRule } from "../../components/lib/system-edge";
import { edgeOf, hasMonitors } from "../../components/lib/zone-plans";
import { broken, checkOf, proven, type Check, type Expected, type Sources, type Verdict } from "./check";
import type { RuleFacts } from "./rule-facts";

const HEAL = "homeport drift --heal";

/** What must hold at the edge, as its API has it. */
export const EDGE_CHECKS: readonly Check[] = [
  checkOf(
    "S3-27",
    "the edge has the declared rules, in their order, and no others",
    "rules",
    rulesVerdict,
    ({ edge }) => rulesetPhases(edge).length > 0,
  ),
  checkOf(
    "S3-16",
    "Turnstile's widget is for every host, and its keys are the ones in use",
    "rules",
    widgetVerdict,
    ({ edge }) => edge.turnstile !== undefined,
  ),
  {
    ...{ id: "S3-19", title: "the declared monitors ask, and are answered" },
    appliesTo: ({ edge }) => Object.keys(edge.monitors ?? {}).length > 0,
    run: async ({ rules, ask }, expected) => monitorsVerdict(await rules(), expected, ask),
  },
];

export function rulesVerdict({ phases }: Pick<RuleFacts, "phases">, { system, config }: Expected): Verdict {
  const evidence: string[] = [];
  for (const [phase, wanted] of rulesetPhases(edgeOf(system.edge, config))) {
    const found = phases[phase] ?? [];
    for (const [index, rule] of wanted.entries()) {
      const name = `${phase}: ${JSON.stringify(rule.description)}`;
      const same = found.filter(({ description }) => description === rule.description);
      if (same.length === 0) return broken(`${name} is not there`, HEAL);
      const wrong = difference(asApi(rule), found[index] ?? {});
      if (wrong !== undefined) return broken(`${name}: ${wrong}`, HEAL);
    }
    const more = found[wanted.length]?.description;
    if (found.length > wanted.length) return broken(`${phase} has another rule: ${String(more)}`, HEAL);
    evidence.push(`${found.length} of ${phase}`);
  }
  return proven(evidence.join(", "));
}

export function widgetVerdict({ widget }: Pick<RuleFacts, "widget">, expected: Expected): Verdict {
  const { system, config, serverName: name, secretValues } = expected;
  if (widget === undefined) return broken(`there is no widget ${name}`, "pulumi up --refresh");
  const hosts = systemHostnames(system, config.domain);
  const missing = hosts.filter((host) => !widget.domains.includes(host));
  if (missing.length > 0) return broken(`it is not for ${missing.join(", ")}`, HEAL);
  for (const [secret, spec] of Object.entries(system.secrets)) {
    if (spec.kind !== "turnstile" || secretValues[secret] === widget[spec.part]) continue;
    return broken(`${secret} is not the widget's ${spec.part}: it was rotated`, "pulumi up --refresh");
  }
  return proven(`${name}: ${hosts.join(", ")}`);
}

/**
 * Each is there, and asks what it should. One that was not answered is asked for again: what it says may be a minute
 * old.
 */
export async function monitorsVerdict(
  found: RuleFacts,
  expected: Expected,
  ask: Sources["ask"],
): Promise<Verdict> {
  const { zonePlan } = expected.config;
  const declaredOnes = Object.entries(expected.system.edge.monitors ?? {});
  if (hasMonitors(zonePlan) !== (found.plan !== "free")) {
    const fix = `pulumi config set homeport:zonePlan ${found.plan}, then pulumi up`;
    return broken(`the zone is on the plan ${found.plan}, config says ${zonePlan}`, fix);
  }
  if (!hasMonitors(zonePlan)) {
    return proven(
      `a ${zonePlan} zone has none, so nobody asks for ${declaredOnes.map(([name]) => name).join(", ")}`,
    );
  }
  for (const [name, spec] of declaredOnes) {
    const wanted = monitorFault(name, spec, found.monitors, expected);
    const verdict = wanted ?? (await healthFault(name, spec, found.monitors, expected, ask));
    if (verdict !== undefined) return verdict;
  }
  return proven(found.monitors.map(({ name, status }) => `${name} ${status}`).join(", "));
}

type Monitors = RuleFacts["monitors"];

function named(name: string, monitors: Monitors, { serverName }: Expected): Monitors[number] | undefined {
  return monitors.find((one) => one.name === `${serverName}-${name}`);
}

function hostOf({ hostname }: MonitorSpec, { system, config }: Expected): string {
  return fullHostname(hostname ?? system.sites[0]?.hostname ?? "@", config.domain);
}

function monitorFault(
  name: string,
  spec: MonitorSpec,
  monitors: Monitors,
  expected: Expected,
): Verdict | undefined {
  const monitor = named(name, monitors, expected);
  if (monitor === undefined) return broken(`${name} is not there`, "pulumi up --refresh");
  if (monitor.suspended) return broken(`${name} is suspended`, HEAL);
  const asked = `${monitor.address}${monitor.http_config?.path ?? ""}`;
  return asked === `${hostOf(spec, expected)}${spec.path}`
    ? undefined
    : broken(`${name} asks for ${asked}`, HEAL);
}

async function healthFault(
  name: string,
  spec: MonitorSpec,
  monitors: Monitors,
  expected: Expected,
  ask: Sources["ask"],
): Promise<Verdict | undefined> {
  const monitor = named(name, monitors, expected);
  if (monitor?.status !== "unhealthy") return undefined;
  const { status = 0 } = await ask({ url: `https://${hostOf(spec, expected)}${spec.path}`, headers: {} });
  const codes = spec.expectedCodes ?? ["200"];
  if (codes.some((code) => new RegExp(`^${code.replaceAll("x", ".")}$`).test(String(status))))
    return undefined;
  const why = monitor.failure_reason ?? "unhealthy";
  return broken(`${name}: ${why}, ${spec.path} answers ${status || "nothing"}`, "homeport triage");
}

/** A rule with its names as the API writes them. */
function asApi(rule: RulesetRule): unknown {
  return JSON.parse(
    JSON.stringify(rule, (_, value: unknown) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(
            Object.entries(value).map(([name, each]): [string, unknown] => [snake(name), each]),
          )
        : value,
    ),
  );
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Where what is found is not what is wanted; what it has beside is Cloudflare's. */
function difference(wanted: unknown, found: unknown, path = ""): string | undefined {
  if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted)) {
    const [is, should] = [JSON.stringify(found ?? null), JSON.stringify(wanted)];
    return is === should ? undefined : `${path} is ${is}, not ${should}`;
  }
  const parts = Object.entries(wanted).map(([name, value]) => {
    const part = (found as Record<string, unknown> | undefined)?.[name];
    return difference(value, part, path === "" ? name : `${path}.${name}`);
  });
  return parts.find((part) => part !== undefined);
}
