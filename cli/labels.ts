/** The label selector for everything of one stack at Hetzner; `components` puts these labels on each resource. */
export function stackSelector(system: string, stack: string): string {
  return `project=homeport,system=${system},stack=${stack}`;
}
