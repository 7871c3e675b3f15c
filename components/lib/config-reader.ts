import type { z } from "zod";
import { keyOf, type ConfigKeyName } from "./config-keys";
import { hidden, show, type Fault } from "./faults";

/** Everything that decides what a stack's config means. */
export interface ConfigInput {
  /** As `pulumi.runtime.allConfig()` gives it: lists and objects are JSON text. */
  readonly raw: Readonly<Record<string, string>>;
  /** Keys that are encrypted in the stack's file. */
  readonly secretKeys: ReadonlySet<string>;
  readonly stack: string;
  /** The environment, for the variables that the providers read too. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

const PLACEHOLDERS =
  /^(change[-_ ]?me.*|replace[-_ ]?me.*|x{3,}|\*{3,}|\.{3,}|todo.*|tbd|fixme|<.*>|\[.*\]|\{\{.*\}\}|\$\{.*\}|your[-_ ].*|example.*|dummy|placeholder|none|null|undefined|secret|password|test)$/i;
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** Shorter ones would hide half of every message and are refused by most rules anyway. */
const SHORTEST_SECRET = 4;

/** True for text that stands for a value still to be given. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDERS.test(text.trim()) || /^(.)\1*$/.test(text);
}

/** True for control characters, line breaks included. */
export function hasControl(text: string): boolean {
  return CONTROL.test(text);
}

/** Reads config keys and collects faults; nothing that it writes shows a secret. */
export class ConfigReader {
  readonly faults: Fault[] = [];
  private readonly secrets: readonly string[];

  constructor(private readonly input: ConfigInput) {
    this.secrets = secretTexts(input);
  }

  /** A plain value, or its key's default; a missing one without a default is a fault. */
  text(key: ConfigKeyName): string | undefined {
    const value = this.optional(key) ?? keyOf(key).default;
    if (value === undefined) {
      this.missing(key);
      return undefined;
    }
    if (hasControl(value.replace(/\n$/, ""))) {
      this.fault(key, "hold no control characters or line breaks", value);
      return undefined;
    }
    if (isPlaceholder(value) && keyOf(key).default !== value) {
      this.fault(key, "be a real value, not a placeholder", value);
      return undefined;
    }
    return value;
  }

  /** The value as it stands, or `undefined` when it is absent or empty, as Pulumi.yaml's defaults are. */
  optional(key: string): string | undefined {
    const value = this.input.raw[key];
    return value === undefined || ["", "{}", "[]"].includes(value) ? undefined : value;
  }

  /** A secret's value when it is given, encrypted and no placeholder; `undefined` and a fault otherwise. */
  secret(key: ConfigKeyName): string | undefined {
    const value = this.optional(key);
    if (value === undefined) {
      this.missing(key);
      return undefined;
    }
    const faults = this.faults.length;
    if (!this.input.secretKeys.has(key)) {
      this.secretFault(
        key,
        "be encrypted",
        "plain text",
        `${this.setCommand(key)}, and make a new one: this one is known`,
      );
    }
    if (isPlaceholder(value)) this.secretFault(key, "be a real value, not a placeholder", hidden(value));
    return this.faults.length === faults ? value : undefined;
  }

  /** A list or object, checked by `schema`; absent reads as `undefined`. */
  structure<T>(key: ConfigKeyName, schema: z.ZodType<T>, rule: string): T | undefined {
    const text = this.optional(key);
    if (text === undefined) return undefined;
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) {
      const path = issue.path.map((part) =>
        typeof part === "number" ? `[${part}]` : `.${show(String(part), this.secrets)}`,
      );
      const got = keyOf(key).secret
        ? "[hidden]"
        : issue.path.length > 0
          ? "another type"
          : show(text, this.secrets);
      this.faults.push({ path: `${key}${path.join("")}`, rule, got, fix: this.fixOf(key) });
    }
    return undefined;
  }

  /** A fault of a plain value; the value is hidden when it looks like a secret. */
  fault(key: ConfigKeyName, rule: string, got: unknown, fix?: string): void {
    this.faultAt(key, rule, got, fix ?? this.fixOf(key));
  }

  /** The same for a place inside a key. */
  faultAt(path: string, rule: string, got: unknown, fix: string): void {
    this.faults.push({ path, rule, got: show(got, this.secrets), fix });
  }

  /** A fault told in words that hold no value. */
  describe(path: string, rule: string, got: string, fix: string): void {
    this.faults.push({ path, rule, got, fix });
  }

  /** A fault of a secret: `got` is a description, never the value. */
  secretFault(key: ConfigKeyName, rule: string, got: string, fix?: string): void {
    this.faults.push({ path: key, rule, got, fix: fix ?? this.fixOf(key) });
  }

  /** The command that sets a key to its example; of a secret without a value, so that Pulumi asks for it. */
  setCommand(key: ConfigKeyName): string {
    const { secret, element, example } = keyOf(key);
    if (element !== undefined) {
      const command = this.pathCommand(`${key}${element}`, example ?? "VALUE");
      return `pulumi config rm ${key} --stack ${this.input.stack} && ${command}`;
    }
    return secret
      ? `pulumi config set --secret ${key} --stack ${this.input.stack}`
      : `pulumi config set ${key} ${example ?? "VALUE"} --stack ${this.input.stack}`;
  }

  /** The command that sets one place inside a list or object. Quoted, because zsh expands brackets. */
  pathCommand(path: string, example: string, secret = false): string {
    const flags = secret ? "--secret --path" : "--path";
    return `pulumi config set ${flags} '${path}'${example === "" ? "" : ` ${example}`} --stack ${this.input.stack}`;
  }

  /** A name or value from config as a path may show it. */
  shown(text: string): string {
    return show(text, this.secrets);
  }

  /** The command that makes the keys and secrets that can be made. */
  initCommand(): string {
    return `npx homeport init --stack ${this.input.stack}`;
  }

  removeCommand(path: string): string {
    return `pulumi config rm --path '${path}' --stack ${this.input.stack}`;
  }

  private missing(key: ConfigKeyName): void {
    this.faults.push({ path: key, rule: "be set", got: "nothing", fix: this.fixOf(key) });
  }

  private fixOf(key: ConfigKeyName): string {
    const { fix } = keyOf(key);
    return fix === undefined ? this.setCommand(key) : `${fix} --stack ${this.input.stack}`;
  }
}

/** Parsed JSON, or the text itself: the schema then says what it should have been. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Every secret text, so that one pasted into a plain key as well is not shown from there. */
function secretTexts(input: ConfigInput): string[] {
  const values = [...input.secretKeys].flatMap((key) => {
    const value = input.raw[key] ?? "";
    const nested = Object.values(asRecord(parseJson(value))).map(String);
    return nested.length > 0 ? nested : [value];
  });
  return [...values, input.env.HCLOUD_TOKEN ?? "", input.env.CLOUDFLARE_API_TOKEN ?? ""]
    .map((text) => text.trim())
    .filter((text) => text.length >= SHORTEST_SECRET);
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
