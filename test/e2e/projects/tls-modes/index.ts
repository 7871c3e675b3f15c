import { deploySystem } from "homeport";
import { system } from "./system";

const deployed = deploySystem(system);

export const { url, serverIp, serverId, serverName, zoneId, ssh } = deployed;
export const { secretValues, originCertificate, originPrivateKey } = deployed;
