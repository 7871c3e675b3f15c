import { chmodSync, existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { CliError } from "../../cli/cli-error";
import { renderDeployYml, secretNames, type KamalPlan } from "../../cli/kamal/deploy-yml";
import { ignore, isOurs, stamp, writeOwnFiles } from "../../cli/kamal/files";
import { renderSecrets, secretValue } from "../../cli/kamal/secrets";
import { runningCalendar } from "../../systems/running-calendar";
import { expectedStack } from "../support/verify";

const plan: KamalPlan = {
  system: runningCalendar,
  config: expectedStack().config,
  application: "web",
  serverIp: "203.0.113.10",
  keyFile: "/work/.homeport/prod/operator_key",
  isLetsEncrypt: false,
};

interface DeployYml {
  readonly [key: string]: unknown;
  readonly proxy: Readonly<Record<string, unknown>>;
  readonly env: { readonly clear: Readonly<Record<string, unknown>>; readonly secret: readonly string[] };
  readonly accessories: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

function deployYml(change: Partial<KamalPlan> = {}): DeployYml {
  return parse(renderDeployYml({ ...plan, ...change })) as DeployYml;
}

/** The keys that Kamal 2.12's own lib/kamal/configuration/docs/*.yml have, as far as we write there. */
const KAMAL_KEYS: readonly (readonly [path: string, keys: readonly string[]])[] = [
  ["", ["service", "image", "servers", "proxy", "registry", "builder", "env", "ssh", "accessories"]],
  ["proxy", ["host", "app_port", "ssl", "forward_headers"]],
  ["registry", ["server", "username", "password"]],
  ["builder", ["arch"]],
  ["env", ["clear", "secret"]],
  ["ssh", ["user", "port", "keys", "keys_only", "config"]],
  ["accessories.db", ["image", "host", "port", "env", "volumes", "options"]],
  ["accessories.db.env", ["clear", "secret"]],
];

describe("config/deploy.yml", () => {
  it("has no key that Kamal 2 does not know: it refuses those", () => {
    const text = deployYml();
    for (const [path, keys] of KAMAL_KEYS) {
      const at = path
        .split(".")
        .filter(Boolean)
        .reduce<unknown>((value, key) => Reflect.get(value as object, key), text);
      expect(keys).toEqual(expect.arrayContaining(Object.keys(at as object)));
    }
  });

  it("names server, image and registry of the stack (S1-13)", () => {
    expect(deployYml()).toMatchObject({
      service: "running_calendar",
      image: "me/running-calendar",
      servers: { web: ["203.0.113.10"] },
      registry: { server: "ghcr.io", username: "me", password: ["KAMAL_REGISTRY_PASSWORD"] },
    });
  });

  it("serves both names with a certificate that strict can verify, or Let's Encrypt's (S1-14, H6)", () => {
    const ssl = { certificate_pem: "CERTIFICATE_PEM", private_key_pem: "PRIVATE_KEY_PEM" };
    expect(deployYml().proxy).toEqual({
      ...{ ssl, host: "mxcorre.com,www.mxcorre.com", app_port: 3000, forward_headers: true },
    });
    expect(deployYml({ isLetsEncrypt: true }).proxy.ssl).toBe(true);
    expect(secretNames({ ...plan, isLetsEncrypt: true })).not.toContain("CERTIFICATE_PEM");
  });

  it("has the database as the accessory that Homeport runs, its password as a file (S1-15)", () => {
    expect(deployYml().accessories.db).toEqual({
      image: "postgres:16",
      host: "203.0.113.10",
      port: "127.0.0.1:5432:5432",
      env: {
        clear: {
          POSTGRES_DB: "running_calendar_production",
          POSTGRES_PASSWORD_FILE: "/run/secrets/POSTGRES_PASSWORD",
        },
      },
      volumes: [
        "running_calendar_postgres:/var/lib/postgresql/data",
        "/etc/homeport/secrets/db:/run/secrets:ro",
      ],
      options: { user: "999:999" },
    });
  });

  it("gives the application its plain environment, and secrets by name (S1-16)", () => {
    expect(deployYml().env.clear).toMatchObject({ DB_HOST: "running_calendar-db" });
    expect(deployYml().env.secret).toEqual(["RAILS_MASTER_KEY", "POSTGRES_PASSWORD", "SECRET_KEY_BASE"]);
    for (const value of [
      expectedStack().config.secretValues.kept.SECRET_KEY_BASE ?? "?",
      "registry-password",
    ])
      expect(renderDeployYml(plan)).not.toContain(value);
  });

  it("goes in by the operator's key and the pinned host key", () => {
    expect(deployYml().ssh).toEqual({
      ...{ user: "ops", port: 22, keys_only: true },
      ...{ keys: ["/work/.homeport/prod/operator_key"], config: [".kamal/ssh_config"] },
    });
  });
});

describe(".kamal/secrets", () => {
  const where = { stack: "prod", project: "/work/it's", homeport: "/work/homeport/cli/homeport.js" };
  const text = (): string => renderSecrets({ ...where, project: "/work/main", names: secretNames(plan) });

  it("has a line for every secret that deploy.yml names, and the master key's (S1-12)", () => {
    const names = text()
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0]);
    const { registry, env, proxy } = deployYml() as unknown as {
      registry: { password: string[] };
      env: { secret: string[] };
      proxy: { ssl: Record<string, string> };
    };
    const wanted = [...registry.password, ...env.secret, ...Object.values(proxy.ssl)];
    expect(names.sort()).toEqual([...new Set(wanted)].sort());
    expect(text()).toContain("\nRAILS_MASTER_KEY=$(cat config/master.key)\n");
  });

  it("reads each value where it is kept: nothing random, and no value (H1)", () => {
    expect(text()).toContain(
      "POSTGRES_PASSWORD=$(cd /work/main && node /work/homeport/cli/homeport.js kamal --stack prod --secret POSTGRES_PASSWORD)\n",
    );
    expect(text()).not.toMatch(/rand|uuid|\d{16}/);
  });

  it("refuses a path that Kamal would read as something else", () => {
    expect(() => renderSecrets({ ...where, names: [] })).toThrow(CliError);
    expect(() => renderSecrets({ ...where, project: "/a$(b)", names: [] })).toThrow(CliError);
  });

  it("gives values of the last update, and fails where there is none", () => {
    const outputs = { secretValues: { POSTGRES_PASSWORD: "p" }, originCertificate: "PEM" };
    const config = new Map([["homeport:registryPassword", { value: "r", isSecret: true }]]);
    expect(secretValue("POSTGRES_PASSWORD", config, outputs)).toBe("p");
    expect(secretValue("CERTIFICATE_PEM", config, outputs)).toBe("PEM");
    expect(secretValue("KAMAL_REGISTRY_PASSWORD", config, outputs)).toBe("r");
    for (const name of ["SECRET_KEY_BASE", "PRIVATE_KEY_PEM", "toString"])
      expect(() => secretValue(name, config, outputs)).toThrow(CliError);
  });
});

