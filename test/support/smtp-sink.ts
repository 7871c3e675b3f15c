import { createServer, type AddressInfo, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { createSecureContext, TLSSocket } from "node:tls";
import type { Identity } from "./certificates";

export interface Mail {
  readonly from: string;
  readonly to: string;
  /** Headers and body, as they came. */
  readonly text: string;
}

export interface SmtpSink {
  readonly port: number;
  readonly mails: readonly Mail[];
  /** Verbs of the commands in the order of their arrival. */
  readonly commands: readonly string[];
  close(): Promise<void>;
}

interface Settings {
  readonly identity: Identity;
  readonly user: string;
  readonly password: string;
  /** `implicit`: TLS from the first byte; `starttls`: offered; `none`: not even that. */
  readonly tls: "implicit" | "starttls" | "none";
  /** Called while a client that has shown its password waits. */
  readonly onLogin?: () => void;
}

interface Session extends Settings {
  readonly mails: Mail[];
  readonly commands: string[];
}

/** Takes mail by submission (RFC 6409, AUTH PLAIN, STARTTLS) from one account, and keeps it. */
export async function startSmtpSink(settings: Settings): Promise<SmtpSink> {
  const session: Session = { ...settings, mails: [], commands: [] };
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    const client = settings.tls === "implicit" ? secured(socket, settings) : socket;
    client.write("220 sink ESMTP\r\n");
    serve(client, session, settings.tls === "implicit");
  });
  await new Promise<void>((done) => server.listen(0, "localhost", done));
  return {
    port: (server.address() as AddressInfo).port,
    mails: session.mails,
    commands: session.commands,
    close: () => new Promise((done) => void server.close(() => done())),
  };
}

function secured(socket: Socket, { identity }: Settings): Socket {
  const client = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(identity) });
  return client.on("error", () => undefined);
}

/** Nobody logs in in the clear, and nobody sends without a login. */
function serve(client: Socket, session: Session, isSecure: boolean): void {
  let [isIn, from, to] = [false, "", ""];
  let isAsked = false;
  let text: string[] | undefined;
  const lines = createInterface({ input: client });
  const say = (answer: string): boolean => client.write(`${answer}\r\n`);
  const answers: Record<string, (rest: string) => void> = {
    EHLO: () => say(`250-sink\r\n${offers(session, isSecure)}250 8BITMIME`),
    STARTTLS: () => {
      say("220 go ahead");
      lines.removeAllListeners("line");
      serve(secured(client, session), session, true);
    },
    AUTH: (rest) => (rest === "PLAIN" ? ((isAsked = true), say("334 ")) : say("504 PLAIN only")),
    MAIL: (rest) => say(isIn ? ((from = addressIn(rest)), "250 ok") : "530 log in first"),
    RCPT: (rest) => ((to = addressIn(rest)), say("250 ok")),
    DATA: () => ((text = []), say("354 go on")),
    QUIT: () => client.end("221 bye\r\n"),
  };
  const logIn = (line: string): void => {
    const { user, password, onLogin } = session;
    isIn = isSecure && line === Buffer.from(`\0${user}\0${password}`).toString("base64");
    isAsked = false;
    onLogin?.();
    say(isIn ? "235 welcome" : "535 no");
  };
  lines.on("line", (line) => {
    if (isAsked) logIn(line);
    else if (text === undefined) {
      const [verb = "", ...rest] = line.split(" ");
      session.commands.push(verb);
      (answers[verb] ?? (() => say("500 what?")))(rest.join(" "));
    } else if (line === ".") {
      session.mails.push({ from, to, text: text.join("\n") });
      text = undefined;
      say("250 kept");
    } else text.push(line.replace(/^\./, ""));
  });
}

function offers({ tls }: Session, isSecure: boolean): string {
  if (isSecure) return "250-AUTH PLAIN\r\n";
  return tls === "starttls" ? "250-STARTTLS\r\n" : "250-AUTH PLAIN\r\n";
}

function addressIn(text: string): string {
  return /<(.*?)>/.exec(text)?.[1] ?? "";
}
