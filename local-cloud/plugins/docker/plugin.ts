import { version } from "@pulumi/docker/package.json";
import type { Plugin } from "../lib";
import { containerType } from "./container";
import type { ProviderConfig } from "./inputs";
import { getLogs } from "./logs";
import { getNetwork, networkType } from "./network";
import { registryImageType, getRegistryImage } from "./registry-image";
import { getRemoteImage, remoteImageType, tagType } from "./remote-image";
import { Session } from "./session";
import { providerConfig } from "./tables";
import { volumeType } from "./volume";

/** The stand-in of pulumi-docker. */
export function dockerPlugin(session = new Session()): Plugin<ProviderConfig> {
  return {
    name: "docker",
    version,
    config: providerConfig,
    configure: (config) => session.configure(config),
    resources: {
      "docker:index/container:Container": containerType(session),
      "docker:index/network:Network": networkType(session),
      "docker:index/registryImage:RegistryImage": registryImageType(session),
      "docker:index/remoteImage:RemoteImage": remoteImageType(session),
      "docker:index/tag:Tag": tagType(session),
      "docker:index/volume:Volume": volumeType(session),
    },
    functions: {
      "docker:index/getLogs:getLogs": getLogs(session),
      "docker:index/getNetwork:getNetwork": getNetwork(session),
      "docker:index/getRegistryImage:getRegistryImage": getRegistryImage(session),
      "docker:index/getRemoteImage:getRemoteImage": getRemoteImage(session),
    },
  };
}
