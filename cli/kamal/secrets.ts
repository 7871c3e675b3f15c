import { shellQuote } from "../../components/lib/shell";
import { failed, refused } from "../cli-error";
import type { StackConfig } from "../pulumi";

export interface SecretsPlan {
  /** @see secretNames */
  readonly names: readonly string[];
  readonly stack: string;
  /** The folder of Pulumi.yaml, absolute. */
  readonly project: string;
  /** `cli/homeport.js`, absolute. */
  readonly homeport: string;
}

/** What a command substitution of Kamal's (a dotenv file's) can hold without being read as something else. */
const PLAIN_PATH = /^[\w./@+,:~ -]+$/;

/**
 * `.kamal/secrets` (S1-12): no value, but for each name the command that reads it where it is kept. So nothing lies
 * about in plain text, a rotated secret arrives, and no command makes a new one (H1).
 */
export function renderSecrets({ names, stack, project, homeport }: SecretsPlan): string {
  const strange = [project, homeport].filter((path) => !PLAIN_PATH.test(path));
  if (strange.length > 0) {
    throw refused(
      ...strange.map(
        (path) => `${path}: must be a path of letters, digits and ._@+,:~- for Kamal to call; fix: move it`,
      ),
    );
  }
  const call = `cd ${word(project)} && node ${word(homeport)} kamal --stack ${word(stack)} --secret`;
  return `${[
    ...names.map((name) => `${name}=$(${call} ${name})`),
    "RAILS_MASTER_KEY=$(cat config/master.key)",
  ].join("\n")}\n`;
}

/** One secret's value, for a command substitution. @throws CliError when the stack has none. */
export function secretValue(
  name: string,
  config: StackConfig,
  outputs: Readonly<Record<string, unknown>>,
): string {
  const own: Readonly<Record<string, unknown>> = {
    KAMAL_REGISTRY_PASSWORD: config.get("homeport:registryPassword")?.value,
    CERTIFICATE_PEM: outputs.originCertificate,
    PRIVATE_KEY_PEM: outputs.originPrivateKey,
  };
  const system = (outputs.secretValues ?? {}) as Readonly<Record<string, unknown>>;
  const value = own[name] ?? system[name];
  if (typeof value === "string" && value !== "") return value;
  throw failed(
    `--secret: must be a secret of the stack's last update, got ${name}; fix: pulumi up, then homeport kamal`,
  );
}

function word(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : shellQuote(text);
}
