import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { State } from "./types";

/** The account's contents. `save` is called after every change; a kill in between loses one change at most. */
export interface Store {
  readonly state: State;
  save(): void;
}

/** An account with nothing in it. */
export function emptyState(): State {
  return {
    next_id: 100_000_001,
    next_address: 10,
    actions: [],
    ssh_keys: [],
    primary_ips: [],
    firewalls: [],
    servers: [],
    images: [],
    networks: [],
    volumes: [],
    placement_groups: [],
  };
}

/** State in a file that is replaced as a whole. Readable by its owner alone: user data may hold host keys. */
export function fileStore(file: string): Store {
  const state = emptyState();
  if (existsSync(file)) Object.assign(state, JSON.parse(readFileSync(file, "utf8")) as State);
  return {
    state,
    save() {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.new`, JSON.stringify(state, null, 1) + "\n", { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
  };
}

/** State that ends with the process, for tests. */
export function memoryStore(): Store {
  return { state: emptyState(), save: () => undefined };
}
