import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLOUDFLARE_RANGES } from "../../components/lib/cloudflare-ranges";
import { CONFIG_KEYS, keyOf, type ConfigKeyName } from "../../components/lib/config-keys";
import { defineSystem } from "../../components/lib/system";
import { runningCalendar } from "../../systems/running-calendar";
import { BAD_CONFIGS } from "../support/bad-config";
import {
  HOST,
  mailRaw,
  messages,
  OPERATOR,
  parseWith,
  SECRET_KEYS,
  sftpRaw,
  validRaw,
} from "../support/valid-config";

describe("parseConfig, given a sound config", () => {
  it("accepts it and fills in every default", () => {
    const parsed = parseWith();

    expect(messages(parsed)).toEqual([]);
    expect(parsed).toMatchObject({
      ok: true,
      config: {
        serverType: "cx23",
        location: "nbg1",
        serverImage: "ubuntu-24.04",
        operatorUser: "ops",
        edgeCidrs: CLOUDFLARE_RANGES,
        wwwRecord: "A",
        strictNeighbours: [],
        upgradeSchedule: "0 4 * * 0",
        upgradeReboot: false,
        protect: true,
        images: { db: "postgres:16", proxy: "caddy:2.10.2" },
      },
    });
  });

  it("gives keys their last newline back and derives the host's public key", () => {
    const parsed = parseWith();

    expect(parsed).toMatchObject({
      config: {
        hostPublicKey: HOST.publicKey.split(" ").slice(0, 2).join(" "),
        secretValues: { operatorPrivateKey: OPERATOR.privateKey, hostPrivateKey: HOST.privateKey },
      },
    });
  });

  it("takes neighbours of the system in the zone as records name them: wildcards, aliases, deep ones", () => {
    const hosts = ["blog.mxcorre.com", "*.mxcorre.com", "_x.a-b.mxcorre.com", "xn--bcher-kva.mxcorre.com"];
    const parsed = parseWith({ raw: { "homeport:strictNeighbours": JSON.stringify(hosts) } });

    expect(messages(parsed)).toEqual([]);
    expect(parsed).toMatchObject({ config: { strictNeighbours: hosts } });
  });

  it("tells the application its hosts and lays the stack's values over the system's", () => {
    const raw = {
      "homeport:environment": '{"web":{"RAILS_LOG_LEVEL":"debug","QUOTES":"a\'b\\"c $(id) `id`","N":5}}',
    };

    expect(parseWith({ raw })).toMatchObject({
      config: {
        environment: {
          web: {
            APP_HOSTS: "mxcorre.com,www.mxcorre.com",
            DB_HOST: "running_calendar-db",
            RAILS_LOG_LEVEL: "debug",
            QUOTES: "a'b\"c $(id) `id`",
            N: "5",
          },
        },
      },
    });
  });

  it("takes the tokens from the environment where config has none", () => {
    const raw = { "hcloud:token": undefined, "cloudflare:apiToken": undefined };
    const env = { HCLOUD_TOKEN: "a1".repeat(32), CLOUDFLARE_API_TOKEN: "b2".repeat(20) };

    expect(messages(parseWith({ raw, env }))).toEqual([]);
  });

  it("accepts a local cloud's stack with its endpoints in config and environment", () => {
    const raw = {
      "hcloud:endpoint": "http://127.0.0.1:4680/v1",
      "cloudflare:baseUrl": "http://127.0.0.1:4680/client/v4",
    };
    const env = {
      HCLOUD_ENDPOINT: "http://127.0.0.1:4680/v1",
      PULUMI_BACKEND_URL: "file:///x/local/backend",
    };

    expect(messages(parseWith({ raw, env, stack: "local" }))).toEqual([]);
  });

  it("takes an optional secret or none, and no placeholder", () => {
    const beat = { kind: "kept", optional: true } as const;
    const web = { ...runningCalendar.services.web!, secrets: ["SECRET_KEY_BASE", "BEAT_URL"] };
    const system = defineSystem({
      ...{ name: "beat", sites: [], secrets: { ...runningCalendar.secrets, BEAT_URL: beat } },
      services: { db: runningCalendar.services.db!, web },
    });
    const { SECRET_KEY_BASE } = JSON.parse(validRaw()["homeport:secrets"] ?? "") as Record<string, string>;
    const given = (BEAT_URL: string) =>
      parseWith({ system, raw: { "homeport:secrets": JSON.stringify({ SECRET_KEY_BASE, BEAT_URL }) } });

    expect(messages(parseWith({ system }))).toEqual([]);
    expect(given("https://beat.example/t0ken")).toMatchObject({
      config: { secretValues: { kept: { BEAT_URL: "https://beat.example/t0ken" } } },
    });
    expect(messages(given("changeme"))).toEqual([
      expect.stringContaining("homeport:secrets.BEAT_URL: must be a real value"),
    ]);
  });

  it("asks for a conditional secret only where its condition holds", () => {
    const mail = { kind: "kept", when: { EMAIL_MODE: "smtp" } } as const;
    const web = {
      ...runningCalendar.services.web!,
      secrets: ["POSTGRES_PASSWORD", "SECRET_KEY_BASE", "SMTP_PASSWORD"],
    };
    const system = defineSystem({
      ...{ name: "mail", sites: [], secrets: { ...runningCalendar.secrets, SMTP_PASSWORD: mail } },
      services: { db: runningCalendar.services.db!, web },
    });
    const raw = { "homeport:environment": '{"web":{"EMAIL_MODE":"smtp"}}' };

    expect(messages(parseWith({ system }))).toEqual([]);
    expect(messages(parseWith({ system, raw }))).toEqual([
      "homeport:secrets.SMTP_PASSWORD: must be set, got nothing; fix: pulumi config set --secret --path 'homeport:secrets.SMTP_PASSWORD' --stack prod",
    ]);
  });
});

