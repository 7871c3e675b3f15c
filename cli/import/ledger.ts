export type Path = readonly (string | number)[];

/** Something of a compose file that the system does not have, has in another way, or has without being told. */
export interface Remark {
  readonly path: string;
  readonly kind: "left out" | "changed" | "not needed";
  readonly reason: string;
}

/** `services.web.ports[0]`, with quotes around what is no plain word. */
export function formatPath(path: Path): string {
  const parts = path.map((part, at) => {
    if (typeof part === "number") return `[${part}]`;
    if (!/^[\w-]+$/.test(part)) return `[${JSON.stringify(part)}]`;
    return at === 0 ? part : `.${part}`;
  });
  return parts.join("");
}

/** Keeps account of every key and value of a compose file, so that none is lost in silence. */
export class Ledger {
  private readonly settled = new Set<string>();
  private readonly touched = new Set<string>();
  private readonly made: { readonly path: Path; readonly remark: Remark }[] = [];

  /** It, and all below it, is in the system now. */
  use(path: Path): void {
    this.settled.add(JSON.stringify(path));
    for (let length = path.length; length > 0; length -= 1)
      this.touched.add(JSON.stringify(path.slice(0, length)));
  }

  leave(path: Path, reason: string): void {
    this.use(path);
    this.remark(path, "left out", reason);
  }

  spare(path: Path, reason: string): void {
    this.use(path);
    this.remark(path, "not needed", reason);
  }

  change(path: Path, reason: string): void {
    this.remark(path, "changed", reason);
  }

  /**
   * Every remark, those about what nobody asked for included, in the file's order. What is left out as a whole is told
   * once, by its own path.
   */
  remarks(document: unknown, reasonOf: (path: Path) => string): Remark[] {
    this.walk([], document, reasonOf);
    const order = new Map<string, number>();
    number([], document, order);
    const place = (path: Path): number => order.get(JSON.stringify(path)) ?? 0;
    return [...this.made].sort((a, b) => place(a.path) - place(b.path)).map(({ remark }) => remark);
  }

  private remark(path: Path, kind: Remark["kind"], reason: string): void {
    const remark = { path: formatPath(path), kind, reason };
    if (this.made.some((each) => JSON.stringify(each.remark) === JSON.stringify(remark))) return;
    this.made.push({ path, remark });
  }

  private walk(path: Path, value: unknown, reasonOf: (path: Path) => string): void {
    const key = JSON.stringify(path);
    if (this.settled.has(key)) return;
    if (path.length > 0 && !this.touched.has(key)) return this.leave(path, reasonOf(path));
    for (const [part, inner] of entriesOf(value)) {
      if (String(part).startsWith("x-") && path.at(-1) !== "services")
        this.spare(
          [...path, part],
          "Compose itself does not read it; what is merged from it is carried over",
        );
      else this.walk([...path, part], inner, reasonOf);
    }
  }
}

function number(path: Path, value: unknown, order: Map<string, number>): void {
  order.set(JSON.stringify(path), order.size);
  for (const [part, inner] of entriesOf(value)) number([...path, part], inner, order);
}

/** Keys and values of a map, or indexes and items of a list. */
export function entriesOf(value: unknown): [string | number, unknown][] {
  if (Array.isArray(value)) return value.map((item, at): [number, unknown] => [at, item]);
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}
