import { isIP } from "node:net";
import { ExpressionError, type Expression, type Index, type Member, type Right } from "./ast";
import { FIELDS, FUNCTIONS, OPERATORS, QUANTIFIERS, type FunctionSpec, type Type } from "./language";
import { regex, wildcard } from "./patterns";

/** Where an expression stands: a filter, a rate limit's counting expression, or a redirect's target. */
export type Use = "filter" | "counting" | "target";

interface Place {
  readonly start: number;
  readonly end: number;
}
type RawRight = Right & Place;
/** What the grammar yields. */
export type Raw = Place &
  (
    | { kind: "string"; value: string }
    | { kind: "number"; value: number }
    | { kind: "field"; name: string; index: Index[] }
    | { kind: "call"; name: string; arguments: Raw[]; index: Index[] }
    | { kind: "compare"; operator: string; left: Raw; right: RawRight }
    | { kind: "in"; left: Raw; set: (Place & Member)[] | (Place & { kind: "list"; name: string }) }
    | { kind: "not"; of: Raw }
    | { kind: "group"; inner: Raw }
    | { kind: "logic"; operator: "and" | "xor" | "or"; all: Raw[] }
  );

interface Typed {
  readonly node: Expression;
  readonly type: Type;
  /** Whether it is a value for each member of a list, as `[*]` makes it. */
  readonly each: boolean;
}

/** Gives the syntax its meaning: known fields and functions, types that fit. Throws ExpressionError at the first fault. */
export class Checker {
  constructor(
    private readonly text: string,
    private readonly use: Use,
  ) {}

  /** An expression that is true or false. */
  condition(raw: Raw): Expression {
    return this.boolean(raw).node;
  }

  /** An expression that is text. */
  target(raw: Raw): Expression {
    const { node, type, each } = this.value(raw);
    if (type !== "string" || each)
      throw this.fault(raw, `expected value of type String, but got ${shown(type)}`);
    return node;
  }

  private boolean(raw: Raw): Typed {
    const typed = this.value(raw);
    if (typed.type !== "boolean") {
      throw this.fault(raw, `expected expression of type Bool, but got ${shown(typed.type)}`);
    }
    if (typed.each) throw this.fault(raw, "expected any(…) or all(…) around a comparison with [*]");
    return typed;
  }

  private value(raw: Raw): Typed {
    switch (raw.kind) {
      case "string":
      case "number":
        return { node: { kind: raw.kind, value: raw.value } as Expression, type: raw.kind, each: false };
      case "group":
        return this.value(raw.inner);
      case "not":
        return truth({ kind: "not", of: this.boolean(raw.of).node });
      case "logic":
        return truth({
          kind: "logic",
          operator: raw.operator,
          all: raw.all.map((one) => this.boolean(one).node),
        });
      case "field":
        return this.field(raw);
      case "call":
        return this.call(raw);
      default:
        return this.comparison(raw);
    }
  }

  private field(raw: Raw & { kind: "field" }): Typed {
    const { name, index } = raw;
    if (name === "true" || name === "false") {
      return truth({ kind: "boolean", value: name === "true" });
    }
    const spec = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (!spec) throw this.fault(raw, "unknown identifier, or a field outside the local cloud's subset");
    if (spec.ofReply && this.use !== "counting") {
      throw this.fault(raw, "response fields are allowed in counting expressions only");
    }
    return { node: { kind: "field", name, index }, ...this.indexed(raw, spec.type) };
  }

  /** What the indexes after a name leave of its type. */
  private indexed(raw: Raw & { kind: "field" }, whole: Type): Pick<Typed, "type" | "each"> {
    let type = whole;
    for (const at of raw.index) {
      const fits = type === "map" ? typeof at === "string" : type === "list" && typeof at !== "string";
      if (!fits) throw this.fault(raw, `cannot access ${shown(type)} by ${JSON.stringify(at)}`);
      type = type === "map" ? "list" : "string";
    }
    return { type, each: raw.index.includes(null) };
  }

  private call(raw: Raw & { kind: "call" }): Typed {
    if (raw.index.length > 0)
      throw this.fault(raw, "an index after a function is outside the local cloud's subset");
    if (QUANTIFIERS.includes(raw.name)) return this.quantifier(raw);
    const spec = Object.hasOwn(FUNCTIONS, raw.name) ? FUNCTIONS[raw.name] : undefined;
    if (!spec) throw this.fault(raw, "unknown function, or one outside the local cloud's subset");
    if (spec.onlyInTargets && this.use !== "target") {
      throw this.fault(raw, `function ${raw.name} is not available in filter expressions`);
    }
    this.count(raw, spec);
    const all = raw.arguments.map((argument, at) =>
      this.argument(argument, spec.takes[at] ?? spec.takes.at(-1) ?? []),
    );
    this.patterns(
      raw,
      all.map(({ node }) => node),
    );
    const each = all.some((one) => one.each);
    return {
      node: { kind: "call", name: raw.name, arguments: all.map(({ node }) => node) },
      type: spec.gives,
      each,
    };
  }