describe("files in somebody's own folder", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "homeport-kamal-"));
  });
  const file = (text: string, path = ".kamal/secrets") => ({ path, text, mode: 0o600 });
  const read = (path = ".kamal/secrets"): string => readFileSync(join(folder, path), "utf8");

  it("are written once, 0600, and stay the same", () => {
    expect(writeOwnFiles(folder, [file("A=1\n")], false).get(".kamal/secrets")).toBe("written");
    const first = read();
    chmodSync(join(folder, ".kamal/secrets"), 0o644);
    expect(writeOwnFiles(folder, [file("A=1\n")], false).get(".kamal/secrets")).toBe("unchanged");
    expect(read()).toBe(first);
    expect(statSync(join(folder, ".kamal/secrets")).mode & 0o777).toBe(0o600);
  });

  it("are updated while nobody has edited them", () => {
    writeOwnFiles(folder, [file("A=1\n")], false);
    expect(writeOwnFiles(folder, [file("A=2\n")], false).get(".kamal/secrets")).toBe("updated");
    expect(read()).toContain("A=2\n");
  });

  it("are refused (3), all of them and before any is written, when one is edited or somebody else's", () => {
    writeOwnFiles(folder, [file("A=1\n")], false);
    writeFileSync(join(folder, ".kamal/secrets"), `${read()}MINE=1\n`);
    writeFileSync(join(folder, "own"), "mine\n");
    const all = [file("B\n", "new"), file("A=2\n"), file("C\n", "own")];
    try {
      writeOwnFiles(folder, all, false);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ exitCode: 3, problems: { length: 2 } });
    }
    expect(existsSync(join(folder, "new"))).toBe(false);
    expect(read()).toContain("MINE=1");
    writeOwnFiles(folder, all, true);
    expect(read()).not.toContain("MINE=1");
  });

  it("know their own text by its hash", () => {
    expect(isOurs(stamp("A\n"))).toBe(true);
    expect(isOurs(`${stamp("A\n")}B\n`)).toBe(false);
    expect(isOurs("A\n")).toBe(false);
  });

  it("are ignored by git, once", () => {
    const paths = [".kamal/secrets", ".kamal/ssh_config"];
    writeFileSync(join(folder, ".gitignore"), "log/\n/.kamal/secrets");
    expect(ignore(folder, paths)).toBe("updated");
    expect(read(".gitignore")).toBe("log/\n/.kamal/secrets\n/.kamal/ssh_config\n");
    expect(ignore(folder, paths)).toBe("unchanged");
  });
});
