import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** True when somebody can be asked: both ends of the conversation are a terminal. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks on the terminal. With `isHidden` nothing that is typed appears. An empty answer is `undefined`. */
export function ask(question: string, isHidden: boolean): Promise<string | undefined> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({
    input: process.stdin,
    output: isHidden ? nowhere : process.stderr,
    terminal: true,
    historySize: 0,
  });
  if (isHidden) process.stderr.write(question);
  return new Promise((resolve) => {
    reader.on("close", () => resolve(undefined));
    reader.question(isHidden ? "" : question, (answer) => {
      if (isHidden) process.stderr.write("\n");
      resolve(answer.trim() === "" ? undefined : answer.trim());
      reader.close();
    });
  });
}

/** The whole of stdin as text. */
export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
