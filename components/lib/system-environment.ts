/** A text with the stack's domain where it says `{domain}`: a spec names no zone. */
export function fillDomain(text: string, domain: string): string {
  return text.replaceAll("{domain}", domain);
}

/** As {@link fillDomain}, every value. */
export function withDomain(values: Readonly<Record<string, string>>, domain: string): Record<string, string> {
  const entries = Object.entries(values);
  return Object.fromEntries(entries.map(([name, value]) => [name, fillDomain(value, domain)]));
}
