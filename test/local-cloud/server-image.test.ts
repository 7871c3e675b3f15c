import { describe, expect, it } from "vitest";
import type { HetznerApi } from "../../cli/hetzner";
import { refuseOldImage } from "../../cli/recovery/image";
import { expectedStack } from "../support/verify";
import { Account } from "./hetzner/account";

describe("before a server is taken away, its image is asked for at the API (S2-1, H8)", () => {
  const account = new Account();
  const api = {
    get: async (path: string) => ({ images: (await account.get(path)).at("images") }),
  } as unknown as HetznerApi;
  const refuse = (serverImage: string, serverType = "cx23"): Promise<void> =>
    refuseOldImage(api, { ...expectedStack().config, serverImage, serverType }, "prod");

  it.each(["ubuntu-24.04", "ubuntu-22.04", "debian-12", "debian-13"])("%s is there", async (image) => {
    await expect(refuse(image)).resolves.toBeUndefined();
    await expect(refuse(image, "cax11")).resolves.toBeUndefined();
  });

  it.each([
    ["ubuntu-25.04", /must be an image that Hetzner offers for cx23 \(x86\), got ubuntu-25.04.*ubuntu-24.04/],
    ["debian-11", /Hetzner has deprecated it on 2026-03-05 \(H8\), got debian-11; fix: .* ubuntu-24.04/],
  ])("%s is refused, with what to take", async (image, message) => {
    await expect(refuse(image)).rejects.toThrow(message);
  });
});
