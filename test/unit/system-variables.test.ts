import { describe, expect, it } from "vitest";
import { renderAudit } from "../../cli/commands/env";
import { mustVerdict } from "../../cli/verify/checks-variables";
import { auditVariables } from "../../components/lib/config-rules-variables";
import { type FaultsError, formatFault } from "../../components/lib/faults";
import { defineSystem, type System, type VariablesSpec } from "../../components/lib/system";
import type { NotifySpec } from "../../components/lib/system-edge";
import { withGivenSecrets } from "../../components/lib/system-secrets";
import { messages, parseWith, SECRET_KEYS, validRaw } from "../support/valid-config";
import { expectedStack } from "../support/verify";

const HEALTH = {
  ...{ test: ["CMD", "true"], intervalSeconds: 1, timeoutSeconds: 1, retries: 1, startPeriodSeconds: 0 },
};
const VARIABLES: VariablesSpec = {
  must: ["APP_ENV=prod", "DATABASE_URL", "ORIGINS", "AUTH_KEY"],
  when: {
    "STRICT=true": [{ name: "ORIGINS", without: "*" }],
    "MAIL=smtp": ["SMTP_HOST", "SMTP_PASSWORD"],
    "STORE=s3": ["S3_*"],
  },
  should: ["BASE_URL", "JOBS=true"],
  optional: ["MAIL", "STORE", "STRICT", "LIMIT_*"],
};
const ENVIRONMENT = {
  APP_ENV: "prod",
  ORIGINS: '["https://{domain}"]',
  STRICT: "true",
  BASE_URL: "https://{domain}",
};

function shop(environment: Readonly<Record<string, string>> = {}, variables = VARIABLES): System {
  return defineSystem({
    name: "shop",
    services: {
      api: {
        ...{ image: "api:1", user: "1:1", stopGracePeriodSeconds: 1, healthcheck: HEALTH, secretFiles: true },
        environment: { ...ENVIRONMENT, JOBS: "true", ...environment },
        secrets: ["DATABASE_URL", "AUTH_KEY", "SMTP_PASSWORD"],
      },
    },
    sites: [{ hostname: "@", routes: { "/": "api:80" } }],
    secrets: {
      DB_PASSWORD: { kind: "generated", length: 32, alphabet: "hex" },
      DATABASE_URL: { kind: "composed", template: "postgres://a:{DB_PASSWORD:url}@db/a" },
      AUTH_KEY: { kind: "kept" },
      SMTP_PASSWORD: { kind: "kept", when: { MAIL: "smtp" } },
    },
    variables,
  });
}

const KEY = "of-this-test-alone-and-long";
const RAW = {
  "homeport:images": '{"api":"api:1","proxy":"caddy:2.10.2"}',
  "homeport:secrets": JSON.stringify({ AUTH_KEY: KEY }),
};

function faultsOf(system: System, raw: Readonly<Record<string, string>> = {}): string[] {
  return messages(parseWith({ raw: { ...RAW, ...raw }, system }));
}

