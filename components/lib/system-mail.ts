import { fillDomain } from "./system-environment";

/** Steps from looking on to refusing: what receivers do with mail that fails SPF and DKIM. */
export const LADDER = ["monitor", "quarantine", "reject"] as const;
export type MailPolicy = (typeof LADDER)[number];

/** Where a key is: at the sender's own name, or here, an RSA key as base64 of its SubjectPublicKeyInfo. */
export type DkimSpec = { readonly cname: string } | { readonly publicKey: string };

/** Who may send mail as the domain, by DNS alone: SPF, DKIM and DMARC. */
export interface MailSpec {
  /** SPF's terms without its version: `["include:sendgrid.net", "~all"]`. */
  readonly spf: readonly string[];
  /** Selector -> key. */
  readonly dkim: Readonly<Record<string, DkimSpec>>;
  readonly dmarc: {
    readonly policy: MailPolicy;
    /** Address that receivers report to; `{domain}` stands for the stack's domain. */
    readonly reports: string;
    /** The step from none to reject is meant: no warning. @default false */
    readonly jump?: boolean;
  };
}

/** A record that a mail system reads. */
export interface MailRecord {
  /** What it is called in the program: `spf`, `dkim-s1`, `dmarc`. */
  readonly role: string;
  /** Fully qualified. */
  readonly name: string;
  readonly type: "TXT" | "CNAME";
  /** As a reader puts its strings together. */
  readonly text: string;
}

const DMARC_POLICY: Readonly<Record<MailPolicy, string>> = {
  monitor: "none",
  quarantine: "quarantine",
  reject: "reject",
};
/** Bytes of one string in a TXT record (RFC 1035). */
const LONGEST_STRING = 255;

/** The records of a domain; none without mail. */
export function mailRecords(mail: MailSpec | undefined, domain: string): MailRecord[] {
  if (mail === undefined) return [];
  const reports = fillDomain(mail.dmarc.reports, domain);
  const dkim = Object.entries(mail.dkim).map(([selector, key]): MailRecord => {
    const at = { role: `dkim-${selector}`, name: `${selector}._domainkey.${domain}` };
    return "cname" in key
      ? { ...at, type: "CNAME", text: key.cname.toLowerCase() }
      : { ...at, type: "TXT", text: `v=DKIM1; k=rsa; p=${key.publicKey}` };
  });
  return [
    { role: "spf", name: domain, type: "TXT", text: ["v=spf1", ...mail.spf].join(" ") },
    ...dkim,
    {
      ...{ role: "dmarc", name: `_dmarc.${domain}`, type: "TXT" },
      text: `v=DMARC1; p=${DMARC_POLICY[mail.dmarc.policy]}; rua=mailto:${reports}`,
    },
  ];
}

/** As Cloudflare's API takes and keeps it: a TXT record as quoted strings of at most 255 bytes, in ASCII. */
export function recordContent({ type, text }: Pick<MailRecord, "type" | "text">): string {
  if (type === "CNAME") return text;
  const strings = text.match(new RegExp(`.{1,${LONGEST_STRING}}`, "gs")) ?? [""];
  return strings.map((each) => `"${each.replaceAll(/["\\]/g, "\\$&")}"`).join(" ");
}

/** What a record of the zone says, whichever way it is quoted. */
export function textOf(content: string): string {
  const strings = [...content.matchAll(/"((?:[^"\\]|\\.)*)"/gs)].map(([, each = ""]) => each);
  return strings.length === 0 ? content : strings.map((each) => each.replaceAll(/\\(.)/g, "$1")).join("");
}

/** What a text is for: its version stands first. */
export function kindOfText(text: string): "SPF" | "DMARC" | undefined {
  if (/^v=spf1( |$)/i.test(text)) return "SPF";
  return /^v=DMARC1(;|$)/i.test(text) ? "DMARC" : undefined;
}

/** A TXT record of the zone, as Cloudflare lists it. */
export interface ZoneText {
  readonly name: string;
  readonly content: string;
  readonly comment?: string | null;
}

/**
 * What stands beside the records that this stack makes, for people: `refusal` where somebody else's would make both
 * void, `warning` where the policy leaves out a step.
 */
export function mailNotes(
  mail: MailSpec,
  {
    domain,
    mark,
    found,
  }: { readonly domain: string; readonly mark: string; readonly found: readonly ZoneText[] },
): { readonly refusal?: string; readonly warning?: string } {
  const wanted = mailRecords(mail, domain);
  const texts = found.map((each) => ({ ...each, kind: kindOfText(textOf(each.content)) }));
  const strangers = texts.filter(
    ({ name, comment, kind }) =>
      comment !== mark &&
      wanted.some((one) => one.name === name && kindOfText(one.text) === kind && kind !== undefined),
  );
  if (strangers.length > 0) {
    const which = strangers.map(({ name, kind }) => `${kind ?? ""} record of ${name}`).join(", ");
    const fix = "take its senders into mail of the system, and delete it in Cloudflare's console";
    return {
      refusal: `mail: must be the only one, but the zone has a ${which} that is not this stack's; fix: ${fix}`,
    };
  }
  const before = texts.find(({ kind, name }) => kind === "DMARC" && name === `_dmarc.${domain}`);
  const policy = /;\s*p=(\w+)/.exec(textOf(before?.content ?? ""))?.[1] ?? "none";
  if (mail.dmarc.policy !== "reject" || mail.dmarc.jump === true || policy !== "none") return {};
  const fix = 'policy: "quarantine" until the reports are clean, or jump: true';
  return {
    warning: `mail.dmarc.policy: should not go from none to reject at once: mail may be lost; fix: ${fix}`,
  };
}
