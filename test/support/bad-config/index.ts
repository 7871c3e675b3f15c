import { BACKUP } from "./backup";
import { TOKENS } from "./tokens";
import { SERVERS } from "./server";
import { NETWORKS } from "./network";
import { SSH_KEYS } from "./ssh";
import { SERVICES } from "./services";
import { WORLDS } from "./worlds";
import type { BadConfig } from "./mistakes";

export type { BadConfig } from "./mistakes";

/** Mistakes by the kind of rule that they break. */
export const BAD_CONFIGS: readonly BadConfig[] = [
  ...TOKENS,
  ...SERVERS,
  ...NETWORKS,
  ...SSH_KEYS,
  ...SERVICES,
  ...BACKUP,
  ...WORLDS,
];
