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
