/** Receives one line for the user, without a newline. */
export type Report = (line: string) => void;

const EVERY_MS = 5_000;

/**
 * Runs one long step: says that it starts, then every few seconds how long it has been at it, and how long it
 * took. `work` may tell what it is doing just now.
 */
export async function step<T>(
  report: Report,
  title: string,
  work: (doing: (what: string) => void) => Promise<T>,
): Promise<T> {
  const started = Date.now();
  const elapsed = (): string => `${Math.round((Date.now() - started) / 1000)} s`;
  let now = "";
  report(title);
  const timer = setInterval(() => report(`${title}: ${elapsed()}${now && `, ${now}`}`), EVERY_MS);
  try {
    const result = await work((what) => (now = what));
    report(`${title}: done in ${elapsed()}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
