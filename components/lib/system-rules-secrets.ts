import { specFault as fault, type Fault } from "./faults";
import type { KeptSecret, SystemSpec } from "./system";
import { partsOf, type ComposedSecret } from "./system-secrets";

const SECRET_NAME = /^[A-Z][A-Z0-9_]*$/;
const ALPHABETS: readonly string[] = ["hex", "base64url", "alphanumeric", "ascii"];

/** Every broken rule of the secrets. */
export function secretFaults(spec: SystemSpec): Fault[] {
  const secrets = Object.entries(spec.secrets ?? {});
  const parts = secrets.flatMap(([, each]) => (each.kind === "composed" ? partsOf(each.template) : []));
  const used = new Set([
    ...[...Object.values(spec.services), ...Object.values(spec.units ?? {})].flatMap(
      ({ secrets: names }) => names ?? [],
    ),
    ...parts.map(({ name }) => name),
    ...(spec.edge?.notify?.webhook === undefined ? [] : [spec.edge.notify.webhook]),
  ]);
  return secrets.flatMap(([name, secret]) => {
    const path = `secrets.${name}`;
    const faults: Fault[] = [];
    if (!SECRET_NAME.test(name)) {
      faults.push(fault(path, "be named in capitals, digits and _", name, "rename it like SECRET_KEY_BASE"));
    }
    if (!used.has(name)) {
      faults.push(
        fault(path, "be used by a service", "no use", "name it in a service's secrets or remove it"),
      );
    }
    if (secret.kind === "composed") return [...faults, ...composedFaults(spec, path, secret)];
    if (secret.kind === "kept")
      return [...faults, ...optionalFaults(path, secret), ...keptFaults(path, secret)];
    if (secret.kind === "turnstile") return faults;
    if (!(Number.isInteger(secret.length) && secret.length >= 32)) {
      faults.push(fault(`${path}.length`, "be a whole number of at least 32", secret.length, "set it to 64"));
    }
    if (!ALPHABETS.includes(secret.alphabet)) {
      const rule = `be one of ${ALPHABETS.join(", ")}`;
      faults.push(fault(`${path}.alphabet`, rule, secret.alphabet, 'write "base64url"'));
    }
    return faults;
  });
}

function composedFaults(spec: SystemSpec, path: string, { template }: ComposedSecret): Fault[] {
  const parts = partsOf(template);
  const at = `${path}.template`;
  if (parts.length === 0)
    return [fault(at, "name a secret in braces", template, 'write it like "{PASSWORD:url}"')];
  return parts.flatMap(({ name, encoding }) => {
    const part = spec.secrets?.[name];
    if (part === undefined) return [fault(at, "name declared secrets", name, `add secrets.${name}`)];
    if (part.kind === "composed")
      return [fault(at, "name secrets that are not composed themselves", name, "name its parts")];
    if (part.kind === "kept" && part.optional === true)
      return [fault(at, "name secrets that every stack has", name, "remove optional from that secret")];
    if (encoding === undefined || encoding === "url") return [];
    return [fault(at, "encode as url, or not at all", encoding, `write {${name}:url} or {${name}}`)];
  });
}

function optionalFaults(path: string, { optional, make, when }: KeptSecret): Fault[] {
  if (optional !== true || (make === undefined && when === undefined)) return [];
  return [fault(`${path}.optional`, "stand without make and when", true, "remove one of them")];
}

function keptFaults(path: string, secret: KeptSecret): Fault[] {
  const bytes = Number(secret.make?.split(":")[1] ?? 32);
  if (!Number.isInteger(bytes) || bytes < 16) {
    return [fault(`${path}.make`, "make at least 16 bytes", secret.make, 'write "hex:64"')];
  }
  const made = secret.make?.startsWith("hex:") ? bytes * 2 : Math.ceil((bytes * 4) / 3);
  if (secret.make === undefined || made >= (secret.minLength ?? 1)) return [];
  return [
    fault(`${path}.make`, `reach minLength ${secret.minLength}`, `${made} characters`, "make more bytes"),
  ];
}
