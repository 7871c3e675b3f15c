import type { CheckFailure } from "../lib";
import type { ContainerInputs } from "./inputs";
import { parseDuration } from "./units";

interface Rule {
  readonly applies: (value: unknown) => boolean;
  readonly says: (value: unknown) => string;
}

const atLeast = (threshold: number): Rule => ({
  applies: (value) => typeof value === "number" && value < threshold,
  says: (value) => `'${String(value)}' cannot be lower than ${threshold}`,
});

const matching = (pattern: RegExp): Rule => ({
  applies: (value) => typeof value === "string" && !pattern.test(value),
  says: (value) => `'${String(value)}' doesn't match the pattern '${pattern.source}'`,
});

const duration: Rule = {
  applies: (value) => typeof value === "string" && !((parseDuration(value) ?? -1) >= 0),
  says: (value) => `'${String(value)}' is not a valid duration, or is negative`,
};

const base64: Rule = {
  // the value may be a secret: it is not shown
  applies: (value) => typeof value === "string" && Buffer.from(value, "base64").toString("base64") !== value,
  says: () => "is not base64 encoded",
};

const absolute: Rule = {
  applies: (value) => typeof value === "string" && !/^([a-zA-Z]:\\|\/)/.test(value),
  says: (value) => `'${String(value)}' must be an absolute path`,
};

/** The published provider's own validation, by path; `[]` stands for every element. */
const RULES: Readonly<Record<string, Rule>> = {
  restart: matching(/^(no|on-failure|always|unless-stopped)$/),
  memory: atLeast(0),
  memoryReservation: atLeast(0),
  memorySwap: atLeast(-1),
  shmSize: atLeast(0),
  cpuShares: atLeast(0),
  cpuSet: matching(/^\d+([,-]\d+)*$/),
  cpuPeriod: atLeast(0),
  cpuQuota: atLeast(0),
  "mounts[].type": matching(/^(bind|volume|tmpfs)$/),
  "mounts[].bindOptions.propagation": matching(/^(private|rprivate|shared|rshared|slave|rslave)$/),
  "volumes[].hostPath": absolute,
  "volumes[].selinuxRelabel": matching(/^(z|Z)$/),
  "deviceReadBps[].rate": atLeast(0),
  "deviceReadIops[].rate": atLeast(0),
  "deviceWriteBps[].rate": atLeast(0),
  "deviceWriteIops[].rate": atLeast(0),
  "networksAdvanced[].gwPriority": atLeast(0),
  "uploads[].contentBase64": base64,
  "uploads[].permissions": matching(/^0[0-7]{3}$/),
  "healthcheck.interval": duration,
  "healthcheck.timeout": duration,
  "healthcheck.startPeriod": duration,
  "healthcheck.startInterval": duration,
  "healthcheck.retries": atLeast(0),
};

/** All faults of a container's inputs; what a preview does not know yet passes. */
export function checkContainer(inputs: ContainerInputs): CheckFailure[] {
  const failures = Object.entries(RULES).flatMap(([path, rule]) =>
    valuesAt(inputs, path.split("."), "")
      .filter(({ value }) => rule.applies(value))
      .map(({ at, value }) => ({ property: at, reason: rule.says(value) })),
  );
  if (!inputs.gpus || !Array.isArray(inputs.deviceRequests)) return failures;
  return [...failures, { property: "deviceRequests", reason: 'conflicts with "gpus"' }];
}

function valuesAt(value: unknown, [key, ...rest]: string[], at: string): { at: string; value: unknown }[] {
  if (key === undefined) return [{ at, value }];
  if (typeof value !== "object" || value === null) return [];
  const name = key.replace("[]", "");
  const child: unknown = (value as Record<string, unknown>)[name];
  const path = at === "" ? name : `${at}.${name}`;
  if (name === key) return valuesAt(child, rest, path);
  return Array.isArray(child) ? child.flatMap((item, i) => valuesAt(item, rest, `${path}[${i}]`)) : [];
}
