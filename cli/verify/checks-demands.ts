import { ACCESS_LOG_FILE } from "../../components/lib/system-access-log";
import { broken, checkOf, proven, replaceStep, type Check, type Expected, type Verdict } from "./check";
import type { SystemFacts } from "./system-facts";

const MIB = 2 ** 20;

/** What a system asks of its host beside directories and files. */
export const DEMAND_CHECKS: readonly Check[] = [
  checkOf(
    "S3-1",
    "the system's packages are there",
    "system",
    packagesVerdict,
    ({ packages }) => packages.length > 0,
  ),
  checkOf(
    "S3-25",
    "the access log has a visit without its query, and is bounded",
    "system",
    accessVerdict,
    ({ accessLog }) => accessLog !== undefined,
  ),
];

export function packagesVerdict(
  { packages, compose }: Pick<SystemFacts, "packages" | "compose">,
  { system }: Expected,
): Verdict {
  const fix = replaceStep("hardening-packages");
  const missing = system.packages.filter((name) => (packages[name] ?? "") === "");
  if (missing.length > 0) return broken(`not installed: ${missing.join(", ")}`, fix);
  const installed = Object.values(packages).join(", ");
  if (!/\bdocker-compose/.test(installed)) return proven(installed);
  if (compose === "" && /\bdocker-compose 1\./.test(installed))
    return broken(
      `${installed}: Compose 1 is no plugin of Docker's`,
      "an image that has Compose 2, such as debian-13",
    );
  if (compose === "") return broken("docker compose version does not answer", fix);
  return proven(`${installed}; docker compose ${compose}`);
}

export function accessVerdict({ access }: Pick<SystemFacts, "access">, { system }: Expected): Verdict {
  if (system.accessLog === undefined || access === null) return broken("no access log", "pulumi up");
  const { directory, rollSizeMb, rollKeep } = system.accessLog;
  const file = `${directory}/${ACCESS_LOG_FILE}`;
  const restart = `homeport ssh -- docker restart ${system.name}-proxy`;
  if (access.lines === 0) return broken(`${file}: a visit is not in it`, restart);
  if (access.query > 0) return broken(`${file}: a query is in it`, replaceStep("proxy-config"));
  const most = (rollKeep + 1) * rollSizeMb;
  const size = Math.ceil(access.bytes / MIB);
  if (size > most) return broken(`${directory}: ${size} MiB of access log, more than ${most}`, restart);
  return proven(`${file}: a visit, without its query; ${size} of at most ${most} MiB`);
}
