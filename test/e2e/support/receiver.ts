import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Somebody who is told by webhook, on this machine. */
export interface Receiver {
  readonly url: string;
  /** Bodies in the order in which they came. */
  readonly heard: readonly string[];
  readonly close: () => void;
}

export async function startReceiver(): Promise<Receiver> {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      heard.push(Buffer.concat(chunks).toString());
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/alerts`, heard, close: () => server.close() };
}
