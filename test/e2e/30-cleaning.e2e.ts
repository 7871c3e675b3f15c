import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NOTHING, Project } from "./support/project";
import { DOMAIN, eventually, hetzner, visitor } from "./support/cloud";
import { changeAtCloudflare, lookAnew, status, statusFromOffice } from "./support/cloudflare-edge";
import { startReceiver, type Receiver } from "./support/receiver";
import { asksOfItsHost, expectHeartbeat, setAddresses, toldSecrets } from "./support/cleaning-host";
import { cleaningDefects } from "./support/defects-cleaning";
import { API, orderWithPhoto, sumOf, weakenDmarc } from "./support/cleaning";
import { expectLeftBehind, withSecretsInSources } from "./support/left-behind";
import { findsEveryDefect } from "./support/planted";
import { expectClosed } from "./support/ports";

const project = new Project("cleaning", ["cleaning-db", "cleaning", "cleaning"]);
const defects = cleaningDefects(project);
const UPLOADS = "/opt/cleaning/var/uploads";
const ENV_FILE = "/etc/cleaning/cleaning.env";
const JSON_ORIGINS = { CORS_ORIGINS: '["https://sparkling.company", "https://www.sparkling.company"]' };
/** The jobs write it every few seconds. */
const BUT = "public.job_heartbeats";

async function files(): Promise<string> {
  return project.onServer(
    `cd ${UPLOADS} && find . -printf '%p %m %U:%G %s\\n' | sort && find . -type f -exec sha256sum {} + | sort`,
  );
}

