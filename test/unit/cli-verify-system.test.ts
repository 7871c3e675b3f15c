import { describe, expect, it } from "vitest";
import {
  answerVerdict,
  commandVerdict,
  directoriesVerdict,
  logVerdict,
  environmentFilesVerdict,
  mountsVerdict,
  requestOf,
} from "../../cli/verify/checks-system";
import type { AnswerCheckSpec, CommandCheckSpec } from "../../components/lib/system-checks";
import { environmentFilePrint } from "../../components/lib/environment-file";
import { defineSystem } from "../../components/lib/system";
import { runningCalendar } from "../../systems/running-calendar";
import { expectedStack } from "../support/verify";

const CHECK: AnswerCheckSpec = {
  ...{ id: "S3-19", title: "alive" },
  request: { path: "/readyz?full=1", bearer: "TOKEN", headers: { Origin: "https://{domain}" } },
  answer: {
    status: [200, 204],
    headers: { "X-Frame-Options": "DENY" },
    contains: "jobs",
    json: { "jobs.ok": true, "jobs.age": { atMost: 60 } },
  },
};
const GOOD = {
  status: 200,
  headers: { "x-frame-options": "DENY" },
  body: '{"jobs":{"ok":true,"age":60}}',
};
const expected = expectedStack({ secretValues: { TOKEN: "s3cret" } });

describe("an answer that a visitor should get", () => {
  it("is asked for with the secret, and proven without showing it", () => {
    const request = requestOf(CHECK, expected);
    expect(request.url).toBe("https://mxcorre.com/readyz?full=1");
    expect(request.headers).toEqual({ Origin: "https://mxcorre.com", authorization: "Bearer s3cret" });
    const basic = { ...CHECK, request: { path: "/", basic: { user: "me", secret: "TOKEN" } } };
    expect(requestOf(basic, expected).headers).toEqual({ authorization: "Basic bWU6czNjcmV0" });
    const body = {
      ...CHECK,
      request: { path: "/", body: '{"query":"{ a }","key":"{TOKEN}","of":"{domain}"}' },
    };
    expect(requestOf(body, expected).body).toBe('{"query":"{ a }","key":"s3cret","of":"mxcorre.com"}');
    const inPath = { ...CHECK, request: { path: "/of/{TOKEN:url}" } };
    expect(requestOf(inPath, expected).url).toBe("https://mxcorre.com/of/s3cret");
    expect(answerVerdict(inPath, GOOD, expected)).toMatchObject({
      evidence: "GET https://mxcorre.com/of/{TOKEN:url} 200",
    });
    expect(answerVerdict(CHECK, GOOD, expected)).toEqual({
      ok: true,
      evidence: "GET https://mxcorre.com/readyz?full=1 200",
    });
  });

  it.each([
    ["no answer", { error: "timeout", headers: {}, body: "" }, "timeout"],
    ["a status", { ...GOOD, status: 401 }, "status 401, not 200 or 204"],
    ["a missing header", { ...GOOD, headers: {} }, "X-Frame-Options is missing, not DENY"],
    [
      "all that it can be at once",
      { status: 503, headers: {}, body: "{}" },
      'status 503, not 200 or 204; X-Frame-Options is missing, not DENY; the body does not hold "jobs"; ' +
        "jobs.ok is missing, not true; jobs.age is missing, more than 60",
    ],
    ["what is no JSON", { ...GOOD, body: "jobs" }, "the body is not JSON"],
    [
      "null",
      { ...GOOD, body: '{"jobs":null}' },
      "jobs.ok is missing, not true; jobs.age is missing, more than 60",
    ],
    ["an old heartbeat", { ...GOOD, body: '{"jobs":{"ok":true,"age":61}}' }, "jobs.age is 61, more than 60"],
    ["no heartbeat", { ...GOOD, body: '{"jobs":{"ok":true}}' }, "jobs.age is missing, more than 60"],
  ])("is broken by %s", (_, found, why) => {
    expect(answerVerdict(CHECK, found, expected)).toMatchObject({
      ok: false,
      found: `https://mxcorre.com/readyz?full=1: ${why}`,
    });
  });
});

