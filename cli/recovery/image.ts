import type { PlainConfig } from "../../components/lib/config-rules";
import { architectureOf, orderFault, type OfferedImage } from "../../components/lib/server-image";
import { refused } from "../cli-error";
import type { HetznerApi } from "../hetzner";

/** Before a server is taken away: the next one can be ordered with its image (H8). @throws CliError when it cannot */
export async function refuseOldImage(api: HetznerApi, config: PlainConfig, stack: string): Promise<void> {
  const { serverImage, serverType } = config;
  const query = `type=system&include_deprecated=true&architecture=${architectureOf(serverType)}&per_page=50`;
  const { images } = (await api.get(`/images?${query}`)) as { readonly images: readonly OfferedImage[] };
  const fault = orderFault(serverImage, serverType, images, stack);
  if (fault !== undefined) throw refused(fault);
}
