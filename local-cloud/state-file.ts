import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** An account's contents. `save` is called after every change; a kill in between loses one change at most. */
export interface StateStore<State> {
  readonly state: State;
  save(): void;
}

/**
 * State in a file that is replaced as a whole. What an older version did not know comes from `empty`. Readable by its
 * owner alone: it holds private keys (the edge's, and host keys in user-data).
 */
export function stateFile<State extends object>(file: string, empty: State): StateStore<State> {
  const state = existsSync(file) ? { ...empty, ...(JSON.parse(readFileSync(file, "utf8")) as State) } : empty;
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
export function stateInMemory<State>(state: State): StateStore<State> {
  return { state, save: () => undefined };
}
