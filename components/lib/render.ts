const PLACEHOLDER = /\{\{([A-Z][A-Z0-9_]*)\}\}/g;

/**
 * Fills `{{UPPER_SNAKE}}` in a template. There is no logic and no escaping: values are checked where they enter.
 *
 * @throws Error for a name without a value, a value without a name, and a value with a line break or NUL: it could
 * add a directive of its own to the file.
 */
export function render(template: string, values: Readonly<Record<string, string>>): string {
  const names = new Set([...template.matchAll(PLACEHOLDER)].map((match) => match[1] ?? ""));
  const faults = [
    ...[...names].filter((name) => !Object.hasOwn(values, name)).map((name) => `${name}: must have a value`),
    ...Object.keys(values).flatMap((name) => (names.has(name) ? [] : [`${name}: must be in the template`])),
    ...Object.entries(values).flatMap(([name, value]) =>
      /[\r\n\0\u2028\u2029]/.test(value) ? [`${name}: must hold no line break`] : [],
    ),
  ];
  if (faults.length > 0) throw new Error(`template: ${faults.join("; ")}`);
  return template.replaceAll(PLACEHOLDER, (_, name: string) => values[name] ?? "");
}
