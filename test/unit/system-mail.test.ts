import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mailVerdict } from "../../cli/verify/checks-mail";
import { formatFault } from "../../components/lib/faults";
import {
  mailNotes,
  mailRecords,
  recordContent,
  textOf,
  type MailSpec,
} from "../../components/lib/system-mail";
import { mailFaults } from "../../components/lib/system-rules-mail";
import { runningCalendar } from "../../systems/running-calendar";
import { expectedStack } from "../support/verify";

function publicKey(modulusLength: number): string {
  return generateKeyPairSync("rsa", { modulusLength })
    .publicKey.export({ format: "der", type: "spki" })
    .toString("base64");
}

const KEY = publicKey(2048);
const MAIL: MailSpec = {
  spf: ["include:sendgrid.net", "~all"],
  dkim: { s1: { cname: "s1.Sender.example" }, own: { publicKey: KEY } },
  dmarc: { policy: "monitor", reports: "dmarc@{domain}" },
};
const records = mailRecords(MAIL, "acme.com");

describe("mail records (S3-14)", () => {
  it("are SPF, a key for each selector, and DMARC", () => {
    expect(records.map(({ role, name, type, text }) => [role, name, type, text])).toEqual([
      ["spf", "acme.com", "TXT", "v=spf1 include:sendgrid.net ~all"],
      ["dkim-s1", "s1._domainkey.acme.com", "CNAME", "s1.sender.example"],
      ["dkim-own", "own._domainkey.acme.com", "TXT", `v=DKIM1; k=rsa; p=${KEY}`],
      ["dmarc", "_dmarc.acme.com", "TXT", "v=DMARC1; p=none; rua=mailto:dmarc@acme.com"],
    ]);
    expect(mailRecords(undefined, "acme.com")).toEqual([]);
  });

  it.each([
    ["monitor", "none"],
    ["quarantine", "quarantine"],
    ["reject", "reject"],
  ] as const)("go up the ladder: %s is p=%s", (policy, word) => {
    const dmarc = mailRecords({ ...MAIL, dmarc: { ...MAIL.dmarc, policy } }, "acme.com").at(-1);
    expect(dmarc?.text).toContain(`p=${word};`);
  });

  it("are quoted strings of at most 255 bytes, which a reader puts together again", () => {
    const content = recordContent(records[2]!);
    expect(content).toMatch(/^"v=DKIM1; k=rsa; p=[^"]{237}" "[^"]+"$/);
    const ascii = fc.string({
      unit: fc.constantFrom(...'aB1 ;="\\'.split("")),
      minLength: 1,
      maxLength: 700,
    });
    fc.assert(
      fc.property(ascii, (text) => {
        const quoted = recordContent({ type: "TXT", text });
        expect(textOf(quoted)).toBe(text);
        for (const [, one = ""] of quoted.matchAll(/"((?:[^"\\]|\\.)*)"/g))
          expect(one.replaceAll(/\\(.)/g, "$1").length).toBeLessThanOrEqual(255);
      }),
    );
    expect(textOf("v=spf1 -all")).toBe("v=spf1 -all");
  });
});

describe("what the zone has already", () => {
  const mark = "Homeport: shop-prod";
  const notes = (policy: MailSpec["dmarc"]["policy"], found: readonly object[], jump = false): object =>
    mailNotes(
      { ...MAIL, dmarc: { ...MAIL.dmarc, policy, jump } },
      { domain: "acme.com", mark, found: found as never },
    );
  const own = (p: string): object => ({
    name: "_dmarc.acme.com",
    content: `"v=DMARC1; p=${p}; rua=x"`,
    comment: mark,
  });

  it("warns of a jump from none to reject, unless it is meant", () => {
    const warning = expect.stringMatching(
      /^mail\.dmarc\.policy: should not go from none to reject.*jump: true$/,
    ) as string;
    expect(notes("reject", [own("none")])).toEqual({ warning });
    expect(notes("reject", [])).toEqual({ warning });
    expect(notes("reject", [own("none")], true)).toEqual({});
    for (const before of ["quarantine", "reject"]) expect(notes("reject", [own(before)])).toEqual({});
    expect(notes("quarantine", [own("none")])).toEqual({});
  });

  it.each([
    ["SPF", { name: "acme.com", content: "v=spf1 mx -all" }],
    ["DMARC", { name: "_dmarc.acme.com", content: '"v=DMARC1; p=none"', comment: "Homeport: other-prod" }],
  ])("refuses beside somebody else's %s: two are none", (kind, stranger) => {
    const refusal = expect.stringContaining(
      `the zone has a ${kind} record of ${stranger.name} that is not this`,
    ) as string;
    expect(notes("monitor", [stranger])).toEqual({ refusal });
  });

  it("leaves other texts alone", () => {
    const texts = ["google-site-verification=x", "v=spf10", "v=DKIM1; p=x"].map((content) => ({
      name: "acme.com",
      content,
    }));
    expect(notes("monitor", [...texts, { name: "blog.acme.com", content: "v=spf1 -all" }])).toEqual({});
  });
});

