import { createSocket } from "node:dgram";
import { connect } from "node:net";

const AGAIN = 1_500; // ms until a datagram is taken for lost and sent once more
const GIVE_UP = 5_000; // ms

/** The upstream's own reply to a whole message, by the transport that the question came in: EDNS passes. */
export function forward(
  message: Buffer,
  transport: "udp" | "tcp",
  upstream: { readonly address: string; readonly port: number },
): Promise<Buffer> {
  if (upstream.address === "") return Promise.reject(new Error("no upstream"));
  return transport === "udp" ? overUdp(message, upstream) : overTcp(message, upstream);
}

function overUdp(message: Buffer, upstream: { address: string; port: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(upstream.address.includes(":") ? "udp6" : "udp4");
    const send = (): void => socket.send(message, upstream.port, upstream.address);
    const again = setTimeout(send, AGAIN);
    const end = (finish: () => void): void => {
      clearTimeout(again);
      clearTimeout(over);
      socket.close();
      finish();
    };
    const over = setTimeout(() => end(() => reject(new Error("no answer from upstream"))), GIVE_UP);
    socket.on("error", (error) => end(() => reject(error)));
    socket.on("message", (reply) => {
      if (reply.readUInt16BE(0) === message.readUInt16BE(0)) end(() => resolve(reply));
    });
    send();
  });
}

function overTcp(message: Buffer, upstream: { address: string; port: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(upstream.port, upstream.address);
    let reply = Buffer.alloc(0);
    socket.setTimeout(GIVE_UP, () => socket.destroy(new Error("no answer from upstream")));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("upstream ended the connection")));
    socket.on("data", (chunk: Buffer) => {
      reply = Buffer.concat([reply, chunk]);
      if (reply.length < 2 || reply.length < 2 + reply.readUInt16BE(0)) return;
      resolve(reply.subarray(2, 2 + reply.readUInt16BE(0)));
      socket.destroy();
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    socket.write(Buffer.concat([length, message]));
  });
}
