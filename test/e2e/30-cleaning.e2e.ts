import { beforeAll, describe, expect, it } from "vitest";
import { NOTHING, Project } from "./support/project";
import { eventually, visitor } from "./support/cloud";
import { cleaningDefects } from "./support/defects-cleaning";
import { expectFound } from "./support/planting";

const project = new Project("cleaning", ["cleaning-db", "cleaning", "cleaning"]);
const defects = cleaningDefects(project);
const API = "https://api.sparkling.company";
const UPLOADS = "/opt/cleaning/var/uploads";
const ENV_FILE = "/etc/cleaning/cleaning.env";
const JSON_ORIGINS = { CORS_ORIGINS: '["https://sparkling.company", "https://www.sparkling.company"]' };
/** The jobs write it every few seconds. */
const BUT = "public.job_heartbeats";

/** An order with a photo of random bytes, as a visitor sends it; gives the photo's address and sum. */
async function orderWithPhoto(): Promise<{ readonly url: string; readonly sha256: string }> {
  const order = {
    name: "Ada",
    email: "ada@example.com",
    address: "1 Lane",
    scheduled_for: "2031-05-04T10:00",
  };
  const script = `set -e
    curl -sSf -m 20 -H 'Content-Type: application/json' ${API}/v1/orders -d '${JSON.stringify(order)}' >/tmp/order
    field() { sed -n "s/.*\\"$1\\":\\"\\([^\\"]*\\)\\".*/\\1/p" /tmp/order; }
    { printf '\\211PNG\\r\\n\\032\\n'; head -c 100000 /dev/urandom; } >/tmp/photo
    curl -sSf -m 20 -F photo=@/tmp/photo "${API}/v1/orders/$(field id)/photos?token=$(field portal_token)"`;
  const { code, stdout, output } = await visitor("sh", "-c", script);
  expect(code, output).toBe(0);
  return JSON.parse(stdout) as { url: string; sha256: string };
}

async function sumOf(url: string): Promise<string> {
  return (await visitor("sh", "-c", `curl -sSf -m 20 '${url}' | sha256sum`)).stdout.split(" ")[0] ?? "";
}

async function files(): Promise<string> {
  return project.onServer(
    `cd ${UPLOADS} && find . -printf '%p %m %U:%G %s\\n' | sort && find . -type f -exec sha256sum {} + | sort`,
  );
}

describe("the cleaning system (S3)", () => {
  beforeAll(async () => {
    const { code, output } = await project.local();
    expect(code, output).toBe(0);
  });

  it("is proven by verify, line by line", async () => {
    const checks = await project.verify();
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    const own = [
      "S3-2",
      "S3-3",
      "S3-6",
      "S3-7",
      "S3-9",
      "S3-10",
      "S3-17",
      "S3-18",
      "S3-19",
      "S3-20",
      "S3-21",
      "S3-22",
    ];
    expect(checks.map(({ id }) => id)).toEqual(expect.arrayContaining(own));
  });

  it("has nothing to change a second time", async () => {
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
    expect(code, output).toBe(0);
  });

  it("answers no visitor but through the edge (S3-4)", async () => {
    expect(await project.open([5432, 6379, 3000, 8000, 8001])).toBe("");
    expect(await project.open([22, 80, 443])).toBe("");
    expect(await project.open([443], "sparkling.company")).toBe("443");
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
    const { stdout } = await project.must("pulumi", "stack", "output", "secretValues", "--show-secrets");
    const secrets = JSON.parse(stdout) as Record<string, string>;
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

  it("drift sees it when somebody wrote to that file, shows no value, and heals it (S3-7)", async () => {
    await project.onServer(`echo "APP_ENV='dev'" >>${ENV_FILE}`);
    const found = await project.sh("npx", "homeport", "drift", "--json");
    expect(found.code, found.output).toBe(1);
    expect(found.stdout).toContain(ENV_FILE);
    expect(found.stdout).not.toContain("APP_ENV");
    const healed = await project.sh("npx", "homeport", "drift", "--heal");
    expect(healed.code, healed.output).toBe(0);
  });

  it.each(Object.entries(defects))("verify finds every defect %s", async (_, batch) => {
    await expectFound(project, batch);
  });

  it("is green again when all of them are put right", async () => {
    expect(Object.values(defects).flat().length).toBeGreaterThanOrEqual(20);
    await eventually(60, async () => (await project.broken()).length === 0);
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

  it("is gone without a trace after pulumi destroy", async () => {
    expect(await project.destroy()).toEqual(NOTHING);
  });
});
