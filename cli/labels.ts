import { labels } from "../components/lib/names";

/** The label selector for everything of one stack at Hetzner; `components` puts these labels on each resource. */
export function stackSelector(system: string, stack: string): string {
  return Object.entries(labels(system, stack))
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}
