import { createPublicKey } from "node:crypto";
import { specFault as fault, type Fault } from "./faults";
import type { SystemSpec } from "./system";
import { LADDER, mailRecords, type DkimSpec, type MailSpec } from "./system-mail";

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const HOST = /^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i;
const ADDRESS = /^[A-Za-z0-9._+-]+@(\{domain\}|([a-z0-9-]+\.)+[a-z]{2,63})$/i;
const TERM =
  /^([+?~-]?all|[+?~-]?(a|mx)(:[\w.-]+)?(\/\d{1,3})?|[+?~-]?ip4:[\d.]+(\/\d{1,2})?|[+?~-]?ip6:[0-9a-f:]+(\/\d{1,3})?|[+?~-]?(include|exists):[\w.%{}-]+|redirect=[\w.-]+)$/i;
/** Terms that make a reader ask DNS again (RFC 7208, 4.6.4). */
const LOOKUP = /^[+?~-]?(include:|a\b|mx\b|exists:|redirect=)/i;
const MOST_LOOKUPS = 10;
/** Smaller ones are broken, or no longer believed (RFC 8301). */
const LEAST_BITS = 2048;
/** A TXT record's data must fit into an answer that needs no TCP to be found. */
const LONGEST_SPF = 450;

/** Every broken rule of the mail records. */
export function mailFaults({ mail }: SystemSpec): Fault[] {
  if (mail === undefined) return [];
  return [...spfFaults(mail), ...dkimFaults(mail), ...dmarcFaults(mail)];
}

function spfFaults(mail: MailSpec): Fault[] {
  const { spf } = mail;
  const faults = spf.flatMap((term) => termFaults(term));
  const lookups = spf.filter((term) => LOOKUP.test(term)).length;
  if (lookups > MOST_LOOKUPS) {
    const rule = `ask DNS at most ${MOST_LOOKUPS} times: receivers give up after that`;
    faults.push(fault("mail.spf", rule, `${lookups} times`, "write ip4: for some, or ask fewer senders"));
  }
  const ends = spf.filter((term) => /^([+?~-]?all|redirect=.*)$/i.test(term));
  if (ends.length !== 1 || ends[0] !== spf.at(-1)) {
    faults.push(
      fault(
        "mail.spf",
        "end with one all or redirect=, which says what of others",
        spf.at(-1),
        'end it with "~all"',
      ),
    );
  }
  const length = mailRecords(mail, "").find(({ role }) => role === "spf")?.text.length ?? 0;
  if (length > LONGEST_SPF) {
    faults.push(
      fault("mail.spf", `be at most ${LONGEST_SPF} characters`, `${length} characters`, "leave terms out"),
    );
  }
  for (const term of new Set(spf.filter((each, at) => spf.indexOf(each) !== at))) {
    faults.push(fault("mail.spf", "name each sender once", term, "remove one of the two"));
  }
  return faults;
}

function termFaults(term: string): Fault[] {
  if (/^v=/i.test(term))
    return [
      fault(
        "mail.spf",
        "hold terms alone: a domain has one SPF record, and two are none",
        term,
        "leave it out",
      ),
    ];
  if (/^\+?all$/i.test(term))
    return [fault("mail.spf", "not let everybody send", term, 'end it with "~all"')];
  if (/^[+?~-]?ptr\b/i.test(term))
    return [fault("mail.spf", "hold no ptr, which receivers ignore", term, "write include: or ip4:")];
  if (TERM.test(term)) return [];
  return [fault("mail.spf", "hold terms of SPF", term, 'write it like "include:sendgrid.net"')];
}

function dkimFaults({ dkim }: MailSpec): Fault[] {
  if (Object.keys(dkim).length === 0)
    return [
      fault("mail.dkim", "hold at least one selector: SPF alone does not survive forwarding", "", "add one"),
    ];
  return Object.entries(dkim).flatMap(([selector, key]) => [
    ...(LABEL.test(selector)
      ? []
      : [
          fault(
            "mail.dkim",
            "name selectors in a-z, digits and -",
            selector,
            "write it as the sender does, like s1",
          ),
        ]),
    ...keyFaults(`mail.dkim.${selector}`, key),
  ]);
}

function keyFaults(path: string, key: DkimSpec): Fault[] {
  if ("cname" in key) {
    if (HOST.test(key.cname)) return [];
    return [
      fault(`${path}.cname`, "be a host of the sender's", key.cname, "write the name that the sender gives"),
    ];
  }
  const bits = publicBits(key.publicKey);
  if (bits === undefined)
    return [
      {
        path: `${path}.publicKey`,
        rule: "be an RSA public key, base64 alone",
        got: "something else",
        fix: "openssl rsa -in KEY -pubout -outform der | base64 -w0",
      },
    ];
  if (bits >= LEAST_BITS) return [];
  return [
    fault(`${path}.publicKey`, `have at least ${LEAST_BITS} bits`, `${bits} bits`, "make a larger key"),
  ];
}

function publicBits(base64: string): number | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  try {
    const key = createPublicKey({ key: Buffer.from(base64, "base64"), format: "der", type: "spki" });
    return key.asymmetricKeyType === "rsa" ? key.asymmetricKeyDetails?.modulusLength : undefined;
  } catch {
    return undefined;
  }
}

function dmarcFaults({ dmarc }: MailSpec): Fault[] {
  const faults: Fault[] = [];
  if (!LADDER.includes(dmarc.policy))
    faults.push(
      fault("mail.dmarc.policy", `be one of ${LADDER.join(", ")}`, dmarc.policy, 'begin with "monitor"'),
    );
  if (!ADDRESS.test(dmarc.reports)) {
    const fix = 'write it like "dmarc@{domain}"';
    faults.push(
      fault("mail.dmarc.reports", "be a mail address: nobody sees otherwise who sends", dmarc.reports, fix),
    );
  }
  return faults;
}
