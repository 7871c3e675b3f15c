import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { show } from "./lib/faults";
import { ownerComment } from "./lib/names";
import { rulesetPhases, type EdgeSpec } from "./lib/system-edge";
import { RefusalError } from "./refusal";

const TYPE = "homeport:edge:Rulesets";

export interface RulesetsArgs {
  readonly zoneId: pulumi.Input<string>;
  readonly edge: EdgeSpec;
  /** Written into each ruleset: whose it is. */
  readonly owner: string;
}

/**
 * Firewall rules, rate limits and redirects of the edge, a ruleset for each phase that has some (S3-15, S3-27). A
 * zone has one ruleset in a phase: where it is somebody else's, nothing is touched, and a preview says so.
 */
export class Rulesets extends pulumi.ComponentResource {
  readonly rulesets: readonly pulumi.Resource[];

  constructor(name: string, args: RulesetsArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, {}, opts);
    const { edge, owner, zoneId } = args;
    const description = ownerComment(owner);
    const phases = rulesetPhases(edge);
    const free = this.onceFree(
      args,
      phases.map(([phase]) => phase),
    );
    this.rulesets = phases.map(
      ([phase, rules]) =>
        new cloudflare.Ruleset(
          `${name}-${phase.replace(/^http_(request_)?/, "").replaceAll("_", "-")}`,
          { zoneId, kind: "zone", phase, name: owner, description, rules },
          // a phase has one: another name means that the old one goes first
          { parent: this, dependsOn: free, deleteBeforeReplace: true },
        ),
    );
    this.registerOutputs({});
  }

  /** Nothing to wait for; a refusal leaves the rulesets without an answer, so none is made. */
  private onceFree(
    { zoneId, owner }: RulesetsArgs,
    phases: readonly string[],
  ): pulumi.Output<pulumi.Resource[]> {
    return cloudflare.getRulesetsOutput({ zoneId }, { parent: this }).apply(({ rulesets }) => {
      const others = rulesets.filter(
        ({ kind, phase, description }) =>
          kind === "zone" && phases.includes(phase) && description !== ownerComment(owner),
      );
      if (others.length === 0) return [];
      const lines = others.map(
        ({ phase, name, id }) =>
          `  ${phase}: must be free, got ${show(name)} (${id}); fix: move its rules into the system's edge part, then delete it in Cloudflare`,
      );
      throw new RefusalError(`the zone has rules that are not this stack's\n${lines.join("\n")}`);
    });
  }
}
