/** One thing that is not as declared. No text ever holds a secret. */
export interface Deviation {
  /** The resource that mends it, as the program calls it: `hardening-ssh`, `dns-apex`. */
  readonly id: string;
  readonly urn: string;
  /** A file, a setting, a property. */
  readonly what: string;
  readonly wanted: string;
  readonly found: string;
  /**
   * `step`: on the host, found by the step that would mend it. `container`: runs, and is not well. `resource`: found
   * by a refresh. `declared`: nobody changed it; the program or its config did, and no `up` has followed.
   */
  readonly kind: "step" | "container" | "resource" | "declared";
}

/** What was compared, and what could not be. */
export interface Comparison {
  readonly deviations: readonly Deviation[];
  /** Steps that were asked. */
  readonly steps: number;
  /** Resources that were refreshed. */
  readonly resources: number;
  /** Steps that can't be asked, and why. */
  readonly unasked: readonly { readonly id: string; readonly reason: string }[];
  /** Why the APIs and Docker could not be compared. */
  readonly problem?: string;
}

/** Found where only running the step, or making the resource, again helps: a refresh alone does not see it. */
export function needsReplacement({ kind }: Deviation): boolean {
  return kind === "step" || kind === "container";
}

/** What mends it, as a command. */
export function remedy({ id, kind }: Deviation): string {
  if (kind === "declared") return "pulumi up";
  return kind === "resource" ? "pulumi up --refresh" : `pulumi up --replace '**::${id}'`;
}
