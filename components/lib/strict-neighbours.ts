import { formatFault, show } from "./faults";
import { shellQuote } from "./shell";

export interface Neighbourhood {
  /** Names of the zone's proxied records. */
  readonly proxied: readonly string[];
  /** The system's own. */
  readonly hostnames: readonly string[];
  /** `homeport:strictNeighbours`. */
  readonly accepted: readonly string[];
  /** The zone's ssl mode as it is. */
  readonly mode: string;
  readonly stack: string;
}

/** Proxied hosts of others that nobody accepted: each once, in order. */
export function strangers({ proxied, hostnames, accepted }: Neighbourhood): string[] {
  const known = new Set([...hostnames, ...accepted]);
  const names = new Set(proxied.map((name) => name.toLowerCase()));
  return [...names].filter((name) => !known.has(name)).sort();
}

/** What to tell of all of them, with a command for each; `undefined` when there is none. */
export function strangersMessage(zone: Neighbourhood): string | undefined {
  const { accepted, mode, stack } = zone;
  const lines = strangers(zone).map((name, at) => {
    const place = `homeport:strictNeighbours[${accepted.length + at}]`;
    return formatFault({
      path: show(name),
      rule: "have an origin with a valid certificate before the whole zone is strict, or it answers 526",
      got: `ssl mode ${show(mode)}`,
      fix: `when it has one, pulumi config set --path '${place}' ${word(name)} --stack ${stack}`,
    });
  });
  if (lines.length === 0) return undefined;
  const many = lines.length === 1 ? "another proxied name" : `${lines.length} other proxied names`;
  return `Full (strict) is not set: the zone has ${many}\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

/** A wildcard's name would be one to the shell as well. */
function word(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : shellQuote(name);
}
