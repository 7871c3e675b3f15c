import type { ConfigInput } from "../components/lib/config-reader";
import { parseConfig, type PlainConfig } from "../components/lib/config-rules";
import { formatFault } from "../components/lib/faults";
import { writeSshFiles, type SshFiles } from "../components/lib/ssh-files";
import { publicKeyOf } from "../components/lib/ssh-keys";
import type { System } from "../components/lib/system";
import { usage } from "./cli-error";
import type { StackConfig } from "./pulumi";
import { projectSystem } from "./system";

const DEFAULT_USER = "ops";

/**
 * The stack's config by the program's own rules.
 *
 * @throws CliError (usage) with every fault at once, as `pulumi up` would tell them.
 */
export function checkedConfig(
  stack: string,
  config: StackConfig,
  system: System = projectSystem(),
): PlainConfig {
  const parsed = parseConfig({ ...configInput(stack, config), system });
  if (parsed.ok) return parsed.config;
  throw usage(...parsed.faults.map(formatFault));
}

/** What the program's own rules ask for. */
export function configInput(stack: string, config: StackConfig): ConfigInput {
  return {
    raw: Object.fromEntries([...config].map(([key, { value }]) => [key, value])),
    secretKeys: new Set([...config].filter(([, { isSecret }]) => isSecret).map(([key]) => key)),
    stack,
    env: process.env,
  };
}

/** True when the stack has both keys that an SSH connection needs. */
export function hasKeys(config: StackConfig): boolean {
  return config.has("homeport:operatorPrivateKey") && config.has("homeport:hostPrivateKey");
}

/** Writes `.homeport/<stack>/` anew: the files that OpenSSH needs, the host key pinned. */
export function writeStackSshFiles(stack: string, config: StackConfig): SshFiles {
  if (!hasKeys(config)) {
    throw usage(`stack ${stack} has no SSH keys; fix: homeport init --stack ${stack}`);
  }
  return writeSshFiles({
    stack,
    user: config.get("homeport:operatorUser")?.value ?? DEFAULT_USER,
    operatorPrivateKey: config.get("homeport:operatorPrivateKey")?.value ?? "",
    hostPublicKey: publicKeyOf(config.get("homeport:hostPrivateKey")?.value ?? ""),
  });
}

/** The values of this stack's config that must not be seen anywhere on the server but where they belong. */
export function configSecrets(config: StackConfig): string[] {
  return [...config.values()]
    .filter(({ isSecret }) => isSecret)
    .flatMap(({ value, object }) => (object === undefined ? [value] : leaves(object)))
    .filter((value) => value.length >= 8);
}

function leaves(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(leaves);
  return [];
}