describe("parseConfig, given a mistake", () => {
  it.each(BAD_CONFIGS)("says what is wrong with $mistake", ({ message, ...changes }) => {
    expect(messages(parseWith(changes))).toEqual([message]);
  });

  it("knows at least 25 rules and is tried with at least 40 mistakes", () => {
    const rules = new Set(BAD_CONFIGS.map(({ message }) => /: must (.*?), got /.exec(message)?.[1]));

    expect(BAD_CONFIGS.length).toBeGreaterThanOrEqual(40);
    expect(rules.size).toBeGreaterThanOrEqual(25);
  });

  const strings = Object.keys(CONFIG_KEYS).filter(
    (key) => !SECRET_KEYS.includes(key) && !key.endsWith("PublicKey"),
  );
  const nasty = [
    "\u0007",
    "\u001b[2J",
    "'",
    '"',
    "`id`",
    "$(id)",
    "\nb",
    " ",
    ";",
    "\u2028",
    "\u009b",
    "\u202e",
    "é",
  ];

  it.each(strings)("refuses control characters, quotes, backticks and $() in %s", (key) => {
    const hostKey = { "homeport:backupHostKey": sftpRaw()["homeport:backupHostKey"] ?? "" };
    const valid: Record<string, string> = { ...validRaw(), ...mailRaw(), ...hostKey };
    const sound = valid[key] ?? keyOf(key as ConfigKeyName).default ?? "";
    for (const text of nasty) {
      const said = messages(parseWith({ raw: { ...valid, [key]: `${sound}${text}x` } }));

      expect(said, JSON.stringify(text)).toHaveLength(1);
      expect(said[0]).toMatch(new RegExp(`^${key}\\b.*: must `));
      expect(said[0], "no control character reaches the terminal").toMatch(/^[\x20-\x7e…–—é]*$/);
    }
  });

  it("tells every fault at once", () => {
    const independent = BAD_CONFIGS.filter(({ raw, env, secretKeys }) => raw && !env && !secretKeys);
    const perKey = new Map(independent.map((bad) => [Object.keys(bad.raw ?? {}).join(), bad]));
    const keys = [...perKey.keys()].filter((key) => !key.includes(",") && !key.startsWith("hcloud:endpoint"));
    // one wrong half hides how it compares with the other: of key and key, of domain and host
    const hiding = ["homeport:operatorPublicKey", "homeport:domain"];
    const chosen = keys.filter((key) => !hiding.includes(key)).map((key) => perKey.get(key)!);
    const raw = Object.assign({}, ...chosen.map((bad) => bad.raw)) as Record<string, string>;

    expect(chosen.length).toBeGreaterThanOrEqual(15);
    expect(messages(parseWith({ raw })).sort()).toEqual(chosen.map((bad) => bad.message).sort());
  });
});

