import type { PlainConfig } from "../../components/lib/config-rules";
import { failed } from "../cli-error";
import { say } from "../output";
import type { PulumiStack, StackConfig } from "../pulumi";
import { takeAddressAway, takeServerAway } from "./take-away";

/** Where a server can be ordered, and which. */
export interface Place {
  readonly location: string;
  readonly serverType: string;
}

/** Hetzner's code for a type that a location has none of: 412 `resource_unavailable`. */
const OUT_OF_STOCK = /resource_unavailable/;

/** The stack's own place first, then the ladder's others. */
export function placesOf({
  location,
  serverType,
  recoverLadder,
}: Pick<PlainConfig, "location" | "serverType" | "recoverLadder">): Place[] {
  const isNew = (place: Place, at: number, all: readonly Place[]): boolean =>
    all.findIndex((one) => one.location === place.location && one.serverType === place.serverType) === at;
  return [{ location, serverType }, ...recoverLadder].filter(isNew);
}

/**
 * `pulumi up` at the first place that has a server to sell. Another place than the stack's is written to its config;
 * another location means another address.
 *
 * @param goOn the command that goes on after a failure.
 * @throws CliError when it fails for any other reason, or no place is left.
 */
export async function upWherePossible(
  stack: PulumiStack,
  config: StackConfig,
  places: readonly Place[],
  goOn: string,
): Promise<Place> {
  let [last] = places;
  for (const place of places) {
    if (last !== undefined && place !== last) await moveTo(stack, config, last, place);
    last = place;
    const { code, stdout, stderr } = await stack.upAndRead();
    if (code === 0) return place;
    if (!OUT_OF_STOCK.test(stdout + stderr)) {
      throw failed(`pulumi up: exit code ${code}, see above; fix: ${goOn} once its cause is gone`);
    }
    say(`${place.serverType} is out of stock in ${place.location}`);
  }
  throw failed(
    `no place of the ladder has a server to sell; fix: add one to homeport:recoverLadder, then ${goOn}`,
  );
}

async function moveTo(stack: PulumiStack, config: StackConfig, from: Place, to: Place): Promise<void> {
  say(`trying ${to.serverType} in ${to.location} instead; the stack's config says so from now on`);
  if (from.location !== to.location) {
    await takeServerAway(stack, config, say); // the failed up made everything else again
    await takeAddressAway(stack, config, say);
  }
  for (const key of ["location", "serverType"] as const) {
    await stack.setConfig({ key: `homeport:${key}`, isSecret: false, value: to[key] });
  }
}
