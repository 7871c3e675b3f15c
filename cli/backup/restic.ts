import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { isSftp } from "../../components/lib/config-rules-sftp";
import type { PlainConfig } from "../../components/lib/config-rules";
import { sftpFiles } from "../../components/lib/scripts";
import { EXIT, failed, usage } from "../cli-error";
import { lastLine, run } from "../run";
import type { Restic } from "./snapshots";

const KEY_ID = "HOMEPORT_BACKUP_PRUNE_ACCESS_KEY_ID";
const SECRET_KEY = "HOMEPORT_BACKUP_PRUNE_SECRET_ACCESS_KEY";
const STOPS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Calls `work` with restic on the stack's repository, with credentials that may delete: of S3 those in `env`, over SFTP
 * the server's own, since no key can be kept from it there.
 *
 * @throws CliError (usage) without a repository or key.
 */
export async function withRestic<T>(
  config: PlainConfig,
  env: NodeJS.ProcessEnv,
  work: (restic: Restic) => Promise<T>,
): Promise<T> {
  const { repository } = config.backup;
  if (repository === undefined)
    throw usage(`homeport:backupRepository: must be set, got nothing; fix: see docs/backups.md`);
  if (!isSftp(repository)) return work(onS3(config, repository, env));
  const folder = mkdtempSync(join(tmpdir(), "homeport-sftp-"));
  const clear = (): void => rmSync(folder, { recursive: true, force: true });
  const stop = (): void => {
    clear(); // the key does not outlive Ctrl-C
    process.exit(EXIT.failed);
  };
  STOPS.forEach((signal) => process.once(signal, stop));
  try {
    return await work(overSftp(config, repository, env, folder));
  } finally {
    STOPS.forEach((signal) => process.off(signal, stop));
    clear();
  }
}

/** HOMEPORT_BACKUP_ENDPOINT is where a local cloud's store answers, whose name this machine does not know. */
function onS3(config: PlainConfig, repository: string, env: NodeJS.ProcessEnv): Restic {
  const missing = [KEY_ID, SECRET_KEY].filter((name) => (env[name] ?? "") === "");
  if (missing.length > 0)
    throw usage(
      ...missing.map((name) => `${name}: must be a key that may delete, got nothing; fix: export ${name}=…`),
    );
  const endpoint = env.HOMEPORT_BACKUP_ENDPOINT ?? "";
  const isLocal = config.hcloudEndpoint.startsWith("http://127.0.0.1:");
  const where =
    isLocal && endpoint !== "" ? repository.replace(/(?<=^s3:https:\/\/)[^/]+/, endpoint) : repository;
  const authority = isLocal && (env.HOMEPORT_CA ?? "") !== "" ? ["--cacert", env.HOMEPORT_CA ?? ""] : [];
  const keys = { AWS_ACCESS_KEY_ID: env[KEY_ID], AWS_SECRET_ACCESS_KEY: env[SECRET_KEY] };
  return resticOf(config, where, { ...env, ...keys }, authority);
}

/** As on the server: `ssh` from a folder of its own, first on the path. */
function overSftp(config: PlainConfig, repository: string, env: NodeJS.ProcessEnv, folder: string): Restic {
  const { ssh, known_hosts } = sftpFiles(config.backup.hostKey);
  writeFileSync(join(folder, "ssh"), ssh, { mode: 0o700 });
  writeFileSync(join(folder, "known_hosts"), known_hosts, { mode: 0o600 });
  writeFileSync(join(folder, "key"), config.secretValues.backup.sshKey, { mode: 0o600 });
  return resticOf(config, repository, { ...env, PATH: `${folder}${delimiter}${env.PATH ?? ""}` });
}

function resticOf(
  config: PlainConfig,
  repository: string,
  env: NodeJS.ProcessEnv,
  options: readonly string[] = [],
): Restic {
  const settings = {
    ...env,
    RESTIC_REPOSITORY: repository,
    RESTIC_PASSWORD: config.secretValues.backup.password,
  };
  return async (...args) => {
    const result = await run("restic", ["--quiet", ...options, ...args], { env: settings });
    if (result.code === 127)
      throw failed("restic: must be installed on this machine; fix: apt install restic");
    if (result.stderr.includes("unable to start the sftp session"))
      throw failed(
        `restic ${args[0] ?? ""}: the SFTP server does not answer, refuses homeport:backupSshKey, or shows another host key than homeport:backupHostKey`,
      );
    if (result.code !== 0) throw failed(`restic ${args[0] ?? ""}: ${lastLine(result.stderr)}`);
    return result.stdout;
  };
}
