import { parseConfig } from "../../components/lib/config-rules";
import { makeRandom, makeSshKey, publicKeyLine } from "../../cli/init/keys";
import type { Expected } from "../../cli/verify/check";
import type { Container } from "../../cli/verify/checks-containers";
import { PROBES, type HostFacts, type Output } from "../../cli/verify/facts";
import { runningCalendar } from "../../systems/running-calendar";

export const DIGEST = `sha256:${"a".repeat(64)}`;
export const WEB_IMAGE = `ghcr.io/me/running-calendar@${DIGEST}`;

/** What a command on the host said. */
export function said(out: string, code = 0, err = ""): Output {
  return { code, out, err };
}

/** A stack as the checks expect it: mxcorre.com, server 7 at 203.0.113.10. */
export function expectedStack(change: Partial<Expected> = {}): Expected {
  const operator = makeSshKey("operator");
  const raw = {
    "hcloud:token": makeRandom("hex:32"),
    "cloudflare:apiToken": makeRandom("hex:20"),
    "homeport:domain": "mxcorre.com",
    "homeport:adminCidrs": JSON.stringify(["203.0.113.7/32"]),
    "homeport:edgeCidrs": JSON.stringify(["198.51.100.0/24"]),
    "homeport:operatorPrivateKey": operator,
    "homeport:operatorPublicKey": publicKeyLine(operator, "operator"),
    "homeport:hostPrivateKey": makeSshKey("host"),
    "homeport:images": JSON.stringify({ db: "postgres:16", proxy: "caddy:2.10.2", web: WEB_IMAGE }),
    "homeport:registryUsername": "me",
    "homeport:registryPassword": "registry-password",
    "homeport:secrets": JSON.stringify({ SECRET_KEY_BASE: makeRandom("hex:64") }),
  };
  const secretKeys = new Set(
    Object.keys(raw).filter((key) => /token|apiToken|Private|Password|secrets/.test(key)),
  );
  const parsed = parseConfig({ raw, secretKeys, stack: "prod", system: runningCalendar, env: {} });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return {
    stack: "prod",
    system: runningCalendar,
    config: parsed.config,
    serverIp: "203.0.113.10",
    serverId: "7",
    serverName: "running-calendar-prod",
    zoneId: "zone",
    secrets: ["s3cret-value", "line one\nline two"],
    secretValues: {},
    now: new Date("2026-11-21T00:00:00Z"),
    ...change,
  };
}

/** The three containers of running-calendar, as they should be. */
export function goodContainers(): Container[] {
  return [
    container("running_calendar-db", "db", "sha256:db", {
      HostConfig: { PortBindings: { "5432/tcp": [{ HostIp: "127.0.0.1", HostPort: "5432" }] } },
      Mounts: [
        { Type: "volume", Name: "running_calendar_postgres", Destination: "/var/lib/postgresql/data" },
      ],
    }),
    container("web-1a2b", "web", "sha256:web", {
      Config: { Labels: { "homeport.service": "web" }, Env: ["DB_HOST=running_calendar-db"] },
    }),
    container("running-calendar-proxy", "proxy", "sha256:proxy", {
      HostConfig: {
        PortBindings: {
          "80/tcp": [{ HostIp: "", HostPort: "80" }],
          "443/tcp": [{ HostIp: "0.0.0.0", HostPort: "443" }],
        },
      },
    }),
  ];
}

export const IMAGES = [
  { Id: "sha256:db", RepoTags: ["postgres:16"], RepoDigests: [] },
  { Id: "sha256:web", RepoTags: [], RepoDigests: [WEB_IMAGE] },
  { Id: "sha256:proxy", RepoTags: ["caddy:2.10.2"], RepoDigests: [] },
];

/** Facts of a host with these containers; every other probe said nothing. */
export function hostWith(containers: readonly Container[], change: Partial<HostFacts> = {}): HostFacts {
  const empty = Object.fromEntries(PROBES.map((probe) => [probe, said("")])) as unknown as HostFacts;
  return {
    ...empty,
    docker: said("27.5.1\n"),
    containers: said(JSON.stringify(containers)),
    images: said(JSON.stringify(IMAGES)),
    ...change,
  };
}

function container(name: string, service: string, image: string, change: Partial<Container>): Container {
  return {
    Name: `/${name}`,
    Image: image,
    Config: { Labels: { "homeport.service": service }, Env: [] },
    State: { Status: "running", Health: { Status: "healthy" } },
    Mounts: [],
    ...change,
    HostConfig: { PortBindings: {}, RestartPolicy: { Name: "unless-stopped" }, ...change.HostConfig },
  };
}
