import type { MailSpec } from "homeport/system";

/** SendGrid may send, with keys of its own; others' mail is only reported yet. The account's names stand for yours. */
export const mail: MailSpec = {
  spf: ["include:sendgrid.net", "~all"],
  dkim: {
    s1: { cname: "s1.domainkey.u1234567.wl094.sendgrid.net" },
    s2: { cname: "s2.domainkey.u1234567.wl094.sendgrid.net" },
  },
  dmarc: { policy: "monitor", reports: "dmarc@{domain}" },
};
