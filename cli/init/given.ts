import { usage } from "../cli-error";
import type { System } from "../../components/lib/system";
import type { StackConfig } from "../pulumi";
import { ALIASES, type Given } from "./plan";

const ACCEPTED = `${Object.keys(ALIASES).join(", ")}, a kept secret's name, or a config key like hcloud:token`;

/** The variable and the config key that say in which world a token is valid. */
const WORLDS: Readonly<Record<string, readonly [string, string]>> = {
  HCLOUD_TOKEN: ["HCLOUD_ENDPOINT", "hcloud:endpoint"],
  CLOUDFLARE_API_TOKEN: ["CLOUDFLARE_BASE_URL", "cloudflare:baseUrl"],
};

/** The values that the environment holds, but for tokens of another cloud than the stack's. */
export function givenByEnvironment(env: NodeJS.ProcessEnv, config: StackConfig): Given {
  return new Map(
    Object.entries(ALIASES).flatMap(([name, key]) => {
      const value = env[name];
      const [variable, endpoint] = WORLDS[name] ?? [];
      // a local cloud's exports must not put its tokens into a real stack, nor the other way round
      const isOther =
        endpoint !== undefined && (env[variable ?? ""] ?? "") !== (config.get(endpoint)?.value ?? "");
      return value === undefined || value === "" || isOther ? [] : [[key, [value]] as const];
    }),
  );
}

/**
 * The values of `KEY=value` lines; empty lines and `#` comments are skipped. A wrong line is named by its
 * number alone, since all of it may be a secret.
 */
export function givenByLines(text: string, system: System): Given {
  const given = new Map<string, readonly string[]>();
  const faults: string[] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === "" || line.startsWith("#")) return;
    const [, name, value] = /^([^=]+)=(.+)$/.exec(line) ?? [];
    const key = name === undefined ? undefined : keyOf(name.trim(), system);
    if (key === undefined || value === undefined) {
      faults.push(`stdin line ${index + 1}: must be KEY=value; fix: use ${ACCEPTED}`);
    } else given.set(key, [value]);
  });
  if (faults.length > 0) throw usage(...faults);
  return given;
}

/** Later sources win. */
export function mergeGiven(...sources: readonly Given[]): Given {
  return new Map(sources.flatMap((source) => [...source]));
}

function keyOf(name: string, system: System): string | undefined {
  if (name in ALIASES) return ALIASES[name];
  if (system.secrets[name]?.kind === "kept") return `homeport:secrets.${name}`;
  return /^(homeport|hcloud|cloudflare):[A-Za-z.]+$/.test(name) ? name : undefined;
}
