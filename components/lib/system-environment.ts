const DOMAIN = "{domain}";

/** Values with the stack's domain where they say `{domain}`: a spec names no zone. */
export function withDomain(values: Readonly<Record<string, string>>, domain: string): Record<string, string> {
  const entries = Object.entries(values);
  return Object.fromEntries(entries.map(([name, value]) => [name, value.replaceAll(DOMAIN, domain)]));
}
