import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, it } from "vitest";
import { defineSystem } from "../../components/lib/system";
import { houseFaults, milestone, testHost } from "../support/component-bed";
import { plain, recordGraph, settled } from "../support/mocks";
import { canary } from "../support/provider-answers";

const graph = recordGraph();
const KEY = canary("backup-ssh-key");
const REPOSITORY = "sftp://u1@u1.your-storagebox.de:23/shop";
const SYSTEM = defineSystem({
  name: "shop",
  services: {
    db: {
      ...{ image: "postgres:16", stopGracePeriodSeconds: 60, containerName: "shop-db" },
      volumes: { rows: "/rows" },
    },
  },
  databases: [{ service: "db", name: "shop", user: "postgres" }],
  sites: [],
});

beforeAll(async () => {
  const { Backup } = await import("../../components/backup");
  const none = pulumi.secret("");
  const address = { url: none, heartbeatUrl: none, mail: none };
  const account = { smtpServer: none, smtpFrom: none, smtpUsername: none, smtpPassword: none };
  new Backup("backup", {
    ...{ host: testHost(), system: SYSTEM, stack: "test", packagesReady: milestone("packages") },
    backup: {
      ...{ repository: REPOSITORY, accessKeyId: "", secretAccessKey: none, hostKey: "ssh-ed25519 AAAA" },
      ...{ sshKey: pulumi.secret(`${KEY}\n`), password: pulumi.secret(canary("backup-password")) },
      ...{ reports: { ...address, ...account }, schedule: "0 3 * * *" },
      keep: { daily: 7, weekly: 4, monthly: 6 },
    },
  });
  await settled();
});

it("sends ssh, the server's key and the one host key by stdin, and nothing of S3", () => {
  const { inputs } = graph.get("backup-postgres");
  const lines = String(plain(inputs.stdin))
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([kind]) => kind === "sftp" || kind === "env");
  const texts = new Map(
    lines.map(([kind, name, text = ""]) => [`${kind} ${name}`, Buffer.from(text, "base64").toString()]),
  );
  expect(texts.get("sftp key")).toBe(`${KEY}\n`);
  expect(texts.get("sftp known_hosts")).toBe("homeport-backup ssh-ed25519 AAAA\n");
  expect(texts.get("sftp ssh")).toMatch(/^#!.*bash\n/);
  expect(texts.get("env RESTIC_REPOSITORY")).toBe(REPOSITORY);
  expect([...texts.keys()].filter((name) => name.includes("AWS"))).toEqual([]);
  expect(houseFaults(graph, ["backup"])).toEqual([]);
});