describe("a command in a container", () => {
  const check: CommandCheckSpec = {
    id: "S3-17",
    title: "x",
    service: "redis",
    command: ["redis-cli", "ping"],
    prints: "^PONG",
  };
  it.each([
    ["proven", { code: 0, out: "PONG\n", err: "" }, { ok: true }],
    [
      "broken by its code",
      { code: 1, out: "PONG", err: "" },
      { ok: false, found: "redis: redis-cli ping ended with 1" },
    ],
    [
      "broken by what it prints",
      { code: 0, out: "LOADING", err: "" },
      { ok: false, found: "redis: redis-cli ping does not print ^PONG" },
    ],
    ["broken when it was not run", undefined, { ok: false }],
  ])("is %s", (_, found, verdict) => {
    expect(commandVerdict(check, found)).toMatchObject(verdict);
  });
});

describe("a log", () => {
  const check = { ...{ id: "S4-15", title: "x", service: "web" }, log: { without: "token|secret" } };
  const found = { found: true, lines: 0, word: "", secrets: 0 };
  it.each([
    ["proven", found, { ok: true, evidence: "web: no line says token|secret" }],
    [
      "broken by a word",
      { ...found, lines: 2, word: "Token" },
      { ok: false, found: 'web: 2 lines say "Token"' },
    ],
    [
      "broken by a secret's value",
      { ...found, secrets: 1 },
      { ok: false, found: "web: 1 lines hold a secret" },
    ],
    ["broken when there is none", { ...found, found: false }, { ok: false, found: "web has no log" }],
    ["broken when nobody looked", undefined, { ok: false }],
  ])("is %s", (_, facts, verdict) => {
    expect(logVerdict(check, facts)).toMatchObject(verdict);
  });
});

describe("an environment file", () => {
  const services = {
    ...runningCalendar.services,
    web: { ...runningCalendar.services.web!, environmentFile: "/etc/shop/shop.env" },
  };
  const secretValues = { SECRET_KEY_BASE: "k", POSTGRES_PASSWORD: "p" };
  const shop = expectedStack({ system: { ...runningCalendar, services }, secretValues });
  const print = environmentFilePrint({ ...shop.config.environment.web, ...secretValues });

  it.each([
    ["as the containers have it", print, undefined],
    ["missing", "", "/etc/shop/shop.env is not there"],
    ["open to others", print.replace("600", "640"), "/etc/shop/shop.env is 640 0:0, not 600 0:0"],
    ["another's", print.replace("0:0", "1000:0"), "/etc/shop/shop.env is 600 1000:0, not 600 0:0"],
    [
      "with another value",
      environmentFilePrint({ ...shop.config.environment.web, ...secretValues, POSTGRES_PASSWORD: "q" }),
      "/etc/shop/shop.env says something else than the containers have",
    ],
  ])("is %s (S3-7)", (_, found, why) => {
    const verdict = environmentFilesVerdict({ files: { "/etc/shop/shop.env": found } }, shop);
    const fix = "pulumi up --replace '**::app-environment-etc-shop-shop-env'";
    expect(verdict).toMatchObject(why === undefined ? { ok: true } : { ok: false, found: why, fix });
  });
});

describe("what the host lends", () => {
  const health = {
    test: ["CMD", "true"],
    intervalSeconds: 1,
    timeoutSeconds: 1,
    retries: 1,
    startPeriodSeconds: 0,
  };
  const system = defineSystem({
    name: "shop",
    services: {
      web: { stopGracePeriodSeconds: 1, healthcheck: health, mounts: { "/srv/shop": "/app/data:ro" } },
    },
    sites: [{ hostname: "@", routes: { "/": "web:80" } }],
    files: { "/srv/shop": { owner: "1000:1000" } },
  });
  const shop = expectedStack({ system });
  const mounted = (mount: object): { containers: { code: number; out: string; err: string } } => {
    const mounts = [{ Type: "bind", Source: "/srv/shop", Destination: "/app/data", RW: false, ...mount }];
    const web = { Config: { Labels: { "homeport.service": "web" } }, Mounts: mounts };
    return { containers: { code: 0, out: JSON.stringify([web]), err: "" } };
  };

  it.each([
    ["750 1000:1000", true],
    ["755 1000:1000", false],
    ["750 0:0", false],
    ["", false],
  ])("has owner and mode: %s", (found, ok) => {
    expect(directoriesVerdict({ directories: { "/srv/shop": found } }, shop).ok).toBe(ok);
  });

  it.each([
    ["as it should be", {}, true],
    ["writable", { RW: true }, false],
    ["from elsewhere", { Source: "/srv" }, false],
    ["somewhere else", { Destination: "/data" }, false],
  ])("is mounted: %s", (_, mount, ok) => {
    expect(mountsVerdict(mounted(mount), shop).ok).toBe(ok);
  });
});