describe("what a stack must be told", () => {
  it("is nothing more where all of it is set", () => {
    const parsed = parseWith({ raw: RAW, system: shop() });
    expect(messages(parsed)).toEqual([]);
    expect(parsed).toMatchObject({ config: { warnings: [] } });
  });

  it("is refused all at once, with the command that mends each, before any API is asked (S3-9, S3-10, S3-11)", () => {
    const bad = { APP_ENV: "dev", ORIGINS: "*", MAIL: "smtp", SMTP_HOST: "<host>", STORE: "s3" };
    const secrets = { "homeport:secrets": JSON.stringify({ AUTH_KEY: "changeme" }) };
    const set = "pulumi config set --path 'homeport:environment.api";
    expect(faultsOf(shop(bad), secrets)).toEqual([
      expect.stringMatching(
        /^homeport:secrets\.AUTH_KEY: must be a real value, not a placeholder, got \[hidden, 8/,
      ),
      "homeport:secrets.SMTP_PASSWORD: must be set, got nothing; " +
        "fix: pulumi config set --secret --path 'homeport:secrets.SMTP_PASSWORD' --stack prod",
      `homeport:environment.api.APP_ENV: must be prod, got another value; fix: ${set}.APP_ENV' prod --stack prod`,
      "homeport:environment.api.ORIGINS: must hold no * where STRICT=true, got another value; " +
        `fix: ${set}.ORIGINS' VALUE --stack prod`,
      "homeport:environment.api.SMTP_HOST: must be a real value, not a placeholder where MAIL=smtp, got a placeholder; " +
        `fix: ${set}.SMTP_HOST' VALUE --stack prod`,
      `homeport:environment.api.S3_*: must be set where STORE=s3, got nothing; fix: ${set}.S3_NAME' VALUE --stack prod`,
    ]);
  });

  it.each(["", "changeme", "xxx", "<your value>", "example", "EXAMPLE.com", "TODO", '["<origin>"]'])(
    "takes %j for no value",
    (value) => {
      expect(faultsOf(shop({ ORIGINS: value }))).toEqual([
        expect.stringMatching(
          /^homeport:environment\.api\.ORIGINS: must (be set|be a real value, not a placeholder), got/,
        ),
      ]);
    },
  );

  it("sends what sounds like a secret to the secrets, not into plain environment", () => {
    const variables = { must: ["STRIPE_SECRET_KEY"] };
    expect(faultsOf(shop({}, variables))).toEqual([
      "homeport:environment.api.STRIPE_SECRET_KEY: must be set, got nothing; " +
        'fix: add secrets.STRIPE_SECRET_KEY of kind "kept" to the system and to services.api.secrets, ' +
        "then pulumi config set --secret --path 'homeport:secrets.STRIPE_SECRET_KEY' --stack prod",
    ]);
  });

  it("is mended by the stack's own value", () => {
    const raw = { "homeport:environment": JSON.stringify({ api: { STORE: "s3", S3_BUCKET: "photos" } }) };
    expect(faultsOf(shop(), raw)).toEqual([]);
  });

  it("should be more than it must be: what lacks of that is a warning (S3-12)", () => {
    const parsed = parseWith({
      raw: RAW,
      system: shop({ BASE_URL: "changeme", JOBS: "false", LIMIT_A: "xxx" }),
    });
    expect(parsed).toMatchObject({
      config: {
        warnings: [
          expect.stringMatching(
            /BASE_URL: should be a real value, not a placeholder, got a placeholder; fix: /,
          ),
          expect.stringMatching(/JOBS: should be true, got another value; fix: .*JOBS' true --stack prod$/),
          expect.stringMatching(/^homeport:environment\.api\.LIMIT_A: should be a real value/),
        ],
      },
    });
  });

  it("wants a secret that is kept under a condition only where it holds, and the program goes without it", () => {
    expect(withGivenSecrets(shop(), ["AUTH_KEY"]).services.api?.secrets).toEqual([
      "DATABASE_URL",
      "AUTH_KEY",
    ]);
    const system = shop();
    const optional = { kind: "kept", optional: true } as const;
    const beating = { ...system, secrets: { ...system.secrets, SMTP_PASSWORD: optional } };
    expect(withGivenSecrets(beating, ["AUTH_KEY"]).services.api?.secrets).toHaveLength(2);
    expect(withGivenSecrets(shop(), ["AUTH_KEY", "SMTP_PASSWORD"]).services.api?.secrets).toHaveLength(3);
  });

  it("tells no webhook whose optional address a stack has not", () => {
    const system = { ...shop(), secrets: { ALERT_URL: { kind: "kept", optional: true } as const } };
    const notifies = (notify: NotifySpec, given: string[] = []): NotifySpec | undefined =>
      withGivenSecrets({ ...system, edge: { notify } }, given).edge.notify;
    const both = { emails: ["ops@acme.com"], webhook: "ALERT_URL" };
    expect(notifies(both)).toEqual({ emails: both.emails });
    expect(notifies(both, ["ALERT_URL"])).toEqual(both);
    expect(notifies({ webhook: "ALERT_URL" })).toBeUndefined();
    expect(notifies({ emails: both.emails })).toEqual({ emails: both.emails });
  });
});

describe("an environment file and the stack's own values", () => {
  const filed = (): System => {
    const system = shop();
    return {
      ...system,
      services: { api: { ...system.services.api!, environmentFile: "/etc/shop/shop.env" } },
    };
  };

  it.each([
    [
      "environment",
      { "homeport:environment": `{"api":{"MOTTO":"it's \`now\`"}}` },
      "homeport:environment.api.MOTTO",
    ],
    ["a secret", { "homeport:secrets": `{"AUTH_KEY":"it's \`never\` seen"}` }, "homeport:secrets.AUTH_KEY"],
  ])("refuse what it cannot hold: %s", (_, raw, path) => {
    const faults = faultsOf(filed(), raw);
    expect(faults).toEqual([expect.stringContaining(`${path}: must hold no \` beside '`)]);
    expect(faults.join()).not.toMatch(/now|never/);
  });
});

describe("homeport env audit", () => {
  const raw: Record<string, string> = {
    ...{ ...validRaw(), ...RAW },
    "homeport:environment": JSON.stringify({
      api: { MAIL: "smtp", SMTP_HOST: "changeme", STRAY: "value-of-stray" },
    }),
  };
  const input = { raw, secretKeys: new Set(SECRET_KEYS), stack: "prod", env: {} };
  const states = auditVariables({ ...input, system: shop() });

  it("tells how it stands with each variable (S3-13)", () => {
    expect(states.map(({ name, status, need }) => `${name} ${status} ${need}`)).toEqual([
      ...["APP_ENV set must", "DATABASE_URL set must", "ORIGINS set must", "AUTH_KEY set must"],
      ...["SMTP_HOST placeholder must", "SMTP_PASSWORD missing must"],
      ...["BASE_URL set should", "JOBS set should", "MAIL set optional", "STRICT set optional"],
      "STRAY unused none",
    ]);
  });

  it("shows no value, neither of a secret nor of anything else, in any form", () => {
    const shown = [renderAudit(states, true), renderAudit(states, false), JSON.stringify(states)].join("\n");
    const values = [
      KEY,
      "changeme",
      "value-of-stray",
      "mxcorre.com",
      "postgres://",
      raw["hcloud:token"] ?? "",
    ];
    for (const value of values) expect(shown).not.toContain(value);
  });

  it("marks what stands in the way, with its fix", () => {
    expect(renderAudit(states, false).split("\n")).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^✔ {2}APP_ENV +set +must +api$/),
        expect.stringMatching(/^✔ {2}AUTH_KEY +set +must +api \(secret\)$/),
        expect.stringMatching(/^✖ {2}SMTP_PASSWORD +missing +must where MAIL=smtp +api \(secret\)$/),
        "    fix: pulumi config set --secret --path 'homeport:secrets.SMTP_PASSWORD' --stack prod",
        "8 set, 1 missing, 1 placeholder, 0 wrong, 1 unused",
      ]),
    );
    expect(renderAudit(states, false)).not.toContain("STRAY");
    expect(renderAudit(states, true)).toMatch(/^✖ {2}STRAY +unused/m);
  });
});

