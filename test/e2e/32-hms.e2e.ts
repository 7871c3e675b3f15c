import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { environment, eventually, execute, hetzner } from "./support/cloud";
import { hmsDefects } from "./support/defects-hms";
import {
  API,
  BROKEN,
  certificate,
  CIGARS,
  DATABASES,
  HARMLESS,
  neverUnverified,
  only,
  project,
  release,
  removePlanted,
  rows,
  secrets,
  signIn,
  SITES,
  status,
  TOBACCO,
  up,
} from "./support/hms";
import { expectLeftBehind, withSecretsInSources } from "./support/left-behind";
import { findsEveryDefect } from "./support/planted";
import { expectClosed } from "./support/ports";
import { NOTHING } from "./support/project";

const defects = hmsDefects(project);

describe("the hosting manager and its applications (S2)", () => {
  withSecretsInSources(
    ["hosting-api", "hosting-api/hms", CIGARS, `${TOBACCO}/config`].map((each) => `hms/${each}`),
  );
  beforeAll(async () => {
    removePlanted();
    const { code, output } = await project.local();
    expect(code, output).toBe(0);
  });
  afterAll(removePlanted);

  it("is proven by verify, line by line", async () => {
    const checks = await project.verify();
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    const own = [3, 5, 7, 8, 10, 14, 15, 16, 17, 19, 20, 23, 25].map((id) => `S2-${id}`);
    expect(checks.map(({ id }) => id)).toEqual(expect.arrayContaining([...own, "H9", "S4-9"]));
  });

  it("has nothing to change a second time", async () => {
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
    expect(code, output).toBe(0);
  });

  it("answers no visitor but through the edge", async () => {
    await expectClosed(await project.address(), "hosting.remoteds.us");
    expect(await status("/health")).toBe("200");
  });

  it("leaves a developer's secrets behind: each unit has its own environment, and no backup has one (S2-5, S2-7, S2-22)", async () => {
    const allowed = [API, `/opt/${CIGARS}`, `/opt/${TOBACCO}`].map((folder) => `${folder}/.env`);
    await expectLeftBehind(project, {
      allowed,
      shipped: ["main.py", "config.ru"],
      copied: `${API}/shared/data`,
    });
  });

  it("lets no unit write beside its own directories, or read another's environment", async () => {
    const tried = `touch /opt/${CIGARS}/shared/tmp/x && echo own; touch /opt/${CIGARS}/x /etc/x 2>/dev/null && echo more; cat ${API}/.env 2>/dev/null && echo read; true`;
    const inUnit = `nsenter -t "$(systemctl show -p MainPID --value ${CIGARS})" -m -- setpriv --reuid=cigars --regid=cigars --clear-groups sh -c '${tried}'`;
    expect((await project.onServer(inUnit)).trim()).toBe("own");
  });

  it("signs each application's cookies with a key of its own", async () => {
    const keys = await project.onServer(`grep -h ^SECRET_KEY_BASE= /opt/${CIGARS}/.env /opt/${TOBACCO}/.env`);
    expect(new Set(keys.trim().split("\n")).size).toBe(2);
  });

  it("has written no secret into the proxy's log, a journal or a plain output, inventories' tokens neither", async () => {
    const { stdout } = await project.must("pulumi", "stack", "output", "--json");
    const logs = await project.onServer(
      "for each in $(docker ps -q); do docker logs $each 2>&1; done; journalctl --no-pager -o cat",
    );
    expect(logs).toContain('"uri":"/login"');
    expect(logs).toContain("inventory asked: 200");
    const named = Object.entries(await secrets()).filter(([, value]) => (stdout + logs).includes(value));
    expect(named.map(([name]) => name)).toEqual([]);
  });

  findsEveryDefect(project, defects);

  it("takes code and secrets apart from each other, and a new password from the restart on (S2-9, S2-12, S2-21)", async () => {
    const { HMS_ADMIN_PASSWORD: former = "" } = await secrets();
    const fresh = randomBytes(24).toString("base64url");
    const key = ["--secret", "--path", "homeport:secrets.HMS_ADMIN_PASSWORD"];
    const set = await execute(
      "pulumi",
      ["config", "set", ...key],
      await environment(),
      fresh,
      project.folder,
    );
    expect(set.code, set.output).toBe(0);
    writeFileSync(HARMLESS, "with new secrets\n");
    const seen = `sha256sum ${API}/.env; ls ${API}/releases | wc -l; systemctl show -p MainPID --value hms-api`;
    const look = async (): Promise<string[]> => (await project.onServer(seen)).trim().split("\n");
    const [environmentBefore, releasesBefore, process] = await look();

    await only("units-hms-api-code");
    const [environmentAfterCode, releasesAfterCode] = await look();
    expect(environmentAfterCode).toBe(environmentBefore);
    expect(releasesAfterCode).not.toBe(releasesBefore);
    removePlanted();

    await only("units-hms-api-environment");
    const [environmentAfter, releasesAfter, processAfter] = await look();
    expect(environmentAfter).not.toBe(environmentBefore);
    expect([releasesAfter, processAfter]).toEqual([releasesAfterCode, process]);
    expect(await signIn(former)).toBe("200");

    await project.onServer("systemctl restart hms-api");
    await eventually(60, async () => (await status("/health")) === "200");
    expect([await signIn(former), await signIn(fresh)]).toEqual(["401", "200"]);
  });

  it("makes a generated secret anew, and the one before is refused (S2-21)", async () => {
    const { HMS_API_TOKEN: former = "" } = await secrets();
    const { code, output } = await project.pulumi(
      ...["up", "--yes", "--skip-preview", "--replace", "**::secrets-hms-api-token"],
    );
    expect(code, output).toBe(0);
    const { HMS_API_TOKEN: fresh = "" } = await secrets();
    const asked = async (token: string): Promise<string> =>
      status("/api/v1/kanban/cards", "-H", `Authorization: Bearer ${token}`);
    expect([await asked(former), await asked(fresh)]).toEqual(["401", "200"]);
    expect(await project.broken()).toEqual([]);
  });

  it("renews each site's certificate of Let's Encrypt, as a dry run shows (S2-19)", async () => {
    for (const host of SITES) expect(await certificate(host)).toContain("Pebble Intermediate");
    const renewed = await project.onServer("certbot renew --dry-run --no-random-sleep-on-renew 2>&1");
    expect(renewed).toContain("all simulated renewals succeeded");
    expect(renewed.match(/fullchain.pem \(success\)/g)).toHaveLength(SITES.length);
  });

  it("issues a certificate anew, with the Origin CA's standing in, which verify tells of (S2-18, S2-19)", async () => {
    const before = await certificate("tobacco");
    await neverUnverified(async () => {
      const remove = "certbot delete --non-interactive --cert-name tobacco.remoteds.us";
      await project.onServer(`${remove} && systemctl start certbot.service`);
      expect(await certificate("tobacco")).toContain("Origin CA");
      expect(await project.broken()).toEqual(["S1-23 the origin serves a certificate of each host"]);
      const step = ["--replace", "**::acme-http", "--target", "**::acme-http"];
      const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", ...step);
      expect(code, output).toBe(0);
    });
    expect(await certificate("tobacco")).toContain("Pebble Intermediate");
    expect(await certificate("tobacco")).not.toBe(before);
    expect(await project.broken()).toEqual([]);
  });

  it("goes back to what answered last when a new release does not answer (S2-24)", async () => {
    const [before, environment] = [await release(), await project.onServer(`sha256sum ${API}/.env`)];
    mkdirSync(BROKEN);
    writeFileSync(join(BROKEN, "__init__.py"), 'raise SystemExit("planted")\n');
    try {
      const { code, output } = await project.pulumi("up", "--yes", "--skip-preview");
      expect(code, output).not.toBe(0);
      expect(output).toContain(`release ${before}, with its environment, runs again`);
    } finally {
      removePlanted();
    }
    expect(await release()).toBe(before);
    expect(await project.onServer(`sha256sum ${API}/.env`)).toBe(environment);
    expect(await status("/health")).toBe("200");
    await up();
    expect(await release()).toBe(before);
  });

  it("takes a unit back to its former release in one command, and there again, verified (S2-24)", async () => {
    const former = await release();
    writeFileSync(HARMLESS, "another release\n");
    try {
      await up();
      const newer = await release();
      expect(newer).not.toBe(former);
      await project.must("npx", "homeport", "rollback", "--service", "hms-api");
      expect(await release()).toBe(former);
      await project.must("npx", "homeport", "rollback", "--service", "hms-api", "--to", newer.slice(0, 7));
      expect(await release()).toBe(newer);
    } finally {
      removePlanted();
    }
    await up();
    expect(await release()).toBe(former);
  });

  it("comes back by itself when the server starts again", async () => {
    const { servers } = await hetzner<{ servers: { id: number }[] }>("/servers?label_selector=system%3Dhms");
    const boot = "cat /run/homeport-e2e 2>/dev/null || true";
    await project.onServer("echo up >/run/homeport-e2e");
    await hetzner(`/servers/${servers[0]?.id}/actions/reboot`, { method: "POST" });
    await eventually(180, async () => {
      const { code, stdout } = await project.sh("npx", "homeport", "ssh", "--", boot);
      return code === 0 && stdout.trim() === "" && (await status("/health")) === "200";
    });
    await eventually(180, async () => (await project.broken()).length === 0);
  });

  it("comes back on a new server with equal data and the same certificates (H1, H6, H7)", async () => {
    const { HMS_API_TOKEN = "" } = await secrets();
    const card = ["-H", `Authorization: Bearer ${HMS_API_TOKEN}`, "--json", '{"title":"Order boxes"}'];
    expect(await status("/api/v1/kanban/cards", ...card)).toBe("201");
    const insert = `INSERT OR IGNORE INTO cigars (name, origin, quantity, created_at, updated_at) VALUES ('Robusto', 'Estelí', 7, '2026-01-01', '2026-01-01')`;
    await project.onServer(`sqlite3 ${DATABASES[1]} "${insert}"`);
    const before = await rows();
    expect(before).toMatch(/Order boxes[\s\S]*Robusto/);
    await project.must("npx", "homeport", "backup", "now");
    const certificates = await Promise.all(SITES.map(certificate));
    await neverUnverified(async () => {
      const { code, output } = await project.sh("npx", "homeport", "recover", "--yes");
      expect(code, output).toBe(0);
    });
    expect(await rows()).toBe(before);
    expect(await Promise.all(SITES.map(certificate))).toEqual(certificates);
    expect(await project.broken()).toEqual([]);
  });

  it("is gone without a trace after pulumi destroy", async () => {
    expect(await project.destroy()).toEqual(NOTHING);
  });
});
