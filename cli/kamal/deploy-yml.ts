import { stringify } from "yaml";
import type { PlainConfig } from "../../components/lib/config-rules";
import { parseImageRef } from "../../components/lib/image-ref";
import { systemHostnames, type Service, type System } from "../../components/lib/system";
import { usage } from "../cli-error";

export interface KamalPlan {
  readonly system: System;
  readonly config: Pick<PlainConfig, "domain" | "environment" | "images" | "registry" | "operatorUser">;
  /** The service that Kamal deploys; every other one becomes an accessory. */
  readonly application: string;
  /** Stack output `serverIp`. */
  readonly serverIp: string;
  /** The operator's private key, an absolute path. */
  readonly keyFile: string;
  /** Let kamal-proxy get a certificate itself, instead of serving the stack's own. */
  readonly isLetsEncrypt: boolean;
}

/** What `.kamal/secrets` has to know: each name that {@link renderDeployYml} speaks of, once. */
export function secretNames(plan: KamalPlan): string[] {
  const used = Object.values(plan.system.services).flatMap(({ secrets }) => secrets);
  const certificate = plan.isLetsEncrypt ? [] : ["CERTIFICATE_PEM", "PRIVATE_KEY_PEM"];
  return [...new Set(["KAMAL_REGISTRY_PASSWORD", ...used, ...certificate])];
}

/** Kamal 2's `config/deploy.yml` for the system as the stack has it (S1-13 to S1-16). */
export function renderDeployYml(plan: KamalPlan): string {
  const { system, config, application, serverIp } = plan;
  const service = serviceOf(system, application);
  const image = parseImageRef(config.images[application] ?? "");
  return stringify(
    {
      service: kamalService(system),
      image: image?.repository,
      servers: { web: [serverIp] },
      proxy: proxyOf(plan, service),
      registry: {
        server: config.registry.server,
        username: config.registry.username,
        password: ["KAMAL_REGISTRY_PASSWORD"],
      },
      builder: { arch: "amd64" },
      env: {
        clear: sorted(config.environment[application] ?? {}),
        secret: ["RAILS_MASTER_KEY", ...service.secrets],
      },
      ssh: {
        user: config.operatorUser,
        port: 22,
        keys: [plan.keyFile],
        keys_only: true,
        config: [".kamal/ssh_config"],
      },
      accessories: accessoriesOf(plan),
    },
    { lineWidth: 0 },
  );
}

/** What Kamal names its containers after: with accessory `db` it has to give the name that the system gives it. */
function kamalService(system: System): string {
  for (const { name, containerName } of Object.values(system.services)) {
    if (containerName?.endsWith(`-${name}`) === true) return containerName.slice(0, -name.length - 1);
  }
  return system.name;
}

function proxyOf({ system, config, application, isLetsEncrypt }: KamalPlan, service: Service): object {
  const route = system.sites.flatMap(({ routes }) => routes).find((each) => each.service === application);
  if (route === undefined)
    throw usage(
      `service ${service.name} has no site; fix: give it a route in the system, as Kamal's proxy needs one`,
    );
  return {
    // the edge believes the stack's own certificate; Let's Encrypt's challenge would not come through it (H6)
    ssl: isLetsEncrypt ? true : { certificate_pem: "CERTIFICATE_PEM", private_key_pem: "PRIVATE_KEY_PEM" },
    host: systemHostnames(system, config.domain).join(","),
    app_port: route.port,
    forward_headers: true,
  };
}

function accessoriesOf(plan: KamalPlan): object {
  const others = Object.values(plan.system.services).filter(({ name }) => name !== plan.application);
  return Object.fromEntries(others.map((service) => [service.name, accessoryOf(service, plan)]));
}

/** The same container as Homeport's: image, port, volume, user, and its secret as a file where the image reads one. */
function accessoryOf(service: Service, { config, serverIp }: KamalPlan): object {
  const files = service.secretFiles ? service.secrets : [];
  const fileNames = Object.fromEntries(files.map((name) => [`${name}_FILE`, `/run/secrets/${name}`]));
  const mounts = Object.entries(service.volumes).map(([volume, path]) => `${volume}:${path}`);
  const plain = service.secretFiles ? [] : service.secrets;
  return {
    image: config.images[service.name],
    host: serverIp,
    ...(service.ports[0] === undefined ? {} : { port: service.ports[0] }),
    env: {
      clear: sorted({ ...config.environment[service.name], ...fileNames }),
      ...(plain.length === 0 ? {} : { secret: plain }),
    },
    volumes: [
      ...mounts,
      ...(files.length === 0 ? [] : [`/etc/homeport/secrets/${service.name}:/run/secrets:ro`]),
    ],
    ...(service.user === undefined ? {} : { options: { user: service.user } }),
  };
}

function serviceOf(system: System, name: string): Service {
  const service = system.services[name];
  if (service !== undefined) return service;
  throw usage(`--service: must be a service of the system, got ${name}; fix: homeport ps lists them`);
}

function sorted(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => a.localeCompare(b)));
}
