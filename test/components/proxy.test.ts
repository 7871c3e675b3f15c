import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import type { ProxyArgs } from "../../components/proxy";
import { runningCalendar } from "../../systems/running-calendar";
import { houseFaults, milestone, testHost, testProvider } from "../support/component-bed";
import { plain, recordGraph, settled } from "../support/mocks";

const graph = recordGraph();

describe("Proxy", () => {
  let args: ProxyArgs;

  beforeAll(async () => {
    const { Proxy } = await import("../../components/proxy");
    const provider = testProvider();
    const host = testHost();
    const options = { provider, deletedWith: host.server };
    const web = new docker.Container("web", { image: "sha256:web" }, options);
    args = {
      ...{ system: runningCalendar, domain: "mxcorre.com", image: "caddy:2.10.2", host, provider },
      edgeCidrs: pulumi.output(["198.51.100.0/24"]),
      networkName: "running-calendar",
      containers: { web },
      certificateInstalled: milestone("certificate"),
      hardened: milestone("hardened"),
    };
    new Proxy("proxy", args);
    await settled();
  });

  it("is exactly image, configuration, a route per service with a site, container and proof", () => {
    expect(graph.children("proxy")).toEqual([
      "command:remote:Command proxy-answers",
      "command:remote:Command proxy-config",
      "command:remote:Command proxy-route-web",
      "docker:index/container:Container proxy-caddy",
      "docker:index/remoteImage:RemoteImage proxy-image",
    ]);
    expect(houseFaults(graph, ["proxy", "web", "the-provider"])).toEqual([]);
  });

  it("publishes 80 and 443 and nothing else, after the firewall stands", () => {
    const { inputs, deleteBeforeReplace, dependencies } = graph.get("proxy-caddy");

    expect(inputs).toMatchObject({
      name: "running-calendar-proxy",
      image: "sha256:proxy-image",
      ports: [
        { internal: 80, external: 80, protocol: "tcp" },
        { internal: 443, external: 443, protocol: "tcp" },
      ],
      networksAdvanced: [{ name: "running-calendar" }],
      destroyGraceSeconds: 30,
      restart: "unless-stopped",
      mustRun: true,
    });
    expect(deleteBeforeReplace).toBe(true);
    for (const earlier of ["hardened", "proxy-config"]) expect(dependencies).toContain(earlier);
  });

  it("keeps its image on the host", () => {
    expect(graph.get("proxy-image").inputs).toEqual({ name: "caddy:2.10.2", keepLocally: true });
  });

  it("reads its configuration and certificate only, and keeps its own data in volumes", () => {
    expect(graph.get("proxy-caddy").inputs.volumes).toEqual([
      { hostPath: "/etc/homeport/proxy", containerPath: "/etc/caddy", readOnly: true },
      { volumeName: "caddy_data", containerPath: "/data" },
      { volumeName: "caddy_config", containerPath: "/config" },
    ]);
  });

  it("keeps its access log in the host's directory, and is made anew where another rotation is wanted (S3-25)", async () => {
    const { Proxy } = await import("../../components/proxy");
    const rotation = { rollSizeMb: 10, rollKeep: 5, rollKeepDays: 7 };
    const accessLog = { directory: "/srv/app/logs", ...rotation };
    new Proxy("logging", { ...args, system: { ...runningCalendar, accessLog } });
    await settled();
    const { inputs } = graph.get("logging-caddy");

    expect(inputs.volumes).toContainEqual({ hostPath: "/srv/app/logs", containerPath: "/var/log/caddy" });
    expect(inputs.labels).toContainEqual({ label: "homeport.access-log", value: "10 MiB, 5, 7 d" });
    expect(String(plain(graph.get("logging-config").inputs.stdin))).toContain("/var/log/caddy/access.log");
    expect(JSON.stringify(graph.get("proxy-caddy").inputs.labels)).not.toContain("access-log");
  });

  it("routes to the container by the name that it has, so a new one moves the route", () => {
    const { inputs, dependencies } = graph.get("proxy-route-web");

    expect(inputs.create).toBe("sudo -n bash -s -- 'caddy' 'web' 'web-1a2b3c4' '3000'");
    expect(JSON.stringify(inputs.triggers)).toContain("web-1a2b3c4");
    for (const earlier of ["web", "certificate"]) expect(dependencies).toContain(earlier);
  });

  it("believes the edge alone on who the visitor is", () => {
    const stdin = String(plain(graph.get("proxy-config").inputs.stdin));

    expect(stdin).toContain("\t@stranger not remote_ip 198.51.100.0/24\n");
    expect(stdin).toContain("request_header @stranger -CF-Connecting-IP");
    expect(graph.get("proxy-config").dependencies).toContain("certificate");
  });

  it("answers only when container and routes are there, asked anew of each container", () => {
    const { inputs, dependencies } = graph.get("proxy-answers");

    expect(inputs.create).toBe("sudo -n bash -s -- '/up' 'mxcorre.com'");
    expect(inputs.triggers).toContain("proxy-caddy-id");
    for (const earlier of ["proxy-caddy", "proxy-route-web"]) expect(dependencies).toContain(earlier);
  });

  it("is nginx where the system says so, in the place of Caddy and with its own files only", async () => {
    const { Proxy } = await import("../../components/proxy");
    new Proxy("front", { ...args, image: "nginx:1.28.0", system: { ...runningCalendar, proxy: "nginx" } });
    await settled();
    const { inputs, deleteBeforeReplace, aliases } = graph.get("front-nginx");

    expect(inputs).toMatchObject({
      name: "running-calendar-nginx",
      command: ["nginx", "-c", "/etc/nginx/homeport/nginx.conf", "-g", "daemon off;"],
      volumes: [
        { hostPath: "/etc/homeport/proxy", containerPath: "/etc/nginx/homeport", readOnly: true },
        { hostPath: "/var/lib/homeport/acme", containerPath: "/var/www/certbot", readOnly: true },
      ],
    });
    expect(inputs.ports).toHaveLength(2);
    expect(deleteBeforeReplace).toBe(true);
    expect(aliases).toEqual(["front-caddy"]);
    expect(String(plain(graph.get("front-config").inputs.stdin))).toContain(
      "set_real_ip_from 198.51.100.0/24;",
    );
    expect(graph.get("front-config").inputs.create).toContain("'nginx' 'sha256:front-image'");
    expect(graph.get("front-route-web").inputs.create).toContain("'nginx' 'web' 'web-1a2b3c4' '3000'");
  });

  it("refuses a route to a service that runs no container", async () => {
    const { Proxy } = await import("../../components/proxy");

    expect(() => new Proxy("lost", { ...args, containers: {} })).toThrow("service web has no container");
  });
});
