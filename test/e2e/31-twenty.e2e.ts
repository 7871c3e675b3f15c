import { beforeAll, describe, expect, it } from "vitest";
import { environment, execute, visitor } from "./support/cloud";
import { twentyDefects } from "./support/defects-twenty";
import { expectLeftBehind, withSecretsInSources } from "./support/left-behind";
import { findsEveryDefect } from "./support/planted";
import { expectClosed } from "./support/ports";
import { NOTHING, Project } from "./support/project";

const project = new Project("twenty", ["twenty-postgres", "twenty_production", "postgres"]);
const defects = twentyDefects(project);
const CRM = "https://crm.company.com";
const FIVE = [
  "ACCESS_TOKEN_SECRET",
  "LOGIN_TOKEN_SECRET",
  "REFRESH_TOKEN_SECRET",
  "FILE_TOKEN_SECRET",
  "APP_SECRET",
];

async function secrets(): Promise<Record<string, string>> {
  const { stdout } = await project.must("pulumi", "stack", "output", "--json", "--show-secrets");
  return (JSON.parse(stdout) as { secretValues: Record<string, string> }).secretValues;
}

/** A question to the server, as a visitor asks it. */
async function ask(query: string, token = ""): Promise<string> {
  const header = token === "" ? "" : `-H 'Authorization: Bearer ${token}'`;
  const script = `curl -sSf -m 20 -H 'Content-Type: application/json' ${header} -d '${JSON.stringify({ query })}' ${CRM}/graphql`;
  const { code, stdout, output } = await visitor("sh", "-c", script);
  expect(code, output).toBe(0);
  return stdout;
}

/** Signs the administrator in; gives an access token. */
async function signIn(): Promise<string> {
  const { ADMIN_PASSWORD = "" } = await secrets();
  const token = /"token":"([^"]+)"/;
  const login = `mutation { challenge(email: "admin@company.com", password: "${ADMIN_PASSWORD}") { loginToken { token } } }`;
  const [, loginToken = ""] = token.exec(await ask(login)) ?? [];
  const verify = `mutation { verify(loginToken: "${loginToken}") { tokens { accessToken { token } } } }`;
  return token.exec(await ask(verify))?.[1] ?? "";
}

async function companies(): Promise<string> {
  return ask("{ companies { name } }", await signIn());
}

/** What another client than the visitor is answered: this machine has an address of its own. */
async function askFromHere(): Promise<string> {
  const env = await environment();
  const to = `crm.company.com:443:${env.HOMEPORT_EDGE ?? ""}:443`;
  const words = [
    "-sS",
    "-m",
    "20",
    "-o",
    "/dev/null",
    "-w",
    "%{http_code}",
    "--cacert",
    env.HOMEPORT_CA ?? "",
  ];
  return (await execute("curl", [...words, "--connect-to", to, `${CRM}/api/health`], env)).stdout;
}

describe("Twenty (S4)", () => {
  withSecretsInSources(["server", "server/src", "front", "front/src"].map((folder) => `twenty/${folder}`));
  beforeAll(async () => {
    const { code, output } = await project.local();
    expect(code, output).toBe(0);
  });

  it("is proven by verify, line by line", async () => {
    const checks = await project.verify();
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    const own = ["S4-4", "S4-6", "S4-9", "S4-10", "S4-11", "S4-12", "S4-14", "S4-15"];
    expect(checks.map(({ id }) => id)).toEqual(expect.arrayContaining(own));
  });

  it("has nothing to change a second time", async () => {
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
    expect(code, output).toBe(0);
  });

  it("publishes nothing but nginx, whom only the edge reaches (S4-5)", async () => {
    await expectClosed(await project.address(), "crm.company.com");
    const published = await project.onServer(
      "docker ps --format '{{.Names}} {{.Ports}}' | grep -e '->' | cut -d' ' -f1",
    );
    expect(published).toBe("twenty-nginx\n");
  });

  it("leaves a developer's secrets behind: none is on the host, in an image or in a backup (S2-5)", async () => {
    await expectLeftBehind(project, {
      shipped: ["schema.js", "index.html"],
      copied: "/var/lib/docker/volumes/twenty-storage/_data",
    });
  });

  it("has five secrets, all different, and a password that a URL holds encoded (S4-6)", async () => {
    const values = await secrets();
    const five = FIVE.map((name) => values[name] ?? "");
    expect(new Set(five).size).toBe(5);
    expect(five.every((value) => value.length >= 43)).toBe(true);
    const { PG_DATABASE_URL = "", POSTGRES_PASSWORD = "" } = values;
    expect(POSTGRES_PASSWORD).not.toMatch(/^[A-Za-z0-9]*$/);
    expect(decodeURIComponent(new URL(PG_DATABASE_URL).password)).toBe(POSTGRES_PASSWORD);
    const { stdout } = await project.must("pulumi", "stack", "output", "--json");
    expect(Object.values(values).filter((value) => stdout.includes(value))).toEqual([]);
  });

  it("writes no secret into a log (S4-15)", async () => {
    const logs = await project.onServer("for each in $(docker ps -q); do docker logs $each 2>&1; done");
    expect(logs).toContain("/api/health");
    expect(
      Object.entries(await secrets()).flatMap(([name, value]) => (logs.includes(value) ? [name] : [])),
    ).toEqual([]);
  });

  it("speaks HTTP/2, with its headers on pages and errors (S4-10, S4-13)", async () => {
    for (const [path, status] of [
      ["/", 200],
      ["/api/nothing", 404],
    ] as const) {
      const { stdout } = await visitor(
        "curl",
        "-sS",
        "-o",
        "/dev/null",
        "-D",
        "-",
        "-m",
        "20",
        `${CRM}${path}`,
      );
      expect(stdout).toMatch(new RegExp(`^HTTP/2 ${status}`));
      expect(stdout).toMatch(/strict-transport-security: max-age=31536000; includeSubDomains/i);
    }
  });

  it("limits one client to its rate, and no other one (S4-12)", async () => {
    const flood = `seq 200 | xargs -P 50 -I{} curl -sS -o /dev/null -m 20 -w '%{http_code}\\n' ${CRM}/api/health | sort | uniq -c`;
    const [{ stdout }, ...others] = await Promise.all([
      visitor("sh", "-c", flood),
      askFromHere(),
      askFromHere(),
    ]);
    expect(stdout).toMatch(/\d+ 200\n\s+\d+ 429\n$/);
    expect(others).toEqual(["200", "200"]);
  });

  findsEveryDefect(project, defects);

  it("comes back on a new server with equal data, and its administrator signs in (H1)", async () => {
    const token = await signIn();
    await ask('mutation { createCompany(name: "Acme") { id } }', token);
    await project.must("npx", "homeport", "backup", "now");
    const before = [await project.tables("no table"), await companies()];
    const { code, output } = await project.sh("npx", "homeport", "recover", "--yes");
    expect(code, output).toBe(0);
    expect([await project.tables("no table"), await companies()]).toEqual(before);
    expect(before[1]).toContain("Acme");
    expect(await project.broken()).toEqual([]);
  });

  it("is gone without a trace after pulumi destroy", async () => {
    expect(await project.destroy()).toEqual(NOTHING);
  });
});
