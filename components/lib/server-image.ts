import { formatFault } from "./faults";

/** System images that the steps are written for, the one to take first. */
export const IMAGES: readonly string[] = ["ubuntu-24.04", "ubuntu-22.04", "debian-12", "debian-13"];

/** An image of Hetzner's, for one architecture. */
export interface OfferedImage {
  readonly name: string;
  /** Since when it is to be left, RFC 3339. @default it is not */
  readonly deprecated?: string | null;
}

/** What a server type runs. Hetzner's Arm types are called cax; all others are x86. */
export function architectureOf(serverType: string): "arm" | "x86" {
  return serverType.startsWith("cax") ? "arm" : "x86";
}

/** Why a server is not to be ordered with an image: it cannot be, or will soon get no more upgrades (S2-1, H8). */
export function orderFault(
  image: string,
  serverType: string,
  offered: readonly OfferedImage[],
  stack: string,
): string | undefined {
  const found = offered.find(({ name }) => name === image);
  const since = found?.deprecated ?? "";
  if (found !== undefined && since === "") return undefined;
  const other = IMAGES.find((name) => offered.some((each) => each.name === name && !each.deprecated));
  const rule =
    found === undefined
      ? `be an image that Hetzner offers for ${serverType} (${architectureOf(serverType)})`
      : `not be on its way out: Hetzner has deprecated it on ${since.slice(0, 10)} (H8)`;
  const fix = `pulumi config set homeport:serverImage ${other ?? "IMAGE"} --stack ${stack}`;
  return formatFault({ path: "homeport:serverImage", rule, got: image, fix });
}
