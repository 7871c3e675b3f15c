import { stateFile, stateInMemory, type StateStore } from "../state-file";
import type { State } from "./types";

/** The account's contents. */
export type Store = StateStore<State>;

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

/** The account in its file. */
export function fileStore(file: string): Store {
  return stateFile(file, emptyState());
}

/** An account that ends with the process, for tests. */
export function memoryStore(): Store {
  return stateInMemory(emptyState());
}
