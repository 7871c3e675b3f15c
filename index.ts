import { deploySystem } from "./components/deploy-system";
import { system } from "./system";

// The server, its hardening, the containers, the way in: components/deploy-system.ts is the table of contents.
const deployed = deploySystem(system);

export const { url, serverIp, serverId, serverName, zoneId, ssh } = deployed;
/** For `homeport kamal`: the same values as the containers have, made once (H1). */
export const { secretValues, originCertificate, originPrivateKey } = deployed;