describe("parseConfig and who is told of backups", () => {
  it("takes a mail address with a server and its account, and misses all of them at once", () => {
    expect(messages(parseWith({ raw: mailRaw() }))).toEqual([]);
    const alone = { "homeport:backupReportMail": "admin@mxcorre.com" };
    expect(messages(parseWith({ raw: alone })).map((text) => text.split(": must be set")[0])).toEqual(
      ["Server", "From", "Username", "Password"].map((each) => `homeport:backupReportSmtp${each}`),
    );
  });

  it.each([
    ["homeport:backupReportMail", "admin@mxcorre.com,b@mxcorre.com", "be one mail address"],
    ["homeport:backupReportSmtpServer", "mail.example:465", "be smtps://HOST:465, or smtp://HOST:587"],
    ["homeport:backupReportSmtpServer", "smtps://mail.example/x", "be smtps://HOST:465, or smtp://HOST:587"],
    ["homeport:backupReportSmtpFrom", "server", "be one mail address"],
    ["homeport:backupReportSmtpUsername", "a:b", "be the name of an account"],
    ["homeport:backupReportSmtpPassword", "two words", "be ASCII without spaces, got [hidden"],
    ["homeport:backupReportHeartbeat", "http://beat.example/T0KEN", "be an https URL, got [hidden"],
  ])("refuses %s %s", (key, value, rule) => {
    const said = messages(parseWith({ raw: { ...mailRaw(), [key]: value } }));
    expect(said).toEqual([expect.stringContaining(`${key}: must ${rule}`)]);
  });
});

