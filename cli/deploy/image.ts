import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { failed, usage } from "../cli-error";
import { lastLine, run, type RunResult } from "../run";
import { secretFilesIn } from "./context";

/** Where an image goes and how to log in there. */
export interface PushTarget {
  /** As the server will pull it: `ghcr.io/owner/name`. */
  readonly repository: string;
  /** Address that stands for the registry when pushing from here (`HOMEPORT_REGISTRY_PUSH`). @default the registry */
  readonly pushHost?: string;
  readonly username: string;
  readonly password: string;
  /** Private folder for logs and the login; the login is removed afterwards. */
  readonly workFolder: string;
}

/**
 * Builds the image of `context` and gives its id. The builder's output goes to `build.log` in the work folder.
 *
 * @throws CliError when the context has no Dockerfile, or holds secrets that would be sent along.
 */
export async function buildImage(context: string, workFolder: string): Promise<string> {
  if (!existsSync(join(context, "Dockerfile"))) {
    throw usage(
      `--context: must be a folder with a Dockerfile, got ${context}; fix: homeport deploy --context DIR`,
    );
  }
  const secrets = secretFilesIn(context);
  if (secrets.length > 0) {
    const names = [...new Set(secrets.map((path) => `**/${basename(path)}`))];
    const fix = `put ${names.join(" and ")} into ${join(context, ".dockerignore")}`;
    throw usage(`--context: must keep secrets out of the image, got ${secrets.join(", ")}; fix: ${fix}`);
  }
  mkdirSync(workFolder, { recursive: true, mode: 0o700 });
  const idFile = join(workFolder, "image-id");
  const result = await run("docker", ["build", "--iidfile", idFile, context]);
  mustWork("docker build", result, workFolder);
  return readFileSync(idFile, "utf8").trim();
}

/** Pushes an image and gives the reference by digest that the server pulls. The tag is the image's own content. */
export async function pushImage(imageId: string, target: PushTarget): Promise<string> {
  const pushRepository = pushRepositoryOf(target);
  const tagged = `${pushRepository}:${tagOf(imageId)}`;
  const login = join(target.workFolder, "login");
  const docker = async (args: readonly string[], stdin?: string): Promise<RunResult> => {
    const result = await run("docker", args, { stdin, env: await daemonEnvironment() });
    mustWork(
      `docker ${args.includes("login") ? "login" : args[args[0] === "--config" ? 2 : 0]}`,
      result,
      target.workFolder,
    );
    return result;
  };
  try {
    await docker(["tag", imageId, tagged]);
    const registry = pushRepository.split("/")[0] ?? "";
    const account = ["--username", target.username, "--password-stdin"];
    await docker(["--config", login, "login", ...account, registry], target.password);
    const pushed = await docker(["--config", login, "push", tagged]);
    return `${target.repository}@${digestOf(pushed.stdout)}`;
  } finally {
    rmSync(login, { recursive: true, force: true });
  }
}

/** The repository as it is called for the push. */
export function pushRepositoryOf(target: Pick<PushTarget, "repository" | "pushHost">): string {
  if (target.pushHost === undefined) return target.repository;
  return [target.pushHost, ...target.repository.split("/").slice(1)].join("/");
}

/** The digest that `docker push` ends with. */
export function digestOf(output: string): string {
  const digest = /digest: (sha256:[0-9a-f]{64})/.exec(output)?.[1];
  if (digest === undefined) throw failed("docker push gave no digest; fix: homeport deploy again");
  return digest;
}

function tagOf(imageId: string): string {
  return `content-${imageId.replace("sha256:", "").slice(0, 12)}`;
}

/** A configuration of our own hides the user's Docker context: say which daemon it is. */
async function daemonEnvironment(): Promise<NodeJS.ProcessEnv> {
  if (process.env.DOCKER_HOST !== undefined) return process.env;
  const context = await run("docker", ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]);
  const host = context.stdout.trim();
  return context.code === 0 && host !== "" ? { ...process.env, DOCKER_HOST: host } : process.env;
}

function mustWork(what: string, result: RunResult, workFolder: string): void {
  if (result.code === 0) return;
  const log = join(workFolder, "docker.log");
  writeFileSync(log, `${result.stdout}\n${result.stderr}`, { mode: 0o600 });
  throw failed(`${what}: ${lastLine(result.stderr)}; fix: read ${log}`);
}