describe("variables of running containers (S3-10)", () => {
  const parsed = parseWith({ raw: RAW, system: shop() });
  if (!parsed.ok) throw new Error(messages(parsed).join());
  const expected = expectedStack({ system: shop(), config: parsed.config });
  const told = Object.entries(parsed.config.environment.api ?? {}).map(([name, value]) => `${name}=${value}`);
  const running = (env: readonly string[], mounts: readonly object[]): { containers: never } => {
    const Config = { Labels: { "homeport.service": "api" }, Env: env };
    return { containers: { code: 0, err: "", out: JSON.stringify([{ Config, Mounts: mounts }]) } as never };
  };
  const secrets = [{ Type: "bind", Destination: "/run/secrets" }];

  it.each([
    ["proven", told, secrets, undefined],
    ["broken by another value", told.map((line) => line.replace("=prod", "=dev")), secrets, "APP_ENV"],
    ["broken without a value", told.filter((line) => !line.startsWith("ORIGINS")), secrets, "ORIGINS"],
    ["broken without secrets", told, [], "DATABASE_URL"],
  ])("are %s", (_, env, mounts, name) => {
    expect(mustVerdict(running(env, mounts), expected)).toMatchObject(
      name === undefined ? { ok: true } : { ok: false, found: `api does not have ${name} as declared` },
    );
  });
});

describe("faults of variables in a spec", () => {
  const faults = (variables: VariablesSpec): string[] => {
    try {
      shop({}, variables);
      return [];
    } catch (error) {
      return (error as FaultsError).faults.map(formatFault);
    }
  };

  it.each<[string, VariablesSpec, string]>([
    [
      "no name",
      { must: ["MY-NAME"] },
      "variables.must: must name variables, or families like MAIL_*, got MY-NAME",
    ],
    ["a family with a value", { must: ["MAIL_*=a"] }, "ask a family for no value"],
    ["an optional value", { optional: ["A=b"] }, "name optional variables without a value"],
    ["an empty value", { should: ["A="] }, "ask for a value"],
    ["an empty text", { should: [{ name: "A", without: "" }] }, "ask for a value"],
    ["a repeat", { must: ["A"], should: ["A"] }, "variables.should: must name each variable once, got A"],
    ["no condition", { when: { STRICT: ["A"] } }, 'variables.when["STRICT"]: must be a condition'],
    ["a condition that never holds", { when: { "STRIKT=true": ["A"] } }, "is known (did you mean STRICT?)"],
  ])("%s", (_, variables, fault) => {
    expect(faults(variables)).toEqual([expect.stringContaining(fault)]);
  });
});