describe("parseConfig and a repository over SFTP", () => {
  it.each([
    "sftp:u1@u1.your-storagebox.de:backups/app",
    "sftp:u1@box:/home/app",
    "sftp://u1-sub1@u1.your-storagebox.de:23/app",
    "sftp://u1@box:23//home/app",
    "sftp://u1@box/app",
  ])("takes %s with its two keys, none of S3, and no point in time", (repository) => {
    const parsed = parseWith({ raw: { ...sftpRaw(), "homeport:backupRepository": repository } });
    expect(messages(parsed)).toEqual([]);
    expect(parsed.ok && parsed.config).toMatchObject({
      backup: { repository, accessKeyId: "", hostKey: sftpRaw()["homeport:backupHostKey"] },
      secretValues: { backup: { sshKey: OPERATOR.privateKey, secretAccessKey: "" } },
      pointInTime: { enabled: false },
    });
  });

  it.each([
    "sftp:box:/app",
    "sftp://u1:hunter22@box/app",
    "sftp:u1@box:23/app",
    "sftp:u1@box:23",
    "sftp:u1@box:../app",
    "sftp:u1@box:/app/../x",
    "sftp://u1@box:99999/app",
    "sftp://u1@box:23",
    "sftp:-oProxyCommand=id@box:/app",
    "sftp:u1@-oProxyCommand:/app",
  ])("refuses %s", (repository) => {
    const said = messages(parseWith({ raw: { ...sftpRaw(), "homeport:backupRepository": repository } }));
    expect(said).toEqual([expect.stringMatching(/^homeport:backupRepository: must be s3:.* or sftp:/)]);
  });

  it("tells every fault at once, and shows no key", () => {
    const { privateKey } = OPERATOR;
    const raw = {
      ...sftpRaw(),
      "homeport:backupSshKey": privateKey.slice(0, 200),
      "homeport:backupHostKey": `${sftpRaw()["homeport:backupHostKey"]} root@box`,
      "homeport:backupPassword": undefined,
      "homeport:pointInTime": '{"enabled":true}',
    };
    const said = messages(parseWith({ raw }));
    expect(said).toEqual([
      expect.stringMatching(/^homeport:backupHostKey: must be TYPE BASE64 without a comment/),
      expect.stringMatching(
        /^homeport:backupSshKey: must hold a whole key: .* got \[hidden, \d+ characters\]/,
      ),
      expect.stringMatching(/^homeport:backupPassword: must be set/),
      expect.stringMatching(/^homeport:pointInTime.enabled: must be false without an S3 repository/),
    ]);
    expect(said.join()).not.toContain(privateKey.split("\n")[2]);
    const none = { ...sftpRaw(), "homeport:backupSshKey": undefined, "homeport:backupHostKey": undefined };
    expect(messages(parseWith({ raw: none })).map((text) => text.split(": must be set")[0])).toEqual([
      "homeport:backupHostKey",
      "homeport:backupSshKey",
    ]);
  });

  it("takes a host key with a name before it, or one that is private, for none", () => {
    const hostKey = sftpRaw()["homeport:backupHostKey"] ?? "";
    for (const wrong of [`[box]:23 ${hostKey}`, "AAAAC3Nza", HOST.privateKey.split("\n")[0] ?? ""])
      expect(messages(parseWith({ raw: { ...sftpRaw(), "homeport:backupHostKey": wrong } }))).toHaveLength(1);
  });
});

describe("parseConfig and secrets", () => {
  const secret = fc
    .string({ minLength: 12, maxLength: 80, unit: "grapheme-ascii" })
    .filter((text) => !/^(.)\1*$/.test(text));

  it("shows no secret, whatever it is and wherever it is pasted as well", () => {
    const keys = Object.keys(validRaw()).filter((key) => !key.includes("rivateKey"));
    fc.assert(
      fc.property(secret, fc.constantFrom(...SECRET_KEYS), fc.constantFrom(...keys), (text, home, other) => {
        const value = home === "homeport:secrets" ? JSON.stringify({ SECRET_KEY_BASE: text }) : text;
        const said = messages(parseWith({ raw: { "homeport:x": "", [other]: text, [home]: value } })).join(
          "\n",
        );

        expect(said).toContain("homeport:x: must be a known key");
        expect(said).not.toContain(text);
        expect(said).not.toContain(JSON.stringify(text).slice(1, -1));
      }),
    );
  });

  it("shows no key or token pasted into a plain key alone, nor one used as a key's name", () => {
    const pasted = [
      "a1".repeat(32),
      `ghp_${"Qz7".repeat(12)}`,
      OPERATOR.privateKey,
      `x ${"Zk9_".repeat(10)}`,
    ];
    for (const text of pasted) {
      for (const key of Object.keys(validRaw()).filter((each) => !SECRET_KEYS.includes(each))) {
        expect(messages(parseWith({ raw: { [key]: text } })).join("\n")).not.toContain(text);
      }
      expect(messages(parseWith({ raw: { [`homeport:${text}`]: "x" } })).join("\n")).not.toContain(text);
      const variable = JSON.stringify({ web: { [`${text}-`]: "x" } });
      expect(messages(parseWith({ raw: { "homeport:environment": variable } })).join("\n")).not.toContain(
        text,
      );
    }
  });
});
