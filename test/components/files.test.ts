import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { defineSystem } from "../../components/lib/system";
import { houseFaults, milestone, testHost } from "../support/component-bed";
import { canary } from "../support/provider-answers";
import { plain, recordGraph, settled } from "../support/mocks";

const graph = recordGraph();

const WEB = { image: "web:1", stopGracePeriodSeconds: 10, volumes: { uploads: "/uploads" } };
const SYSTEM = defineSystem({
  name: "shop",
  services: {
    web: WEB,
    db: {
      image: "postgres:16",
      stopGracePeriodSeconds: 60,
      containerName: "shop-db",
      volumes: { rows: "/rows" },
    },
  },
  databases: [{ service: "db", name: "shop", user: "postgres" }],
  sites: [{ hostname: "@", routes: { "/": "web:80" } }],
  files: {
    "/srv/app": { owner: "1000:1000", mode: "2750", exclude: ["cache"], sqlite: ["app.sqlite"] },
    "/srv/cache": { backup: false },
  },
  backupVolumes: ["uploads"],
});

/** `KIND NAME` -> text, of what a step reads. */
function linesOf(name: string): Map<string, string> {
  const lines = String(plain(graph.get(name).inputs.stdin)).split("\n");
  const words = lines.map((line) => line.split(" ")).filter(({ length }) => length === 3);
  return new Map(
    words.map(([kind = "", key = "", text = ""]) => [
      `${kind} ${key}`,
      Buffer.from(text, "base64").toString(),
    ]),
  );
}

describe("Files, and Backup and Restore of a system that has directories and volumes", () => {
  beforeAll(async () => {
    const { Backup } = await import("../../components/backup");
    const { Files } = await import("../../components/files");
    const { Restore } = await import("../../components/restore");
    const host = testHost();
    const packagesReady = milestone("packages");
    new Files("files", { host, system: SYSTEM, packagesReady });
    const backup = new Backup("backup", {
      ...{ host, system: SYSTEM, stack: "test", packagesReady },
      backup: {
        repository: "s3:https://store.example/bucket/shop",
        hostKey: "",
        sshKey: pulumi.secret(""),
        accessKeyId: "KEY",
        secretAccessKey: pulumi.secret(canary("secret-access-key")),
        password: pulumi.secret(canary("backup-password")),
        reports: {
          url: pulumi.secret(""),
          heartbeatUrl: pulumi.secret("https://beat.example/token"),
          mail: pulumi.secret("admin@acme.com"),
          smtpServer: pulumi.secret("smtps://mail.example:465"),
          smtpFrom: pulumi.secret("server@acme.com"),
          smtpUsername: pulumi.secret("server"),
          smtpPassword: pulumi.secret(canary("smtp-password")),
        },
        schedule: "0 3 * * *",
        keep: { daily: 7, weekly: 4, monthly: 6 },
      },
    });
    const args = { host, mode: "auto", databases: backup.names, hasFiles: true };
    new Restore("restore", { ...args, after: backup.installed });
    backup.prove([milestone("application")]);
    await settled();
  });

  it("are steps of their own, which go with the server", () => {
    expect(graph.children("files")).toEqual(["command:remote:Command files-directories"]);
    expect(graph.children("backup")).toEqual(
      ["files", "first-files", "first-postgres", "postgres"].map(
        (each) => `command:remote:Command backup-${each}`,
      ),
    );
    expect(graph.children("restore")).toEqual(
      ["databases", "files"].map((each) => `command:remote:Command restore-${each}`),
    );
    expect(houseFaults(graph, ["files", "backup", "restore"])).toEqual([]);
  });

  it("make every directory with its owner and mode, backed up or not, and ask for SQLite's command", () => {
    const { inputs, dependencies } = graph.get("files-directories");
    expect(inputs.create).toBe("sudo -n bash -s -- 'sqlite'");
    expect(plain(inputs.stdin)).toMatch(/1000:1000 2750 \/srv\/app\n0:0 0750 \/srv\/cache\n$/);
    expect(dependencies).toContain("packages");
  });

  it("install the scripts of files, what they back up, and the same repository", () => {
    const lines = linesOf("backup-files");
    expect([...lines.keys()].filter((key) => key.startsWith("file ")).sort()).toEqual(
      ["backup.sh", "drill.sh", "files.sh", "lib.sh"].map((file) => `file ${file}`),
    );
    expect(lines.get("file backup.sh")).toMatch(/SQLite/);
    expect(JSON.parse(lines.get("conf trees") ?? "")).toEqual([
      { kind: "directory", name: "/srv/app", exclude: ["cache"], sqlite: ["app.sqlite"] },
      { kind: "volume", name: "uploads", exclude: [], sqlite: [] },
    ]);
    expect(lines.get("conf tag")).toBe("files=all");
    const env = [...linesOf("backup-postgres")].filter(([key]) => key.startsWith("env "));
    expect([...lines].filter(([key]) => key.startsWith("env "))).toEqual(env);
    expect(graph.get("backup-files").inputs.create).toBe(
      "sudo -n bash -s -- 'files' '0 3 * * *' '30 5 * * 1'",
    );
  });

  it("send no key of SSH where the repository is on S3", () => {
    expect([...linesOf("backup-files").keys()].filter((key) => key.startsWith("sftp "))).toEqual([]);
  });

  it("restore files once per server, after the databases, and prove a backup after the application", () => {
    const { inputs, dependencies } = graph.get("restore-files");
    expect(inputs.triggers).toEqual(["42"]);
    for (const earlier of ["backup-files", "backup-postgres", "restore-databases"])
      expect(dependencies).toContain(earlier);
    expect(graph.get("backup-first-files").dependencies).toEqual(
      expect.arrayContaining(["application", "backup-files"]),
    );
  });
});