  private quantifier(raw: Raw & { kind: "call" }): Typed {
    const [only, ...more] = raw.arguments;
    if (!only || more.length > 0) throw this.fault(raw, "expected 1 argument");
    const inner = this.value(only);
    if (inner.type !== "boolean" || !inner.each)
      throw this.fault(only, "expected a comparison with [*] on its left");
    return truth({ kind: "call", name: raw.name, arguments: [inner.node] });
  }

  private count(raw: Raw & { kind: "call" }, spec: FunctionSpec): void {
    const { length } = raw.arguments;
    const least = spec.takes.length - (spec.optional ?? 0);
    if (length >= least && (spec.more ?? length <= spec.takes.length)) return;
    throw this.fault(raw, `expected ${spec.more ? `at least ${least}` : least} arguments, but got ${length}`);
  }

  private argument(raw: Raw, types: readonly Type[]): Typed {
    const typed = this.value(raw);
    if (types.includes(typed.type)) return typed;
    throw this.fault(
      raw,
      `expected argument of type ${types.map(shown).join(" or ")}, but got ${shown(typed.type)}`,
    );
  }

  /** Patterns of functions are literals and have to be good ones. */
  private patterns(raw: Raw & { kind: "call" }, all: readonly Expression[]): void {
    if (!["regex_replace", "wildcard_replace"].includes(raw.name)) return;
    const [, pattern, , flags] = all;
    if (pattern?.kind !== "string") throw this.fault(raw, "expected a literal pattern");
    this.pattern(raw, () =>
      raw.name === "regex_replace" ? regex(pattern.value) : wildcard(pattern.value, false),
    );
    if (flags && !(flags.kind === "string" && ["", "s"].includes(flags.value))) {
      throw this.fault(raw, 'expected "s" or nothing as flags');
    }
  }

  private pattern(raw: Place, make: () => RegExp): void {
    try {
      make();
    } catch (error) {
      throw this.fault(raw, `invalid pattern: ${(error as Error).message}`);
    }
  }

  private comparison(raw: Raw & { kind: "compare" | "in" }): Typed {
    const left = this.value(raw.left);
    const operator = raw.kind === "in" ? "in" : raw.operator;
    if (!OPERATORS[left.type].includes(operator)) {
      throw this.fault(raw, `operator ${operator} does not go with type ${shown(left.type)}`);
    }
    if (raw.kind === "compare") {
      const right = this.right(raw.right, left.type);
      if (right.kind === "ip" && right.value.includes("/")) {
        throw this.fault(raw.right, "expected an address; a range goes into in {…}");
      }
      const { value } = right;
      if (operator === "matches") this.pattern(raw.right, () => regex(String(value)));
      if (operator.endsWith("wildcard")) this.pattern(raw.right, () => wildcard(String(value), true));
      return {
        ...truth({ kind: "compare", operator, left: left.node, right } as Expression),
        each: left.each,
      };
    }
    if (!Array.isArray(raw.set))
      throw this.fault(raw.set, "lists of the account are outside the local cloud's subset");
    const set = raw.set.map((member) => this.member(member, left.type));
    return { ...truth({ kind: "in", left: left.node, set }), each: left.each };
  }

  private member(raw: Place & Member, type: Type): Member {
    if (raw.kind !== "range") return this.right(raw, type);
    if (type !== "number") throw this.fault(raw, `expected value of type ${shown(type)}`);
    if (raw.from > raw.to) throw this.fault(raw, "incompatible range bounds");
    return { kind: "range", from: raw.from, to: raw.to };
  }

  private right(raw: RawRight, type: Type): Right {
    if (raw.kind !== type)
      throw this.fault(raw, `expected value of type ${shown(type)}, but got ${shown(raw.kind)}`);
    if (raw.kind === "ip" && !isAddressOrRange(raw.value)) throw this.fault(raw, "invalid IP address");
    return { kind: raw.kind, value: raw.value } as Right;
  }

  private fault({ start, end }: Place, reason: string): ExpressionError {
    return new ExpressionError(this.text, start, end, reason);
  }
}

function isAddressOrRange(text: string): boolean {
  const [address = "", bits] = text.split("/");
  const family = isIP(address);
  return family !== 0 && (bits === undefined || Number(bits) <= (family === 4 ? 32 : 128));
}

function truth(node: Expression): Typed {
  return { node, type: "boolean", each: false };
}

function shown(type: Type): string {
  return { string: "String", number: "Int", boolean: "Bool", ip: "Ip", list: "Array", map: "Map" }[type];
}
