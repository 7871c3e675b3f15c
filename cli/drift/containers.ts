import { nameOf, resourcesOf, type StackExport } from "../stack-state";
import type { Deviation } from "./deviation";

const CONTAINER = "docker:index/container:Container";

/** Prints `ID STATE HEALTH` for every container; the health of one without a check is `healthy`. */
export const HEALTH_COMMAND =
  "docker ps -aq --no-trunc | xargs -r docker inspect --format " +
  "'{{.Id}} {{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}healthy{{end}}'";

/**
 * Containers that are there and run, but are paused, restarting or unhealthy. One that is gone or stopped is found
 * by a refresh.
 */
export function healthDeviations(state: StackExport, printed: string): Deviation[] {
  const found = new Map(printed.split("\n").map((line) => splitId(line)));
  return resourcesOf(state)
    .filter(({ type }) => type === CONTAINER)
    .flatMap(({ urn, id = "" }) => {
      const is = found.get(id) ?? "exited";
      if (/^(running (healthy|starting)|exited|created|dead)/.test(is)) return [];
      return [
        {
          id: nameOf(urn),
          urn,
          kind: "container" as const,
          what: "health",
          wanted: "running healthy",
          found: is,
        },
      ];
    });
}

function splitId(line: string): [string, string] {
  const [id = "", ...rest] = line.trim().split(" ");
  return [id, rest.join(" ")];
}
