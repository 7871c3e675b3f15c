import { readFileSync } from "node:fs";
import { join } from "node:path";
import { check, constantFrom, nat, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { importCompose, type Imported } from "../../cli/import/compose";
import { formatPath, type Path } from "../../cli/import/ledger";

const FOLDER = join(__dirname, "..", "golden", "compose", "every-key");
const FILE = parse(readFileSync(join(FOLDER, "compose.yaml"), "utf8")) as object;

/** Keys of a service, by the Compose Specification of 2025. */
const SERVICE_KEYS =
  `annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs
  container_name cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset
  credential_spec depends_on deploy develop device_cgroup_rules devices dns dns_opt dns_search domainname driver_opts
  entrypoint env_file environment expose extends external_links extra_hosts gpus group_add healthcheck hostname image init
  ipc isolation label_file labels links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit models
  network_mode networks oom_kill_disable oom_score_adj pid pids_limit platform ports post_start pre_stop privileged
  profiles provider pull_policy read_only restart runtime scale secrets security_opt shm_size stdin_open
  stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volumes
  volumes_from working_dir`.split(/\s+/);

function imported(file: object): Imported {
  const variables = { DB_PASSWORD: "hunter2-of-the-db" };
  return importCompose({ text: stringify(file), folder: FOLDER, variables, profiles: ["all"] });
}

/** Every place that holds no other: texts, numbers, and what is empty. */
function leavesOf(value: unknown, path: Path = []): Path[] {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (entries.length === 0) return [path];
  return entries.flatMap(([key, inner]) =>
    leavesOf(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

function without(path: Path): object {
  const copy = structuredClone(FILE);
  const parent = path.slice(0, -1).reduce<unknown>((value, part) => Reflect.get(value as object, part), copy);
  const last = path.at(-1) ?? "";
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else Reflect.deleteProperty(parent as object, last);
  return copy;
}

/** A remark of it, or of what holds it, that stands for the whole of it. */
function isTold({ remarks }: Imported, path: Path): boolean {
  const own = formatPath(path);
  return remarks.some(({ path: told, kind }) => {
    if (told === own) return true;
    return kind !== "changed" && (own.startsWith(`${told}.`) || own.startsWith(`${told}[`));
  });
}

/** The system, and what is told of it wherever: what moves up in a list has another place. */
function outcome({ spec, remarks }: Imported): string {
  return JSON.stringify([spec, remarks.map(({ kind, reason }) => `${kind}: ${reason}`).sort()]);
}

describe("a compose file with every key", () => {
  const whole = imported(FILE);

  it("has every key of a service", () => {
    const { services } = FILE as { services: Record<string, object> };
    const there = new Set(Object.values(services).flatMap((service) => Object.keys(service)));
    expect(SERVICE_KEYS.filter((key) => !there.has(key))).toEqual([]);
  });

  it("is carried over or told of at every place: what nobody tells of is missed when it goes", () => {
    const untold = leavesOf(FILE).filter((path) => !isTold(whole, path));
    const silent = untold.filter((path) => outcome(imported(without(path))) === outcome(whole));
    expect(untold.length).toBeGreaterThan(30);
    expect(silent.map(formatPath)).toEqual([]);
  });

  it("has a reason for each key that Homeport does not know", () => {
    const unknown = whole.remarks.filter(({ reason }) => reason === "Homeport has no counterpart for it");
    expect(unknown.map(({ path }) => path)).toEqual([]);
  });

  it("shows no secret, and is read to its end, whatever stands in one place of it", () => {
    const values = [
      null,
      5,
      true,
      "",
      "${",
      "$X",
      [],
      {},
      [null],
      [[]],
      { a: { b: [] } },
      "a:b:c:d",
      "/",
      "..",
    ];
    const leaves = leavesOf(FILE).filter(([first]) => first === "services");
    const run = property(constantFrom(...leaves), constantFrom(...values), nat(3), (path, value, up) => {
      const place = path.slice(0, Math.max(2, path.length - up));
      const copy = structuredClone(FILE);
      const parent = place.slice(0, -1).reduce<unknown>((at, part) => Reflect.get(at as object, part), copy);
      Reflect.set(parent as object, place.at(-1) ?? "", value);
      return !/hunter2|token-of-the-api/.test(outcome(imported(copy)));
    });
    expect(/hunter2|token-of-the-api/.test(outcome(whole))).toBe(false);
    expect(check(run, { numRuns: 200 })).toMatchObject({ failed: false, counterexample: null });
  }, 60_000);
});
