import { describe, expect, it } from "vitest";
import { IMAGES, orderFault, type OfferedImage } from "../../components/lib/server-image";

const good: OfferedImage[] = IMAGES.map((name) => ({ name }));
const without = (name: string) => good.filter((image) => image.name !== name);
const FIX = "fix: pulumi config set homeport:serverImage";

describe("orderFault (S2-1, H8)", () => {
  it.each(IMAGES)("orders %s while Hetzner offers it", (image) => {
    expect(orderFault(image, "cx23", good, "prod")).toBeUndefined();
  });

  it.each([
    [
      "ubuntu-25.04",
      "cx23",
      good,
      `offers for cx23 (x86), got ubuntu-25.04; ${FIX} ubuntu-24.04 --stack prod`,
    ],
    ["debian-13", "cax11", without("debian-13"), `for cax11 (arm), got debian-13; ${FIX} ubuntu-24.04`],
    ["ubuntu-24.04", "cx23", without("ubuntu-24.04"), `${FIX} ubuntu-22.04`],
    [
      "ubuntu-24.04",
      "cx23",
      [...without("ubuntu-24.04"), { name: "ubuntu-24.04", deprecated: "2029-05-31T00:00:00Z" }],
      `must not be on its way out: Hetzner has deprecated it on 2029-05-31 (H8), got ubuntu-24.04; ${FIX} ubuntu-22.04`,
    ],
    ["debian-13", "cx23", [], `${FIX} IMAGE --stack prod`],
  ])("refuses %s for %s and says what to take", (image, type, offered, message) => {
    expect(orderFault(image, type, offered, "prod")).toContain(message);
  });
});
