import { say } from "../output";
import type { PulumiStack } from "../pulumi";

const RESTORE = "homeport:restore";

export interface OneRestore {
  /** RFC 3339. @default what `before` says */
  readonly to?: string;
  /** `homeport:restore` as it is now: `auto`, `none` or a time. */
  readonly before: string;
}

/** The time that a recovery restores to: the one that was given, or what a run that was killed has left in the config. */
export function momentOf({ to, before }: OneRestore): string | undefined {
  return to ?? (before === "auto" || before === "none" ? undefined : before);
}

/**
 * A time in `homeport:restore` is meant for one recovery: the stack's config has it while `work` runs and `auto` again
 * afterwards, however that ends. Otherwise a server that is made anew much later would silently become that old. One that
 * a killed run left there is this run's, openly, unless another one is given.
 */
export async function withOneRestore<T>(
  stack: Pick<PulumiStack, "setConfig">,
  order: OneRestore,
  work: () => Promise<T>,
): Promise<T> {
  const { to, before } = order;
  const moment = momentOf(order);
  if (moment === undefined) return work();
  const after = before === "none" ? before : "auto";
  const set = (value: string): Promise<void> => stack.setConfig({ key: RESTORE, isSecret: false, value });
  if (to === undefined) say(`${RESTORE} is ${moment}: the databases become what they were then`);
  else await set(moment);
  // Ctrl-C reaches pulumi too, which ends in order; this process goes on to put the config right
  const goOn = (): void => undefined;
  process.on("SIGINT", goOn);
  try {
    return await work();
  } finally {
    process.off("SIGINT", goOn);
    await set(after);
    say(`${RESTORE} is ${after} again`);
  }
}
