import { z } from "zod";
import { invalidInput, notUnique, type FieldFault } from "./errors";
import { labelFaults } from "./labels";
import type { Resource } from "./types";

/** RFC 1123: what a server may be called. */
const HOSTNAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

export const labels = z.record(z.string(), z.string()).superRefine((value, context) => {
  for (const message of labelFaults(value)) context.addIssue({ code: "custom", message });
});
export const name = z.string().min(1, "must not be empty").max(128, "is too long");
export const hostname = z.string().regex(HOSTNAME, "must be a valid hostname");
export const id = z.int().positive();
/** An id or a name, both of which the API takes as text or number. */
export const idOrName = z.union([z.string().min(1), z.int().positive()], {
  error: "must be an id or a name",
});
export const dnsPtr = z.object({ ip: z.string(), dns_ptr: hostname.nullish() });

const NOUNS: Record<string, string> = {
  string: "string",
  number: "number",
  int: "integer",
  boolean: "boolean",
};

function message(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_type") return issue.message;
  if (issue.input === undefined) return "Missing data for required field.";
  return `Not a valid ${NOUNS[issue.expected] ?? issue.expected}.`;
}

/** The body in the shape of `schema`, or 422 `invalid_input` with every fault. A missing body counts as `{}`. */
export function parse<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const result = schema.safeParse(body ?? {}, { reportInput: true });
  if (result.success) return result.data;
  const fields: FieldFault[] = [];
  for (const issue of result.error.issues) {
    // labels are reported as one field: its keys may hold dots
    const path = issue.path[0] === "labels" ? ["labels"] : issue.path;
    const field = path.join(".");
    const known = fields.find((one) => one.name === field);
    if (known) known.messages.push(message(issue));
    else fields.push({ name: field, messages: [message(issue)] });
  }
  throw invalidInput(fields);
}

/** 409 `uniqueness_error` when another of `items` has the name. */
export function assertUnique(
  items: readonly Resource[],
  noun: string,
  wanted: string,
  self?: Resource,
): void {
  if (items.some((item) => item !== self && item.name === wanted)) {
    throw notUnique("name", `${noun} name is already used`);
  }
}

/** `PUT` of what can only be renamed and labelled. */
export const renaming = z.object({ name: name.optional(), labels: labels.optional() });

export function rename(
  items: readonly Resource[],
  item: Resource,
  noun: string,
  body: unknown,
  schema = renaming,
): void {
  const wanted = parse(schema, body);
  if (wanted.name !== undefined) {
    assertUnique(items, noun, wanted.name, item);
    item.name = wanted.name;
  }
  if (wanted.labels) item.labels = wanted.labels;
}

/** Takes the item out of the list it is in. */
export function drop<T>(items: T[], item: T): void {
  items.splice(items.indexOf(item), 1);
}

/** id and time of creation of a new resource. */
export function stamp(state: { next_id: number }, now: () => Date): { id: number; created: string } {
  return { id: state.next_id++, created: now().toISOString() };
}
