import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import { edgeHeaders, type Visitor } from "./headers";
import type { RawConnection } from "./proxy";

/** Bytes both ways once the origin has agreed (WebSocket). */
export function onUpgrade(
  outgoing: ClientRequest,
  response: ServerResponse,
  raw: RawConnection,
  visitor: Visitor,
): void {
  const { socket, head } = raw;
  outgoing.once("upgrade", (reply, origin, first) => {
    response.detachSocket(socket);
    const kept = [...edgeLines(reply, visitor)].map((line) => `${line}\r\n`).join("");
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${kept}\r\n`);
    socket.write(first);
    origin.write(head);
    pipeline(socket, origin, () => origin.destroy());
    pipeline(origin, socket, () => socket.destroy());
  });
}

function* edgeLines(reply: IncomingMessage, visitor: Visitor): Generator<string> {
  for (let index = 0; index < reply.rawHeaders.length; index += 2) {
    const name = reply.rawHeaders[index] ?? "";
    if (name.toLowerCase() !== "server") yield `${name}: ${reply.rawHeaders[index + 1] ?? ""}`;
  }
  for (const [name, value] of Object.entries(edgeHeaders(visitor.ray))) yield `${name}: ${String(value)}`;
}
