/** What is wrong with one setting of a Rails application's production environment. */
export interface LintFault {
  /** `config.force_ssl`. */
  readonly setting: string;
  /** Continues "must …". */
  readonly rule: string;
  readonly got: string;
}

export interface LintInput {
  /** `config/environments/production.rb`. */
  readonly text: string;
  /** The stack's domain: its hosts may be in a mail's links. */
  readonly domain: string;
  /** The application loads Action Mailer. */
  readonly hasMailer: boolean;
}

export interface Linted {
  readonly faults: readonly LintFault[];
  /** The text with every fault mended. */
  readonly fixed: string;
}

const MAILER = "config.action_mailer.default_url_options";

/**
 * Checks what an application behind a proxy that ends TLS must say of itself (S1-17). Only what is written there
 * counts: `= true`, and nothing that depends on the machine it runs on.
 */
export function lintProduction({ text, domain, hasMailer }: LintInput): Linted {
  const lines = text.split("\n");
  const found = [
    lintTrue(lines, "config.assume_ssl"),
    lintTrue(lines, "config.force_ssl"),
    ...(hasMailer ? [lintMailer(lines, domain)] : []),
  ].filter((each) => each !== undefined);
  return { faults: found.map(({ fault }) => fault), fixed: mend(lines, found).join("\n") };
}

/** Lines `from` to `to` are exchanged for `line`; without them it goes to the top of the block. */
interface Finding {
  readonly fault: LintFault;
  readonly line: string;
  readonly from?: number;
  readonly to?: number;
}

function lintTrue(lines: readonly string[], setting: string): Finding | undefined {
  const at = lastAssignment(lines, setting);
  const line = `${setting} = true`;
  const fault = (got: string): LintFault => ({ setting, rule: "be true", got });
  if (at === undefined) return { fault: fault("nothing"), line, ...commentedOut(lines, setting) };
  const value = code(lines[at] ?? "")
    .replace(/^[^=]*=\s*/, "")
    .trim();
  return value === "true" ? undefined : { fault: fault(value), line, from: at, to: at };
}

function lintMailer(lines: readonly string[], domain: string): Finding | undefined {
  const at = lastAssignment(lines, MAILER);
  const line = `${MAILER} = { host: ${JSON.stringify(domain)} }`;
  const fault = (got: string): LintFault => ({
    setting: MAILER,
    rule: `have ${domain} or a host under it as its host`,
    got,
  });
  if (at === undefined) return { fault: fault("nothing"), line, ...commentedOut(lines, MAILER) };
  const to = lines.findIndex((each, index) => index >= at && code(each).includes("}"));
  const end = to < 0 ? at : to;
  const hash = lines
    .slice(at, end + 1)
    .map(code)
    .join(" ");
  const host = /(?:\bhost:|:host\s*=>)\s*(?:"([^"#]*)"|'([^']*)'|([^\s,}][^,}]*))/.exec(hash);
  const literal = host?.[1] ?? host?.[2];
  // an expression is the application's own way to know its name
  const isRight = literal === undefined ? host?.[3] !== undefined : isUnder(literal, domain);
  return isRight ? undefined : { fault: fault(literal ?? "no host"), line, from: at, to: end };
}

function isUnder(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

/** The last one wins, as in Ruby. */
function lastAssignment(lines: readonly string[], setting: string): number | undefined {
  const live = liveLines(lines);
  const pattern = new RegExp(`^\\s*${setting.replaceAll(".", "\\.")}\\s*=(?!=)`);
  const at = lines.findLastIndex((line, index) => live[index] === true && pattern.test(line));
  return at < 0 ? undefined : at;
}

/** Rails' own template has each setting in it, commented out: that is where it belongs. */
function commentedOut(lines: readonly string[], setting: string): { from?: number; to?: number } {
  const pattern = new RegExp(`^\\s*#\\s*${setting.replaceAll(".", "\\.")}\\s*=`);
  const at = lines.findIndex((line) => pattern.test(line));
  return at < 0 ? {} : { from: at, to: at };
}

/** False between `=begin` and `=end`, and after `__END__`. */
function liveLines(lines: readonly string[]): boolean[] {
  let isLive = true;
  let isEnded = false;
  return lines.map((line) => {
    if (/^__END__\s*$/.test(line)) isEnded = true;
    if (/^=begin\b/.test(line)) isLive = false;
    const now = isLive && !isEnded;
    if (/^=end\b/.test(line)) isLive = true;
    return now;
  });
}

/** A line without its comment; `#{` and a `#` in quotes are none. */
function code(line: string): string {
  return /^(?:[^"'#]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')*/.exec(line)?.[0] ?? line;
}

function mend(lines: readonly string[], findings: readonly Finding[]): string[] {
  const block = lines.findIndex((line) => /\.configure do\b/.test(line));
  const result = [...lines];
  // from the bottom up, so that a line's number holds until its turn
  const ordered = [...findings].sort((a, b) => (b.from ?? block) - (a.from ?? block));
  for (const { line, from, to } of ordered) {
    if (from === undefined || to === undefined) result.splice(block + 1, 0, `  ${line}`);
    else result.splice(from, to - from + 1, `${/^\s*/.exec(lines[from] ?? "")?.[0] ?? ""}${line}`);
  }
  return result;
}
