import type { System } from "./system";
import type { NotifySpec } from "./system-edge";

/**
 * Made of other secrets: `postgres://app:{POSTGRES_PASSWORD:url}@db:5432/app`. `{NAME}` stands for the value as it
 * is, `{NAME:url}` for the value as a URL holds it.
 */
export interface ComposedSecret {
  readonly kind: "composed";
  readonly template: string;
}

const PART = /\{([A-Z][A-Z0-9_]*)(?::([a-z]+))?\}/g;

/** A secret's name in a template, and how its value is written there. */
export interface SecretPart {
  readonly name: string;
  /** @default as it is */
  readonly encoding?: string;
}

/** What a template names, in its order. */
export function partsOf(template: string): SecretPart[] {
  return [...template.matchAll(PART)].map(([, name = "", encoding]) => ({
    name,
    ...(encoding === undefined ? {} : { encoding }),
  }));
}

/** The template with the values of its parts. */
export function compose(template: string, valueOf: (name: string) => string): string {
  return template.replaceAll(PART, (_, name: string, encoding?: string) =>
    encoding === "url" ? urlEncoded(valueOf(name)) : valueOf(name),
  );
}

/** RFC 3986: everything but its unreserved characters, also those that `encodeURIComponent` leaves. */
function urlEncoded(value: string): string {
  const hex = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(value).replaceAll(/[!'()*]/g, hex);
}

/**
 * The system without the secrets that this stack neither needs nor has: those that are kept under a condition only,
 * or optional. A webhook that is one of them is told nothing.
 *
 * @param given names of the kept secrets that have a value
 */
export function withGivenSecrets(system: System, given: readonly string[]): System {
  const isHad = (name: string): boolean => {
    const spec = system.secrets[name];
    const isOptional = spec?.kind === "kept" && (spec.when !== undefined || spec.optional === true);
    return !isOptional || given.includes(name);
  };
  const had = <T extends { readonly secrets: readonly string[] }>(part: T): T => ({
    ...part,
    secrets: part.secrets.filter(isHad),
  });
  const services = Object.entries(system.services).map(([name, service]) => [name, had(service)] as const);
  const { notify } = system.edge;
  const isTold = notify?.webhook === undefined || isHad(notify.webhook);
  return {
    ...system,
    services: Object.fromEntries(services),
    units: system.units.map(had),
    edge: isTold ? system.edge : { ...system.edge, notify: byMailAlone(notify) },
  };
}

function byMailAlone({ emails = [] }: NotifySpec): NotifySpec | undefined {
  return emails.length === 0 ? undefined : { emails };
}
