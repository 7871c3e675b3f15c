import { looksSecret } from "../../components/lib/faults";
import { interpolate, type Interpolated, type Variables } from "./interpolate";
import { entriesOf, type Ledger, type Path } from "./ledger";
import { isSecretName } from "./secret-values";

/** One place of a compose file, there or not, with the account of what became of it. */
export class Node {
  constructor(
    readonly value: unknown,
    readonly path: Path,
    readonly ledger: Ledger,
    readonly variables: Variables,
  ) {}

  get isThere(): boolean {
    return this.value !== undefined;
  }

  get isList(): boolean {
    return Array.isArray(this.value);
  }

  get isMap(): boolean {
    return typeof this.value === "object" && this.value !== null && !this.isList;
  }

  get isScalar(): boolean {
    return ["string", "number", "boolean"].includes(typeof this.value);
  }

  get(key: string | number): Node {
    const value = entriesOf(this.value).find(([each]) => each === key)?.[1];
    return new Node(value, [...this.path, key], this.ledger, this.variables);
  }

  /** Values with their keys; of a list, with their index. */
  children(): [string, Node][] {
    return entriesOf(this.value).map(([key]) => [String(key), this.get(key)]);
  }

  use(): void {
    if (this.isThere) this.ledger.use(this.path);
  }

  leave(reason: string): void {
    if (this.isThere) this.ledger.leave(this.path, reason);
  }

  /** Homeport does it for every system, or nobody has to do it. */
  spare(reason: string): void {
    if (this.isThere) this.ledger.spare(this.path, reason);
  }

  change(reason: string): void {
    this.ledger.change(this.path, reason);
  }

  /** A scalar's text with its variables filled in, whatever it holds. Accounts for nothing. */
  interpolated(): Interpolated | undefined {
    return this.isScalar ? interpolate(String(this.value), this.variables) : undefined;
  }

  /** A scalar's text as it may be written in plain, accounted for; undefined, and left out, where it may not. */
  plain(): string | undefined {
    if (!this.isThere) return undefined;
    const found = this.interpolated();
    if (found === undefined) {
      this.leave("is not a text here");
      return undefined;
    }
    const lacking = found.asked.filter(({ isSet, hasDefault }) => !isSet && !hasDefault);
    const reason =
      lacking.length > 0
        ? `asks for ${lacking.map(({ name }) => name).join(", ")}, which is not set: give it with --env-file`
        : secretReason(found);
    if (reason === undefined) this.use();
    else this.leave(reason);
    return reason === undefined ? found.text : undefined;
  }

  /** {@link plain}, for what only some texts are; `reason` tells of the others. */
  parsed<T>(parse: (text: string) => T | undefined, reason: string): T | undefined {
    const text = this.plain();
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) this.leave(reason);
    return value;
  }
}

function secretReason({ text, asked }: Interpolated): string | undefined {
  const isSecret = looksSecret(text) || asked.some(({ name }) => isSecretName(name));
  return isSecret ? "holds what looks like a secret: give it as one, in environment" : undefined;
}
