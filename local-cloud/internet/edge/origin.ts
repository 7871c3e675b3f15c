import { connect, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { EdgeFailure, type FailureCode } from "./failure";

export interface OriginTarget {
  /** IP address or name. */
  readonly address: string;
  readonly port: number;
  /** Milliseconds for TCP, and again for TLS. */
  readonly timeout: number;
  /** Absent for plain HTTP. */
  readonly tls?: {
    /** Name for SNI, and the one that the certificate must have. */
    readonly name: string;
    /** PEM bundle. */
    readonly trust: string;
    /** Whether a certificate that `trust` doesn't vouch for ends it: strict modes. */
    readonly verify: boolean;
  };
}

/**
 * A new connection to the origin, ready for a request. Never a kept one and never a resumed session: the origin's
 * certificate is looked at for each request, so one that was exchanged is noticed by the next.
 */
export async function openOrigin(target: OriginTarget): Promise<Socket> {
  const tcp = await openTcp(target);
  return target.tls ? openTls(tcp, target, target.tls) : tcp;
}

const TCP_FAILURES: Readonly<Record<string, FailureCode>> = {
  ECONNREFUSED: 521,
  ECONNRESET: 521,
  ETIMEDOUT: 522,
  EHOSTUNREACH: 523,
  ENETUNREACH: 523,
  ENOTFOUND: 1016,
  EAI_AGAIN: 1016,
};

function openTcp(target: OriginTarget): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.address, port: target.port, noDelay: true });
    const fail = (code: FailureCode, reason: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new EdgeFailure(code, reason));
    };
    const late = (): void =>
      fail(522, `${target.address}:${target.port} took no connection in ${target.timeout} ms`);
    const timer = setTimeout(late, target.timeout);
    socket.once("error", (error: NodeJS.ErrnoException) =>
      fail(TCP_FAILURES[error.code ?? ""] ?? 521, error.message),
    );
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      socket.on("error", () => socket.destroy()); // whoever uses it hears of it by "close"
      resolve(socket);
    });
  });
}

function openTls(
  tcp: Socket,
  target: OriginTarget,
  tls: NonNullable<OriginTarget["tls"]>,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      socket: tcp,
      servername: tls.name,
      ca: tls.trust,
      rejectUnauthorized: false, // looked at below: what is wrong decides the answer
      ALPNProtocols: ["http/1.1"],
      minVersion: "TLSv1",
    });
    const fail = (code: FailureCode, reason: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new EdgeFailure(code, reason));
    };
    const timer = setTimeout(() => fail(525, `no TLS handshake in ${target.timeout} ms`), target.timeout);
    socket.on("error", (error) => fail(525, String(error)));
    socket.once("close", () => fail(525, "the origin ended the TLS handshake"));
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      if (tls.verify && !socket.authorized) {
        fail(526, String(socket.authorizationError));
        return;
      }
      resolve(socket);
    });
  });
}
