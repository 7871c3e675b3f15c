import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { selfSigned, type Identity } from "../support/certificates";
import { startSmtpSink, type SmtpSink } from "../support/smtp-sink";

const SCRIPTS = join(__dirname, "..", "..", "scripts", "files");
const PASSWORD = 'p"a\\ss-$(id)-w0rd';
const TOKEN = "t0ken-of-the-heartbeat";

let identity: Identity;
let root: string;
let sink: SmtpSink | undefined;
/** What the HTTPS listener was asked. */
const asked: string[] = [];
/** Command lines of every process while one that has shown its password waits. */
let argv = "";
const listener = { port: 0, status: 200, close: (): void => undefined };

beforeAll(async () => {
  identity = await selfSigned("localhost");
  const server = createServer(identity, (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    argv += commandLines();
    response.writeHead(listener.status).end();
  });
  await new Promise<void>((done) => server.listen(0, "localhost", done));
  listener.port = (server.address() as AddressInfo).port;
  listener.close = () => void server.close();
});
afterAll(() => listener.close());

function commandLines(): string {
  const read = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    } catch {
      return ""; // it has ended
    }
  };
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(read)
    .join("\n");
}

/** A server's backup of one directory, into a repository that is a folder. */
beforeEach(() => {
  [asked.length, argv, listener.status] = [0, "", 200];
  root = mkdtempSync(join(tmpdir(), "report-"));
  for (const folder of ["etc/homeport/backup", "opt/backups/files", "opt/backups/postgres", "srv/app"])
    mkdirSync(join(root, folder), { recursive: true });
  for (const [from, to] of [
    ["backup-lib.sh", "etc/homeport/backup/lib.sh"],
    ["files.sh", "etc/homeport/backup/files.sh"],
    ["files-backup.sh", "opt/backups/files/backup.sh"],
    ["files-drill.sh", "opt/backups/files/drill.sh"],
    ["backup.sh", "opt/backups/postgres/backup.sh"],
  ] as const)
    cpSync(join(SCRIPTS, from), join(root, to));
  const trees = JSON.stringify([{ kind: "directory", name: "/srv/app", exclude: [], sqlite: [] }]);
  const conf = `database=files\ntag=files=all\nsystem=shop\nstack=test\ntrees='${trees}'\n`;
  writeFileSync(join(root, "etc/homeport/backup/files.conf"), conf);
  writeFileSync(join(root, "etc/homeport/backup/files.enabled"), "");
  writeFileSync(join(root, "srv/app/one"), "1");
});
afterEach(async () => {
  await sink?.close();
  sink = undefined;
  rmSync(root, { recursive: true });
});

async function startSink(tls: "implicit" | "starttls" | "none"): Promise<void> {
  const onLogin = (): void => void (argv += commandLines());
  sink = await startSmtpSink({ identity, user: "server", password: PASSWORD, tls, onLogin });
}

