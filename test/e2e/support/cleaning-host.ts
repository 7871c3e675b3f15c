import { expect, it } from "vitest";
import { eventually, visitor } from "./cloud";
import type { Project } from "./project";

const LOG = "/opt/cleaning/logs/access.log";
const ENV_FILE = "/etc/cleaning/cleaning.env";

interface Visit {
  readonly request: { readonly host: string; readonly uri: string };
  readonly user_id: string;
  readonly status: number;
}

/** Visits below a path, by the log that the host keeps. */
async function visits(project: Project, path: string): Promise<Visit[]> {
  const lines = await project.onServer(`grep -F '"uri":"${path}' ${LOG} || true`);
  return lines
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Visit);
}

/** What the platform asks of its host: a log of visits, and Compose for whoever works there. */
export function asksOfItsHost(project: Project): void {
  it("keeps who asked what in a file of the host, and no token of it in any log (S3-25)", async () => {
    const ask = `hostname -i; curl -sS -m 20 -o /dev/null -H 'Authorization: Bearer t0ken-of-a-visitor' -H 'Referer: https://x.example/?t0ken-of-a-visitor'`;
    const url = "https://api.sparkling.company/healthz/log?token=t0ken-of-a-visitor";
    const { stdout } = await visitor("sh", "-c", `${ask} '${url}'`);
    await eventually(20, async () => (await visits(project, "/healthz/log")).length === 1);
    expect(await visits(project, "/healthz/log")).toMatchObject([
      {
        request: { host: "api.sparkling.company", uri: "/healthz/log?REDACTED" },
        ...{ user_id: stdout.trim().split(" ")[0], status: 404 },
      },
    ]);
    const logs = await project.onServer(`cat ${LOG}; docker logs cleaning-proxy 2>&1`);
    expect(logs.match(/healthz\/log\?REDACTED/g)?.length).toBeGreaterThanOrEqual(2);
    expect(logs).not.toContain("t0ken-of-a-visitor");
  });

  it("turns over the logs of what Homeport runs by schedule, too (S3-1)", async () => {
    const said = await project.onServer(
      "systemctl is-active logrotate.timer; logrotate --debug /etc/logrotate.conf 2>&1",
    );
    expect(said).toMatch(/^active\n/);
    for (const log of ["homeport-upgrade", "postgres-backup", "files-backup"])
      expect(said).toContain(`considering log /var/log/${log}.log`);
    expect(said).not.toMatch(/^error:/m);
  });

  it("has Compose, which reads the environment file as it was meant (S3-1, S3-7, S3-8)", async () => {
    const secrets = await toldSecrets(project);
    const tool = JSON.stringify({ services: { tool: { image: "tool", env_file: ENV_FILE } } });
    const command = `docker compose --env-file ${ENV_FILE} -p tool -f - config --format json | base64 -w0`;
    const read = await project.onServer(`echo '${tool}' | ${command}`);
    const config = JSON.parse(Buffer.from(read, "base64").toString()) as {
      services: { tool: { environment: Record<string, string> } };
    };
    // Compose prints what it could read again: a dollar twice
    const told = Object.entries(config.services.tool.environment).map(
      ([name, value]) => [name, value.replaceAll("$$", "$")] as const,
    );
    const origins = '["https://sparkling.company", "https://www.sparkling.company"]';
    expect(Object.fromEntries(told)).toMatchObject({ ...secrets, CORS_ORIGINS: origins });
  });
}

/** What the containers have of the secrets: all but the webhook, which is the edge's. */
export async function toldSecrets(project: Project): Promise<Record<string, string>> {
  const { stdout } = await project.must("pulumi", "stack", "output", "secretValues", "--show-secrets");
  const entries = Object.entries(JSON.parse(stdout) as Record<string, string>);
  return Object.fromEntries(entries.filter(([name]) => name !== "ALERT_WEBHOOK_URL"));
}

/** What a stack may name: an address of the platform's own site for its jobs to call, and a webhook. The next `up` brings both. */
export async function setAddresses(project: Project, webhook: string): Promise<void> {
  const addresses = {
    BETTER_STACK_HEARTBEAT_URL: "https://sparkling.company/beats/of-the-jobs",
    ALERT_WEBHOOK_URL: webhook,
  };
  for (const [name, url] of Object.entries(addresses))
    await project.must("pulumi", "config", "set", "--secret", "--path", `homeport:secrets.${name}`, url);
}

/** By the log of the site that they call. */
export async function expectHeartbeat(project: Project): Promise<void> {
  await eventually(60, async () => (await visits(project, "/beats/of-the-jobs")).length > 1);
}
