import { ACME_ROOT, acmeSites, CHALLENGES } from "./acme";
import { CADDY_LOGS } from "./caddy-log";
import { renderCaddyfile } from "./caddyfile";
import { renderNginx } from "./nginx-conf";
import type { System } from "./system";
import type { AccessLog } from "./system-access-log";
import type { ProxyKind, Site } from "./system-sites";

/** What every proxy's configuration is made from. */
export interface ProxyInput {
  readonly sites: readonly Site[];
  readonly domain: string;
  readonly edgeCidrs: readonly string[];
  /** Caddy's only. */
  readonly accessLog?: AccessLog;
}

export interface ProxyProgram {
  /** Added to the system's name. */
  readonly containerSuffix: string;
  readonly render: (input: ProxyInput) => string;
  /** @default the image's */
  readonly command?: readonly string[];
  readonly volumes: readonly {
    readonly hostPath?: string;
    readonly volumeName?: string;
    readonly containerPath: string;
    readonly readOnly?: boolean;
  }[];
}

/** What the proxy's container sees of the host, and keeps. */
export function proxyVolumes({
  proxy,
  sites,
  accessLog,
}: Pick<System, "proxy" | "sites" | "accessLog">): ProxyProgram["volumes"] {
  const own = PROXY_PROGRAMS[proxy].volumes;
  const isThere = own.some(({ containerPath }) => containerPath === ACME_ROOT);
  const needsChallenges = !isThere && acmeSites(sites, ["acme-http"]).length > 0;
  return [
    ...own,
    ...(needsChallenges ? [CHALLENGE_VOLUME] : []),
    ...(accessLog === undefined ? [] : [{ hostPath: accessLog.directory, containerPath: CADDY_LOGS }]),
  ];
}

const CHALLENGE_VOLUME = { hostPath: CHALLENGES, containerPath: ACME_ROOT, readOnly: true };

/** Host's folder of configuration, certificate and upstreams; `scripts/remote/proxy.sh` knows it too. */
const FOLDER = "/etc/homeport/proxy";

/** How the two proxies run in a container: both reload without a connection lost, and keep nothing of ours inside. */
export const PROXY_PROGRAMS: Readonly<Record<ProxyKind, ProxyProgram>> = {
  caddy: {
    containerSuffix: "proxy",
    render: renderCaddyfile,
    volumes: [
      { hostPath: FOLDER, containerPath: "/etc/caddy", readOnly: true },
      { volumeName: "caddy_data", containerPath: "/data" },
      { volumeName: "caddy_config", containerPath: "/config" },
    ],
  },
  nginx: {
    containerSuffix: "nginx",
    render: renderNginx,
    // a folder, not the file: a file that is replaced stays the old one in a container
    command: ["nginx", "-c", "/etc/nginx/homeport/nginx.conf", "-g", "daemon off;"],
    volumes: [{ hostPath: FOLDER, containerPath: "/etc/nginx/homeport", readOnly: true }, CHALLENGE_VOLUME],
  },
};
