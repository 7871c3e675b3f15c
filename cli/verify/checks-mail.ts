import { kindOfText, mailRecords, type MailRecord } from "../../components/lib/system-mail";
import type { System } from "../../components/lib/system";
import { broken, checkOf, proven, type Check, type Expected, type Verdict } from "./check";
import type { MailFacts } from "./facts";

/** What must hold of the domain's mail, as receivers ask for it. */
export const MAIL_CHECKS: readonly Check[] = [
  ofMail("SPF says who may send mail, and says it once", (role) => role === "spf"),
  ofMail("DKIM's keys are where receivers look for them", (role) => role.startsWith("dkim-")),
  ofMail("DMARC says what becomes of other mail", (role) => role === "dmarc"),
];

function ofMail(title: string, isMeant: (role: string) => boolean): Check {
  const hasMail = ({ mail }: System): boolean => mail !== undefined;
  return checkOf("S3-14", title, "mail", (facts, expected) => mailVerdict(facts, expected, isMeant), hasMail);
}

/** Each record is there as declared; of SPF and DMARC there is no second one, which would make both void. */
export function mailVerdict(
  facts: MailFacts,
  { system, config }: Pick<Expected, "system" | "config">,
  isMeant: (role: string) => boolean,
): Verdict {
  const wanted = mailRecords(system.mail, config.domain).filter(({ role }) => isMeant(role));
  for (const record of wanted) {
    const wrong = faultOf(record, facts[record.name]);
    if (wrong !== undefined) return broken(`${record.name}: ${wrong}`, "pulumi up --refresh");
  }
  return proven(wanted.map(shown).join(", "));
}

const NOTHING: MailFacts[string] = { texts: [], aliases: [] };

function faultOf(record: MailRecord, found = NOTHING): string | undefined {
  return record.type === "CNAME" ? aliasFault(record.text, found) : textFault(record.text, found);
}

function aliasFault(
  wanted: string,
  { aliases, error = "is no alias" }: MailFacts[string],
): string | undefined {
  const [alias] = aliases.map((each) => each.toLowerCase());
  if (alias === wanted) return undefined;
  return alias === undefined ? `${error}, not ${wanted}` : `is ${alias}, not ${wanted}`;
}

function textFault(
  wanted: string,
  { texts, error = "has no such record" }: MailFacts[string],
): string | undefined {
  const kind = kindOfText(wanted);
  const same = kind === undefined ? [] : texts.filter((each) => kindOfText(each) === kind);
  if (same.length > 1) return `has ${same.length} ${kind ?? ""} records, so none counts`;
  if (texts.includes(wanted)) return undefined;
  return same[0] === undefined ? error : `says ${same[0]}`;
}

function shown({ name, text }: MailRecord): string {
  return `${name} ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`;
}
