import { visitor } from "./cloud";

/** Asks a page some ten times a second while `work` runs; gives the count of every answer by status. */
export async function askWhile<T>(
  url: string,
  work: () => Promise<T>,
): Promise<{ result: T; answers: Record<string, number> }> {
  const answers: Record<string, number> = {};
  let running = true;
  const ask = async (): Promise<void> => {
    while (running) {
      const loop = `for i in $(seq 40); do curl -sS -o /dev/null -w '%{http_code}\\n' -m 20 ${url}; sleep 0.1; done`;
      const { stdout } = await visitor("sh", "-c", loop);
      for (const code of stdout.split("\n").filter(Boolean)) answers[code] = (answers[code] ?? 0) + 1;
    }
  };
  const asking = ask();
  try {
    return { result: await work(), answers };
  } finally {
    running = false;
    await asking;
  }
}