/** The real script with the real curl and restic; where the certificate is trusted. */
async function backUp(env: Readonly<Record<string, string>>): Promise<{ code: number; said: string }> {
  const quoted = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;
  const scheme = env.TLS === "implicit" ? "smtps" : "smtp";
  const all: Record<string, string> = {
    RESTIC_REPOSITORY: join(root, "repository"),
    RESTIC_PASSWORD: "of-this-test",
    HOMEPORT_SMTP_SERVER: `${scheme}://localhost:${sink?.port ?? 0}`,
    HOMEPORT_SMTP_FROM: "server@shop.example",
    HOMEPORT_SMTP_USERNAME: "server",
    HOMEPORT_SMTP_PASSWORD: PASSWORD,
    ...env,
  };
  const text = Object.entries(all).map(([name, value]) => `${name}=${quoted(value)}\n`);
  writeFileSync(join(root, "etc/homeport/backup/env"), text.join(""));
  writeFileSync(join(root, "ca.pem"), identity.cert);
  const child = spawn("bash", [join(root, "opt/backups/files/backup.sh")], {
    env: { HOMEPORT_ROOT: root, CURL_CA_BUNDLE: join(root, "ca.pem"), HOME: root },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (said += String(chunk)));
  const [code] = (await once(child, "close")) as [number];
  return { code, said };
}

const address = (path: string): string => `https://localhost:${listener.port}/${path}`;
const mailTo = { HOMEPORT_REPORT_MAIL: "admin@shop.example" };
const breakIt = (): void => rmSync(join(root, "srv/app"), { recursive: true });
const rests = (): void => rmSync(join(root, "opt/backups/postgres"), { recursive: true });

describe("a night that failed", { timeout: 120_000 }, () => {
  it.each(["implicit", "starttls"] as const)("is told by mail, TLS %s, and to the address", async (tls) => {
    await startSink(tls);
    breakIt();
    const hook = { HOMEPORT_REPORT_URL: address("hook"), HOMEPORT_HEARTBEAT_URL: address(TOKEN) };
    const { code, said } = await backUp({ ...mailTo, ...hook, TLS: tls });
    expect(code, said).toBe(1);
    expect(sink?.mails).toEqual([
      expect.objectContaining({ from: "server@shop.example", to: "admin@shop.example" }),
    ]);
    const text = sink?.mails[0]?.text ?? "";
    expect(text).toMatch(/^Subject: shop-test: backup-failed of files$/m);
    expect(text).toMatch(/^Date: \w{3}, \d{2} \w{3} \d{4} .* \+\d{4}$/m);
    expect(text).toMatch(/\n\n.*srv\/app is no directory\n\nbackup-failed of files on shop-test at /);
    expect(asked).toEqual(["POST /hook"]);
  });

  it("shows no password and no token on a command line, in the log or in the mail", async () => {
    await startSink("implicit");
    breakIt();
    const { said } = await backUp({ ...mailTo, HOMEPORT_REPORT_URL: address(TOKEN), TLS: "implicit" });
    expect(sink?.mails).toHaveLength(1);
    expect(argv).toMatch(/curl .*--mail-from/);
    for (const text of [argv, said, sink?.mails[0]?.text])
      for (const secret of [PASSWORD, TOKEN]) expect(text).not.toContain(secret);
  });

  it("sends no password in the clear: a server without TLS gets nothing, and the log says so", async () => {
    await startSink("none");
    breakIt();
    const { code, said } = await backUp(mailTo);
    expect(code).toBe(1);
    expect(said).toMatch(/the failure could not be mailed/);
    expect(sink?.commands).not.toContain("AUTH");
    expect(sink?.mails).toEqual([]);
  });

  it("goes on to the mail when the address does not answer", async () => {
    await startSink("implicit");
    breakIt();
    listener.status = 404;
    const { said } = await backUp({ ...mailTo, HOMEPORT_REPORT_URL: address("hook"), TLS: "implicit" });
    expect(said).toMatch(/could not be told to the report address/);
    expect(sink?.mails).toHaveLength(1);
  });
});

describe("the heartbeat", { timeout: 120_000 }, () => {
  const beat = (): Record<string, string> => ({ HOMEPORT_HEARTBEAT_URL: address(TOKEN) });

  it("comes when everything was backed up, once for each night, and in no other", async () => {
    rests();
    expect(await backUp(beat())).toMatchObject({ code: 0 });
    expect(asked).toEqual([`GET /${TOKEN}`]);
    breakIt();
    expect(await backUp(beat())).toMatchObject({ code: 1 });
    expect(asked).toHaveLength(1);
    expect(argv).not.toContain(TOKEN);
  });

  it("waits for the databases: what else has no success keeps it silent", async () => {
    expect(await backUp(beat())).toMatchObject({ code: 0 });
    expect(asked).toEqual([]);
    writeFileSync(join(root, "opt/backups/postgres/LAST_SUCCESS.txt"), "");
    expect(await backUp(beat())).toMatchObject({ code: 0 });
    expect(asked).toEqual([`GET /${TOKEN}`]);
    // the next night: of one of the two only
    expect(await backUp(beat())).toMatchObject({ code: 0 });
    expect(asked).toHaveLength(1);
  });

  it("that is not taken is asked for again, and costs no backup", async () => {
    rests();
    listener.status = 404;
    expect(await backUp(beat())).toMatchObject({ code: 0 });
    expect(existsSync(join(root, "opt/backups/files/LAST_SUCCESS.txt"))).toBe(true);
    listener.status = 200;
    expect(await backUp(beat())).toMatchObject({ code: 0 });
    expect(asked).toHaveLength(2);
  });
});