describe("the cleaning system (S3)", () => {
  withSecretsInSources(["api", "api/cleaning", "web", "web/app"].map((folder) => `cleaning/${folder}`));
  let receiver: Receiver;
  beforeAll(async () => {
    receiver = await startReceiver();
    const { code, output } = await project.local();
    expect(code, output).toBe(0);
  });
  afterAll(() => receiver.close());

  it("is proven by verify, line by line", async () => {
    const checks = await project.verify();
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    const own = [1, 2, 3, 6, 7, 9, 10, 14, 15, 16, 17, 18, 19, 20, 21, 22, 25, 27].map((id) => `S3-${id}`);
    expect(checks.map(({ id }) => id)).toEqual(expect.arrayContaining(own));
  });

  it("has nothing to change a second time", async () => {
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
    expect(code, output).toBe(0);
  });

  it("answers no visitor but through the edge (S3-4)", async () => {
    await expectClosed(await project.address(), "sparkling.company");
  });

  it("leaves a developer's secrets behind: none is on the host, in an image or in a backup (S2-5, S3-7)", async () => {
    await expectLeftBehind(project, { shipped: ["alembic.ini", "BUILD_ID"], copied: UPLOADS });
  });

  it("shows no secret in plain: neither as an output nor in docker inspect", async () => {
    const { stdout } = await project.must("pulumi", "stack", "output", "--json");
    const shown = await project.must("pulumi", "stack", "output", "--json", "--show-secrets");
    const { secretValues } = JSON.parse(shown.stdout) as { secretValues: Record<string, string> };
    const [password = "", url = ""] = [secretValues.POSTGRES_PASSWORD, secretValues.DATABASE_URL];
    expect(decodeURIComponent(new URL(url).password)).toBe(password);
    expect(password).not.toMatch(/^[A-Za-z0-9]*$/);
    const inspected = await project.onServer("docker ps -aq | xargs docker inspect");
    for (const value of Object.values(secretValues)) {
      expect(stdout.includes(value)).toBe(false);
      expect(inspected.includes(value)).toBe(false);
    }
  });

  it("writes what the containers are told into one file, which a shell on the server reads as it is (S3-7, S3-8)", async () => {
    const secrets = await toldSecrets(project);
    const read = await project.onServer(`set -a; . ${ENV_FILE}; env -0 | base64 -w0`);
    const pairs = Buffer.from(read, "base64").toString().split("\0");
    const told = Object.fromEntries(
      pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]),
    );
    expect(told).toMatchObject({ ...secrets, ...JSON_ORIGINS, POSTGRES_USER: "cleaning", APP_ENV: "prod" });
    const container = "$(docker ps -q --filter label=homeport.service=jobs)";
    expect(await project.onServer(`docker exec ${container} printenv CORS_ORIGINS`)).toBe(
      `${told.CORS_ORIGINS}\n`,
    );
  });

  it("knows every variable that it is told, and shows none of their values (S3-10 to S3-13)", async () => {
    const audit = await project.must("npx", "homeport", "env", "audit", "--check-unused", "--json");
    const { variables } = JSON.parse(audit.stdout) as { variables: { status: string; need: string }[] };
    expect(new Set(variables.map(({ status }) => status))).toEqual(new Set(["set"]));
    const { stdout } = await project.must("pulumi", "stack", "output", "secretValues", "--show-secrets");
    const table = await project.must("npx", "homeport", "env", "audit", "--check-unused");
    for (const value of Object.values(JSON.parse(stdout) as Record<string, string>))
      expect(`${audit.output}${table.output}`.includes(value)).toBe(false);
  });

  it("is not deployed where a mode lacks what it needs: all of it is named before anything changes (S3-11)", async () => {
    const key = "homeport:environment.api.EMAIL_MODE";
    await project.must("pulumi", "config", "set", "--path", key, "smtp");
    try {
      const { code, output } = await project.pulumi("preview");
      expect(code).not.toBe(0);
      for (const name of ["SMTP_HOST", "SMTP_PORT", "SMTP_USERNAME", "SMTP_PASSWORD"])
        expect(output).toMatch(new RegExp(`${name}: must be set`));
    } finally {
      await project.must("pulumi", "config", "rm", "--path", key);
    }
  });

  it("drift sees what somebody wrote to that file, without showing it, and a weaker DMARC policy; it heals both (S3-7, S3-14)", async () => {
    await project.onServer(`echo "APP_ENV='dev'" >>${ENV_FILE}`);
    await weakenDmarc();
    expect(await project.broken()).toEqual([
      expect.stringMatching(/^S3-7 /),
      expect.stringMatching(/^S3-14 DMARC/),
    ]);
    const found = await project.sh("npx", "homeport", "drift", "--json");
    expect(found.code, found.output).toBe(1);
    for (const what of [ENV_FILE, "dns-mail-dmarc"]) expect(found.stdout).toContain(what);
    expect(found.stdout).not.toContain("APP_ENV");
    const healed = await project.sh("npx", "homeport", "drift", "--heal");
    expect(healed.code, healed.output).toBe(0);
    expect(await project.broken()).toEqual([]);
  });

  asksOfItsHost(project);

  findsEveryDefect(project, defects);

  it("triage names the container that stopped, with its log, and what the API misses (S3-28)", async () => {
    const file = "/opt/backups/postgres/LAST_SUCCESS.txt";
    const jobs = "$(docker ps -aqf label=homeport.service=jobs)";
    await project.onServer(`docker stop ${jobs}; mv ${file} ${file}.aside`);
    const sick = await project.sh("npx", "homeport", "triage");
    await project.onServer(`docker start ${jobs}; mv ${file}.aside ${file}`);
    expect(sick.code).toBe(1);
    expect(sick.stdout).toMatch(/✖ +jobs +exited \(\d+\)[\s\S]*── jobs: last lines\n./);
    expect(sick.stdout).toMatch(/✖ S3-3 .*\/healthz\/backup: status 503[^\n]*\n +fix: homeport backup now/);
    await eventually(60, async () => (await project.sh("npx", "homeport", "triage")).code === 0);
  });

  it("keeps strangers from admin paths at the edge, whatever the case (S3-27)", async () => {
    for (const path of ["/v1/admin/whoami", "/V1/Admin/orders"]) {
      expect(await status(`${API}${path}`)).toBe("403 cloudflare");
      expect(await statusFromOffice(`${API}${path}`)).toMatch(/^40[14]$/);
    }
  });

  it("limits one client's rate with 429, but not Stripe's webhook nor another client (S3-15, S3-27)", async () => {
    const order = `${API}/v1/orders/none?token=x`;
    const flood = `for i in $(seq 60); do curl -sS -o /dev/null -m 20 -w '%{http_code} ' '${order}'; done`;
    expect((await visitor("sh", "-c", flood)).stdout.trim()).toMatch(/^(422 )+.*429$/);
    expect(await status(`${API}/v1/payments/stripe/webhook`)).toMatch(/^200/);
    expect(await status(`${API}/stripe/webhook`)).toMatch(/^200/);
    expect(await statusFromOffice(order)).toBe("422");
    await eventually(30, async () => (await status(order)).startsWith("422"));
  });

  it("takes a form with Turnstile's token, and refuses one without, or with one that was used (S3-16)", async () => {
    await orderWithPhoto();
    const again = await visitor(
      "sh",
      "-c",
      `curl -sS -m 20 -H 'Content-Type: application/json' -d "$(cat /tmp/form)" ${API}/v1/orders`,
    );
    expect(again.stdout).toContain("captcha refused");
    const without = await visitor(
      "sh",
      "-c",
      `curl -sS -m 20 -H 'Content-Type: application/json' -d '{}' ${API}/v1/orders`,
    );
    expect(without.stdout).toContain("captcha_token: must be set");
  });

  it("verify finds rules that were changed and keys that were rotated at Cloudflare, and up mends them", async () => {
    await setAddresses(project, receiver.url);
    await changeAtCloudflare(project);
    const broken = await project.broken();
    for (const id of ["S3-16", "S3-27"]) expect(broken).toContainEqual(expect.stringContaining(`${id} `));
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--refresh");
    expect(code, output).toBe(0);
    await lookAnew(project, "-backup", 62); // what it saw last may have been triage's own test
    await project.green();
  });

  it("calls the heartbeat's address, and tells the webhook what its monitors see (S3-19)", async () => {
    await expectHeartbeat(project);
    const file = "/opt/backups/postgres/LAST_SUCCESS.txt";
    await project.onServer(`mv ${file} ${file}.aside`);
    await lookAnew(project, "-backup", 61);
    await eventually(60, async () => /cleaning-[a-z-]+-backup .*is Unhealthy/.test(receiver.heard.join()));
    await project.onServer(`mv ${file}.aside ${file}`);
    await lookAnew(project, "-backup", 60);
    await eventually(60, async () => /cleaning-[a-z-]+-backup .*is Healthy/.test(receiver.heard.join()));
  });

  it("keeps uploads when the container is made anew (S3-22)", async () => {
    const photo = await orderWithPhoto();
    await project.onServer("docker rm -f $(docker ps -q --filter label=homeport.service=api)");
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--refresh");
    expect(code, output).toBe(0);
    expect(await sumOf(photo.url)).toBe(photo.sha256);
  });

  it("comes back on a new server with equal data, uploads and links: database, uploads, then the platform (S3-24)", async () => {
    const photo = await orderWithPhoto();
    await project.must("npx", "homeport", "backup", "now");
    const before = [await project.tables(BUT), await files()];
    const { code, output } = await project.sh("npx", "homeport", "recover", "--yes");
    expect(code, output).toBe(0);
    expect([await project.tables(BUT), await files()]).toEqual(before);
    expect(await sumOf(photo.url)).toBe(photo.sha256);
    expect(await project.broken()).toEqual([]);
  });

  it("is gone without a trace after pulumi destroy, and the system beside it on the account is not touched", async () => {
    const servers = async (): Promise<string> =>
      JSON.stringify(await hetzner("/servers?label_selector=system%3Drunning-calendar"));
    const before = await servers();
    expect(await project.destroy()).toEqual(NOTHING);
    expect(await servers()).toBe(before);
    expect((await visitor("curl", "-sSf", "-m", "20", `https://${DOMAIN}/up`)).code).toBe(0);
  });
});
