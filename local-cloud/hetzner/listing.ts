import type { Answer, Call, Query } from "./context";
import { invalidField, notFound } from "./errors";
import { parseSelector } from "./labels";
import type { Labels } from "./types";

const DEFAULT_PER_PAGE = 25;
/** "The maximum value is 50"; a larger one is cut down to it. */
const MAX_PER_PAGE = 50;

export interface ListOptions<T> {
  /** Fields that `sort` takes, each also with `:asc` and `:desc`. */
  readonly sort?: readonly (keyof T & string)[];
  /** Query parameters that must equal the field of the same name; a repeated one means "any of these". */
  readonly filters?: readonly (keyof T & string)[];
  /** The API's object of a kept one. */
  readonly view?: (item: T) => unknown;
}

/** Every value of a query parameter: none, one or several. */
export function values(query: Query, name: string): string[] {
  const value = query[name];
  return value === undefined ? [] : [value].flat();
}

function positive(query: Query, name: string, fallback: number): number {
  const text = values(query, name)[0];
  if (text === undefined) return fallback;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw invalidField(name, "must be a positive integer");
  return Number(text);
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

function sorted<T>(items: T[], query: Query, allowed: readonly (keyof T & string)[]): T[] {
  const orders = values(query, "sort").map((text) => {
    const [field, direction = "asc"] = text.split(":");
    const name = allowed.find((one) => one === field);
    if (name === undefined || !["asc", "desc"].includes(direction)) throw invalidField("sort", "is invalid");
    return { name, sign: direction === "asc" ? 1 : -1 };
  });
  return [...items].sort((a, b) => {
    for (const { name, sign } of orders) {
      const order = compare(a[name], b[name]) * sign;
      if (order !== 0) return order;
    }
    return 0;
  });
}

function filtered<T extends object>(items: T[], query: Query, filters: readonly (keyof T & string)[]): T[] {
  let left = items;
  for (const name of filters) {
    const wanted = values(query, name);
    if (wanted.length > 0) left = left.filter((item) => wanted.includes(String(item[name])));
  }
  const [selector] = values(query, "label_selector");
  if (!selector) return left;
  const matches = parseSelector(selector);
  if (!matches) throw invalidField("label_selector", "is invalid");
  return left.filter((item) => "labels" in item && matches(item.labels as Labels));
}

function links(call: Call, perPage: number, pages: Record<string, number | null>): Record<string, string> {
  const parts = Object.entries(pages).flatMap(([rel, page]) => {
    if (page === null) return [];
    const query = new URLSearchParams();
    for (const name of Object.keys(call.query)) {
      for (const value of values(call.query, name)) query.append(name, value);
    }
    query.set("page", String(page));
    query.set("per_page", String(perPage));
    return [`<${call.url}?${query.toString()}>; rel="${rel}"`];
  });
  return parts.length > 0 ? { Link: parts.join(", ") } : {};
}

/** A page of `items` under `key`, with `meta.pagination`, filtered and sorted as the query says. */
export function list<T extends object>(
  call: Call,
  key: string,
  items: T[],
  options: ListOptions<T> = {},
): Answer {
  const page = positive(call.query, "page", 1);
  const perPage = Math.min(positive(call.query, "per_page", DEFAULT_PER_PAGE), MAX_PER_PAGE);
  const all = sorted(filtered(items, call.query, options.filters ?? []), call.query, options.sort ?? []);
  const shown = all.slice((page - 1) * perPage, page * perPage);
  const last = Math.max(1, Math.ceil(all.length / perPage));
  const previous = page > 1 ? page - 1 : null;
  const next = page < last ? page + 1 : null;
  const pagination = {
    page,
    per_page: perPage,
    previous_page: previous,
    next_page: next,
    last_page: last,
    total_entries: all.length,
  };
  return {
    status: 200,
    body: { [key]: options.view ? shown.map(options.view) : shown, meta: { pagination } },
    headers: links(call, perPage, { prev: previous, next, last }),
  };
}

/** The item with the id of a path or body; throws 404 `not_found`. */
export function byId<T extends { id: number }>(items: readonly T[], id: string | number, noun: string): T {
  const found = items.find((item) => String(item.id) === String(id));
  if (!found) throw notFound(noun);
  return found;
}

/** The item with this id or name, as bodies give locations, types and images. */
export function byIdOrName<T extends { id: number; name: string | null }>(
  items: readonly T[],
  key: string | number,
): T | undefined {
  return items.find((item) => String(item.id) === String(key)) ?? items.find((item) => item.name === key);
}
