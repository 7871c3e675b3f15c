import { specFault as fault, type Fault } from "./faults";
import type { EdgeRateLimitSpec, EdgeRedirectSpec, EdgeRuleSpec, EdgeSpec, MonitorSpec } from "./system-edge";
import type { SystemSpec } from "./system";
import { fillDomain } from "./system-environment";

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const CODE = /^[1-5](\d\d|xx)$/;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const SPARED = ["rules", "rateLimits", "managedRules"];

/** Every broken rule of what the edge does. Expressions are Cloudflare's to judge; here they must be there. */
export function edgeFaults(spec: SystemSpec): Fault[] {
  const { edge = {} } = spec;
  const { rules = [], rateLimits = [], redirects = [], monitors = {} } = edge;
  return [
    ...describedFaults("edge.rules", rules),
    ...rules.flatMap((rule, at) => ruleFaults(`edge.rules[${at}]`, rule)),
    ...describedFaults("edge.rateLimits", rateLimits),
    ...rateLimits.flatMap((limit, at) => rateLimitFaults(`edge.rateLimits[${at}]`, limit)),
    ...describedFaults("edge.redirects", redirects),
    ...redirects.flatMap((redirect, at) => redirectFaults(`edge.redirects[${at}]`, redirect)),
    ...Object.entries(monitors).flatMap(([name, monitor]) => monitorFaults(spec, name, monitor)),
    ...turnstileFaults(spec),
    ...notifyFaults(spec, edge),
  ];
}

function describedFaults(
  path: string,
  all: readonly { readonly description: string; readonly expression: string }[],
): Fault[] {
  const names = all.map(({ description }) => description);
  return all.flatMap(({ description, expression }, at) => {
    const faults: Fault[] = [];
    if (description.trim() === "" || names.indexOf(description) !== at) {
      const rule = "say what the rule is for, each once";
      faults.push(fault(`${path}[${at}].description`, rule, description, "describe it in a few words"));
    }
    if (expression.trim() === "") {
      const fix = 'write it like http.request.uri.path eq "/login"';
      faults.push(fault(`${path}[${at}].expression`, "say which requests it is about", expression, fix));
    }
    return faults;
  });
}

function ruleFaults(path: string, { action, spares }: EdgeRuleSpec): Fault[] {
  if (spares === undefined) return [];
  if (action !== "skip") return [fault(`${path}.spares`, "go with skip alone", action, "remove it")];
  if (spares.length > 0 && spares.every((one) => SPARED.includes(one))) return [];
  return [fault(`${path}.spares`, `be some of ${SPARED.join(", ")}`, spares.join(", "), "name one")];
}

function rateLimitFaults(path: string, limit: EdgeRateLimitSpec): Fault[] {
  const { requests, periodSeconds = 10, timeoutSeconds = 10 } = limit;
  return Object.entries({ requests, periodSeconds, timeoutSeconds }).flatMap(([field, value]) =>
    Number.isInteger(value) && value > 0
      ? []
      : [fault(`${path}.${field}`, "be a whole number above 0", value, "set it to 10")],
  );
}

function redirectFaults(path: string, { target, targetExpression }: EdgeRedirectSpec): Fault[] {
  if ((target === undefined) === (targetExpression === undefined)) {
    const got = target === undefined ? "neither" : "both";
    return [fault(path, "have one of target and targetExpression", got, "keep one of the two")];
  }
  if (target === undefined || target.startsWith("/") || URL.canParse(target)) return [];
  return [fault(`${path}.target`, "be a URL or a path", target, "write it like https://example.org/new")];
}

function monitorFaults({ sites }: SystemSpec, name: string, monitor: MonitorSpec): Fault[] {
  const path = `edge.monitors.${name}`;
  const { hostname, intervalSeconds = 60 } = monitor;
  const faults = answerFaults(path, monitor);
  const hostnames = sites.map((site) => site.hostname);
  if (!NAME.test(name))
    faults.push(fault(path, 'be named in lowercase words joined by "-"', name, "name it like site-ready"));
  if (!monitor.path.startsWith("/"))
    faults.push(fault(`${path}.path`, "start with /", monitor.path, "write it like /healthz"));
  if (hostname !== undefined && !hostnames.includes(hostname)) {
    const fix = `use one of: ${hostnames.join(", ")}`;
    faults.push(fault(`${path}.hostname`, "be a host of a site", hostname, fix));
  }
  if (!Number.isInteger(intervalSeconds) || intervalSeconds < 5 || intervalSeconds > 3600) {
    const rule = "be a whole number of 5 to 3600";
    faults.push(fault(`${path}.intervalSeconds`, rule, intervalSeconds, "set it to 60"));
  }
  return faults;
}

function answerFaults(path: string, { expectedCodes = ["200"] }: MonitorSpec): Fault[] {
  return expectedCodes
    .filter((code) => !CODE.test(code))
    .map((code) => fault(`${path}.expectedCodes`, "be statuses like 200 or 2xx", code, 'write "200"'));
}

function turnstileFaults({ edge, secrets = {} }: SystemSpec): Fault[] {
  const keys = Object.entries(secrets).filter(([, { kind }]) => kind === "turnstile");
  if (edge?.turnstile === undefined)
    return keys.map(([name]) =>
      fault(
        `secrets.${name}`,
        "have edge.turnstile, whose key it is",
        "no widget",
        "add edge: { turnstile: {} }",
      ),
    );
  if (keys.some(([, spec]) => spec.kind === "turnstile" && spec.part === "secret")) return [];
  const fix = 'add a secret { kind: "turnstile", part: "secret" } and name it in the service';
  return [fault("edge.turnstile", "have a service that verifies its tokens", "no secret", fix)];
}

function notifyFaults({ secrets = {} }: SystemSpec, { notify, monitors = {} }: EdgeSpec): Fault[] {
  if (notify === undefined) return [];
  const { emails = [], webhook } = notify;
  const faults: Fault[] = [];
  if (Object.keys(monitors).length === 0)
    faults.push(fault("edge.notify", "have something to tell of", "no monitors", "add edge.monitors"));
  if (emails.length === 0 && webhook === undefined)
    faults.push(fault("edge.notify", "name somebody", "nobody", "add emails or a webhook"));
  return [...faults, ...webhookFaults(webhook, secrets), ...emailFaults(emails)];
}

function emailFaults(emails: readonly string[]): Fault[] {
  return emails
    .filter((one) => !EMAIL.test(fillDomain(one, "example.org")))
    .map((email) => fault("edge.notify.emails", "be addresses", email, "write it like ops@example.org"));
}

function webhookFaults(webhook: string | undefined, secrets: NonNullable<SystemSpec["secrets"]>): Fault[] {
  if (webhook === undefined || secrets[webhook]?.kind === "kept") return [];
  const fix = `add secrets.${webhook} with kind: "kept"`;
  return [fault("edge.notify.webhook", "name a kept secret, which holds the URL", webhook, fix)];
}