describe("mail as receivers find it", () => {
  const expected = { ...expectedStack(), system: { ...runningCalendar, mail: MAIL } };
  const here = mailRecords(MAIL, "mxcorre.com");
  const good = Object.fromEntries(
    here.map(({ name, type, text }) => [
      name,
      type === "CNAME" ? { texts: [], aliases: [text] } : { texts: [text], aliases: [] },
    ]),
  );
  const of = (role: string, change: object = {}) =>
    mailVerdict({ ...good, ...change }, expected, (each) => each.startsWith(role));

  it("is proven as declared, beside others' texts", () => {
    for (const role of ["spf", "dkim", "dmarc"]) expect(of(role)).toMatchObject({ ok: true });
    const texts = ["google-site-verification=x", "v=spf1 include:sendgrid.net ~all"];
    expect(of("spf", { "mxcorre.com": { texts, aliases: [] } })).toMatchObject({ ok: true });
  });

  it.each([
    ["spf", "mxcorre.com", ["v=spf1 -all"], "says v=spf1 -all"],
    [
      "spf",
      "mxcorre.com",
      ["v=spf1 include:sendgrid.net ~all", "v=spf1 -all"],
      "has 2 SPF records, so none counts",
    ],
    ["spf", "mxcorre.com", [], "has no such record"],
    ["dkim", "own._domainkey.mxcorre.com", ["v=DKIM1; k=rsa; p=other"], "has no such record"],
    ["dkim", "s1._domainkey.mxcorre.com", [], "is no alias, not s1.sender.example"],
    ["dmarc", "_dmarc.mxcorre.com", ["v=DMARC1; p=reject"], "says v=DMARC1; p=reject"],
  ])("is broken where %s of %s is %j", (role, name, texts, why) => {
    expect(of(role, { [name]: { texts, aliases: [] } })).toMatchObject({
      ok: false,
      found: `${name}: ${why}`,
    });
  });
});

describe("faults of mail in a spec", () => {
  const faults = (change: object): string[] =>
    mailFaults({ mail: { ...MAIL, ...change } } as never).map(formatFault);
  const senders = (count: number): string[] =>
    Array.from({ length: count }, (_, at) => `include:s${at}.example`);

  it("none in what is right", () => {
    expect(faults({})).toEqual([]);
    expect(
      faults({ spf: ["a", "mx", ...senders(8), "ip4:192.0.2.0/24", "ip6:2001:db8::/32", "-all"] }),
    ).toEqual([]);
    expect(faults({ spf: ["redirect=_spf.sender.example"] })).toEqual([]);
  });

  it.each<[string, object, string]>([
    [
      "eleven lookups",
      { spf: ["a", "mx", ...senders(9), "~all"] },
      'ask DNS at most 10 times: receivers give up after that, got "11 times"',
    ],
    ["two records in one", { spf: ["v=spf1", "~all"] }, "a domain has one SPF record, and two are none"],
    ["everybody", { spf: ["+all"] }, "not let everybody send"],
    ["ptr", { spf: ["ptr", "~all"] }, "hold no ptr"],
    ["no term", { spf: ["sendgrid.net", "~all"] }, "hold terms of SPF, got sendgrid.net"],
    ["no end", { spf: ["mx"] }, "end with one all or redirect="],
    ["an end in the middle", { spf: ["~all", "mx"] }, "end with one all or redirect="],
    ["a sender twice", { spf: ["mx", "mx", "~all"] }, "name each sender once, got mx"],
    [
      "a length",
      { spf: [...Array.from({ length: 30 }, (_, at) => `ip4:192.0.2.${at}/32`), "~all"] },
      "be at most 450 characters",
    ],
    ["no key", { dkim: {} }, "hold at least one selector"],
    ["a selector", { dkim: { "S 1": { cname: "a.example" } } }, "name selectors in a-z, digits and -"],
    [
      "an alias of nothing",
      { dkim: { s1: { cname: "here" } } },
      "mail.dkim.s1.cname: must be a host of the sender's",
    ],
    [
      "a small key",
      { dkim: { s1: { publicKey: publicKey(1024) } } },
      'have at least 2048 bits, got "1024 bits"',
    ],
    [
      "a key of another kind",
      { dkim: { s1: { publicKey: "AAAA" } } },
      "be an RSA public key, base64 alone, got something else",
    ],
    [
      "a step",
      { dmarc: { ...MAIL.dmarc, policy: "none" } },
      "be one of monitor, quarantine, reject, got none",
    ],
    ["no reports", { dmarc: { ...MAIL.dmarc, reports: "" } }, "be a mail address"],
  ])("%s", (_, change, fault) => {
    expect(faults(change)).toEqual([expect.stringContaining(fault)]);
  });
});
