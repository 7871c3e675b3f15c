import { z } from "zod";

const faultSchema = z
  .strictObject({
    method: z.string().toUpperCase().optional(),
    /** Regular expression that the path (with `/client/v4`, without the query) must match. */
    path: z
      .string()
      .refine((text) => isPattern(text), "must be a regular expression")
      .optional(),
    status: z.number().int().min(200).max(599).optional(),
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    times: z.number().int().min(1).default(1),
    /** Never answered: the client runs into its own time limit. */
    hang: z.boolean().default(false),
    /** Done as asked, but the connection breaks before the answer. */
    loseReply: z.boolean().default(false),
  })
  .refine((fault) => fault.status !== undefined || fault.hang || fault.loseReply, {
    message: "must have a status, hang or loseReply",
  });

export type Fault = z.infer<typeof faultSchema>;

/** Faults to come, in the order in which they were asked for. */
export class Faults {
  private waiting: Fault[] = [];

  /** Adds one from a request's body; a list of what is wrong with it otherwise. */
  add(body: unknown): string[] {
    const parsed = faultSchema.safeParse(body);
    if (parsed.success) this.waiting.push(parsed.data);
    return parsed.error?.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`) ?? [];
  }

  list(): readonly Fault[] {
    return this.waiting;
  }

  clear(): void {
    this.waiting = [];
  }

  /** The fault for this request, used up by one. */
  take(method: string, path: string): Fault | undefined {
    const fault = this.waiting.find(
      (one) =>
        (one.method ?? method) === method && (one.path === undefined || new RegExp(one.path).test(path)),
    );
    if (fault && --fault.times === 0) this.waiting = this.waiting.filter((one) => one !== fault);
    return fault;
  }
}

function isPattern(text: string): boolean {
  try {
    return Boolean(new RegExp(text));
  } catch {
    return false;
  }
}
