import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import * as dns from "dns-packet";
import { type InternetConfig } from "../config";
import { type Answer, type Reply, resolve } from "./answer";
import { forward } from "./forward";

const PLAIN_UDP = 512; // bytes without EDNS (RFC 1035)
const OUR_UDP = 1232; // bytes: what we announce, the DNS flag day's value
const IDLE = 10_000; // ms that a silent TCP connection is kept
const NXDOMAIN = 3;
const SERVFAIL = 2;

export interface DnsOptions {
  readonly config: () => InternetConfig;
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Of the upstream resolver; default 53. */
  readonly upstreamPort?: number;
}

export interface DnsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts the resolver of the local cloud on UDP and TCP. */
export async function startDns(options: DnsOptions): Promise<DnsServer> {
  const tcp = createServer((socket) => serveTcp(socket, options));
  await new Promise<void>((done, fail) =>
    tcp.once("error", fail).listen(options.port, options.address, done),
  );
  const port = (tcp.address() as { port: number }).port;
  const udp = createSocket("udp4");
  udp.on("message", (query, peer) => {
    void respond(query, "udp", options).then((reply) => reply && udp.send(reply, peer.port, peer.address));
  });
  await new Promise<void>((done, fail) => udp.once("error", fail).bind(port, options.address, () => done()));
  udp.on("error", (error) => console.error(`dns: ${error.message}`));
  return { port, close: () => close(udp, tcp) };
}

async function close(udp: UdpSocket, tcp: Server): Promise<void> {
  await new Promise<void>((done) => udp.close(() => done()));
  await new Promise<void>((done) => tcp.close(() => done()));
}

function serveTcp(socket: Socket, options: DnsOptions): void {
  let pending = Buffer.alloc(0);
  socket.setTimeout(IDLE, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const query = pending.subarray(2, end);
      pending = pending.subarray(end);
      void respond(query, "tcp", options).then((reply) => reply && socket.write(withLength(reply)));
    }
  });
}

function withLength(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** The reply to one message; undefined for what is no query. */
async function respond(
  message: Buffer,
  transport: "udp" | "tcp",
  options: DnsOptions,
): Promise<Buffer | undefined> {
  let query: dns.DecodedPacket;
  try {
    query = dns.decode(message);
  } catch {
    return undefined;
  }
  const question = query.questions?.[0];
  if (query.type !== "query" || !question) return undefined;
  const config = options.config();
  const up = { address: config.upstream, port: options.upstreamPort ?? 53 };
  try {
    const reply = resolve(config, question.name, question.type);
    if (reply.kind === "forward") return await forward(message, transport, up);
    const more = reply.chase ? await chase(reply.chase, question.type, up) : [];
    return encode(query, reply, more, transport);
  } catch {
    return encodePacket(query, { flags: dns.RECURSION_AVAILABLE | SERVFAIL });
  }
}

/** Addresses at the end of a CNAME that leaves our zones, put under the owner's name. */
async function chase(
  link: { readonly name: string; readonly owner: string },
  type: string,
  up: { address: string; port: number },
): Promise<Answer[]> {
  const questions = [{ type: type as dns.RecordType, name: link.name }];
  const query = dns.encode({ type: "query", id: 1, flags: dns.RECURSION_DESIRED, questions });
  const answers = dns.decode(await forward(query, "tcp", up)).answers ?? [];
  return answers
    .filter((answer) => answer.type === type || (answer.type === "CNAME" && link.owner === link.name))
    .map((answer) => {
      const { ttl = 60, data } = answer as { ttl?: number; data: unknown };
      return { name: link.owner === link.name ? answer.name : link.owner, type: answer.type, ttl, data };
    });
}

function encode(
  query: dns.DecodedPacket,
  reply: Extract<Reply, { kind: "answer" }>,
  more: readonly Answer[],
  transport: "udp" | "tcp",
): Buffer {
  const flags = dns.AUTHORITATIVE_ANSWER | dns.RECURSION_AVAILABLE | (reply.nameExists ? 0 : NXDOMAIN);
  const whole = encodePacket(query, {
    flags,
    answers: [...reply.answers, ...more] as dns.Answer[],
    authorities: [...reply.authorities] as dns.Answer[],
  });
  const announced = query.additionals?.find((extra) => extra.type === "OPT");
  const room = Math.max(PLAIN_UDP, announced?.udpPayloadSize ?? PLAIN_UDP);
  if (transport === "tcp" || whole.length <= room) return whole;
  return encodePacket(query, { flags: flags | dns.TRUNCATED_RESPONSE });
}

function encodePacket(query: dns.DecodedPacket, reply: dns.Packet): Buffer {
  const edns = query.additionals?.some((extra) => extra.type === "OPT");
  const opt = {
    type: "OPT",
    name: ".",
    udpPayloadSize: OUR_UDP,
    flags: 0,
    options: [],
  } as unknown as dns.Answer;
  const asked = query.flag_rd ? dns.RECURSION_DESIRED : 0;
  return dns.encode({
    ...reply,
    type: "response",
    id: query.id,
    flags: (reply.flags ?? 0) | asked,
    questions: query.questions,
    additionals: edns ? [opt] : [],
  });
}
