import type { Socket } from "node:net";

const PATIENCE = 10_000; // ms until a silent connection is ended
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;

/**
 * The server name that a connection's first bytes ask for, which stay in the socket to be read again: "" when there
 * is none, undefined when it is no TLS or ends early. Node picks a certificate by name itself, but not the lowest
 * TLS version: that must be known before the handshake.
 */
export function peekServerName(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    const end = (name: string | undefined): void => {
      clearTimeout(timer);
      socket.off("readable", look).off("close", gone).off("error", gone);
      if (bytes.length > 0) socket.unshift(bytes);
      resolve(name);
    };
    const gone = (): void => end(undefined);
    const look = (): void => {
      for (let chunk = read(socket); chunk; chunk = read(socket)) bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length > 0 && bytes[0] !== HANDSHAKE) {
        end(undefined);
        return;
      }
      if (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt16BE(3)) {
        end(serverName(bytes.subarray(5, 5 + bytes.readUInt16BE(3))));
      }
    };
    const timer = setTimeout(gone, PATIENCE);
    socket.on("readable", look).once("close", gone).once("error", gone);
  });
}

function read(socket: Socket): Buffer | null {
  return socket.read() as Buffer | null;
}

/** The name in a ClientHello (RFC 8446, 4.1.2; RFC 6066, 3). */
export function serverName(hello: Buffer): string | undefined {
  if (hello[0] !== CLIENT_HELLO) return undefined;
  try {
    let at = 4 + 2 + 32; // header, version, random
    at += 1 + hello.readUInt8(at); // session id
    at += 2 + hello.readUInt16BE(at); // cipher suites
    at += 1 + hello.readUInt8(at); // compression
    if (at === hello.length) return ""; // no extensions
    const end = at + 2 + hello.readUInt16BE(at);
    for (at += 2; at < end; at += 4 + hello.readUInt16BE(at + 2)) {
      if (hello.readUInt16BE(at) !== SERVER_NAME) continue;
      const length = hello.readUInt16BE(at + 7); // after list length and name type
      return hello.toString("latin1", at + 9, at + 9 + length).toLowerCase();
    }
    return "";
  } catch {
    return undefined; // cut short
  }
}
