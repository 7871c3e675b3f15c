import { z } from "zod";
import { nearest } from "./config-keys";
import type { ConfigReader } from "./config-reader";
import { isPinned, parseImageRef } from "./image-ref";
import { fullHostname, type Service, type System } from "./system";
import { withDomain } from "./system-environment";
import { PROXY } from "./system-rules-service";
import type { Unit } from "./system-units";

/** Service -> variable -> value. */
export type ServiceValues = Readonly<Record<string, Readonly<Record<string, string>>>>;

const IMAGES = z.record(z.string(), z.string());
// `config set --path` turns 5 and true into a number and a boolean; other numbers would not come back as written
const VALUE = z.union([z.string(), z.int(), z.boolean()]).transform(String);
const OVERRIDES = z.record(z.string(), z.record(z.string(), VALUE));
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const EXAMPLE_PROXY = { caddy: "caddy:2.10.2", nginx: "nginx:1.28.0" } as const;
const EXAMPLE_IMAGE = "ghcr.io/OWNER/NAME@sha256:DIGEST";

/** Service -> image for every service and the proxy: the system's own defaults under the stack's. */
export function imagesOf(reader: ConfigReader, system: System): Readonly<Record<string, string>> {
  const key = "homeport:images";
  const isAbsent = reader.optional(key) === undefined;
  const given = isAbsent ? {} : reader.structure(key, IMAGES, "be an object of service names and images");
  if (given === undefined) return {};
  const names = [...Object.keys(system.services), PROXY];
  for (const name of Object.keys(given).filter((each) => !names.includes(each))) {
    unknownName(reader, `${key}.${reader.shown(name)}`, name, names);
  }
  return Object.fromEntries(
    names.map((name) => [
      name,
      checkedImage(reader, system, name, given[name] ?? system.services[name]?.image),
    ]),
  );
}

function checkedImage(reader: ConfigReader, system: System, name: string, image: string | undefined): string {
  const path = `homeport:images.${name}`;
  const fix = reader.pathCommand(path, name === PROXY ? EXAMPLE_PROXY[system.proxy] : EXAMPLE_IMAGE);
  const ref = parseImageRef(image ?? "");
  if (image === undefined || image === "") reader.faultAt(path, "name an image", "", fix);
  else if (ref === undefined)
    reader.faultAt(path, "be an image reference: host/name:tag or host/name@sha256:…", image, fix);
  else if (!isPinned(ref))
    reader.faultAt(path, "be pinned: by a tag other than latest, or by digest", image, fix);
  return image ?? "";
}

/** The stack's own environment values, checked. */
export function environmentOverrides(reader: ConfigReader, system: System, domain: string): ServiceValues {
  const key = "homeport:environment";
  const rule = "be an object of services, each an object of names and text";
  const given = reader.structure(key, OVERRIDES, rule) ?? {};
  const known = runningParts(system);
  const names = known.map(({ name }) => name);
  for (const [name, variables] of Object.entries(given)) {
    const service = known.find((each) => each.name === name);
    const path = `${key}.${reader.shown(name)}`;
    if (service === undefined) unknownName(reader, path, name, names);
    else variableFaults(reader, path, service, variables, domain);
  }
  return given;
}

/** What has an environment. */
type Part = Pick<Service | Unit, "name" | "environment" | "secrets" | "hostsVariable"> &
  Partial<Pick<Unit, "secretsAs">>;

function runningParts({ services, units }: System): readonly Part[] {
  return [...Object.values(services), ...units];
}

function variableFaults(
  reader: ConfigReader,
  path: string,
  service: Part,
  variables: Readonly<Record<string, string>>,
  domain: string,
): void {
  for (const [name, value] of Object.entries(variables)) {
    const at = `${path}.${reader.shown(name)}`;
    const rule = nameFault(service, name) ?? (value.includes("\0") ? "hold no NUL" : undefined);
    if (rule !== undefined) reader.describe(at, rule, "a value", reader.removeCommand(at));
    else if (name === service.hostsVariable) hostFaults(reader, at, value, domain);
  }
}

function nameFault(service: Part, name: string): string | undefined {
  if (!VARIABLE.test(name)) return "be named in letters, digits and _";
  if (name.startsWith("HOMEPORT_")) return "not start with HOMEPORT_, which is ours";
  const secret = service.secrets.find(
    (each) => name === (service.secretsAs?.[each] ?? each) || name === `${each}_FILE`,
  );
  return secret === undefined ? undefined : `leave secret ${secret} to homeport:secrets`;
}

function hostFaults(reader: ConfigReader, path: string, value: string, domain: string): void {
  const outside = value.split(",").find((host) => host !== domain && !host.endsWith(`.${domain}`));
  if (outside === undefined || domain === "") return;
  reader.faultAt(
    path,
    `hold hosts of zone ${domain} only, joined by commas`,
    outside,
    reader.pathCommand(path, domain),
  );
}

function unknownName(reader: ConfigReader, path: string, name: string, known: readonly string[]): void {
  const meant = nearest(name, known);
  const rule = `name one of ${known.join(", ")}${meant === undefined ? "" : ` (did you mean ${meant}?)`}`;
  reader.faultAt(path, rule, name, reader.removeCommand(path));
}

/** Service -> everything plain in its environment: its sites' hosts, under the spec's values, under the stack's. */
export function mergedEnvironment(system: System, domain: string, overrides: ServiceValues): ServiceValues {
  const services = runningParts(system).map((service) => {
    const merged = {
      ...hostsOf(system, service, domain),
      ...withDomain(service.environment, domain),
      ...overrides[service.name],
    };
    return [service.name, merged] as const;
  });
  return Object.fromEntries(services);
}

function hostsOf(system: System, service: Part, domain: string): Record<string, string> {
  if (service.hostsVariable === undefined) return {};
  const sites = system.sites.filter((site) => site.routes.some((route) => route.service === service.name));
  const hosts = sites.flatMap((site) => [site.hostname, ...site.redirectsFrom]);
  return { [service.hostsVariable]: hosts.map((host) => fullHostname(host, domain)).join(",") };
}
