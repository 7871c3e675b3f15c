import { randomBytes, randomUUID, scrypt as derive, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { GraphQLError } from "graphql";
import { jwtVerify, SignJWT } from "jose";
import type pg from "pg";
import type { RedisClientType } from "redis";
import type { Settings, SIGNING_KEYS } from "./settings.js";

const scrypt = promisify<string, Buffer, number, Buffer>(derive);
const MINUTES = { ACCESS: 30, LOGIN: 15, REFRESH: 60 * 24 * 60, FILE: 60 } as const;
type Kind = keyof typeof MINUTES;

interface AuthToken {
  readonly token: string;
  readonly expiresAt: string;
}
interface Pair {
  readonly accessToken: AuthToken;
  readonly refreshToken: AuthToken;
}

/** Users, and the tokens that stand for them; refresh tokens are known to redis and work once. */
export class Accounts {
  constructor(
    private readonly pool: pg.Pool,
    private readonly redis: RedisClientType,
    private readonly keys: Settings["keys"],
  ) {}

  /** Makes the administrator, or gives it this password. */
  async seed({ email, password }: NonNullable<Settings["admin"]>): Promise<void> {
    const digest = await this.digest(password);
    const known = await this.pool.query<{ digest: string }>("SELECT digest FROM users WHERE email = $1", [
      email,
    ]);
    if (known.rows[0] && (await this.matches(known.rows[0].digest, password))) return;
    await this.pool.query(
      "INSERT INTO users (email, digest) VALUES ($1, $2) ON CONFLICT (email) DO UPDATE SET digest = $2",
      [email, digest],
    );
  }

  /** The first user of a new system; nobody after that. */
  async signUp(email: string, password: string): Promise<AuthToken> {
    if (!/^\S+@\S+$/.test(email) || password.length < 8) {
      throw new GraphQLError("email and password: must be an address and at least 8 characters");
    }
    const { rows } = await this.pool.query<{ id: string }>(
      "INSERT INTO users (email, digest) SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM users) RETURNING id",
      [email.toLowerCase(), await this.digest(password)],
    );
    if (!rows[0]) throw forbidden();
    return this.sign("LOGIN", rows[0].id);
  }

  async challenge(email: string, password: string): Promise<AuthToken> {
    const { rows } = await this.pool.query<{ id: string; digest: string }>(
      "SELECT id, digest FROM users WHERE email = $1",
      [email.toLowerCase()],
    );
    // a digest is compared for an unknown address, too: both take as long
    const holds = await this.matches(rows[0]?.digest ?? NOBODY, password);
    if (!rows[0] || !holds) throw new GraphQLError("wrong email or password", code("UNAUTHENTICATED"));
    return this.sign("LOGIN", rows[0].id);
  }

  async exchange(loginToken: string): Promise<Pair> {
    return this.pair((await this.read("LOGIN", loginToken)).subject);
  }

  async renew(refreshToken: string): Promise<Pair> {
    const { subject, id } = await this.read("REFRESH", refreshToken);
    if ((await this.redis.del(`refresh:${id}`)) !== 1) throw unauthenticated();
    return this.pair(subject);
  }

  async sign(kind: Kind, subject: string, id: string = randomUUID()): Promise<AuthToken> {
    const expires = Math.floor(Date.now() / 1000) + MINUTES[kind] * 60;
    const jwt = new SignJWT().setProtectedHeader({ alg: "HS256" }).setSubject(subject).setJti(id);
    const token = await jwt.setExpirationTime(expires).sign(this.key(kind));
    return { token, expiresAt: new Date(expires * 1000).toISOString() };
  }

  /** @throws GraphQLError UNAUTHENTICATED for a token that is not of this kind, or expired. */
  async read(kind: Kind, token: string): Promise<{ readonly subject: string; readonly id: string }> {
    const verified = await jwtVerify(token, this.key(kind), { algorithms: ["HS256"] }).catch(() => undefined);
    const { sub, jti } = verified?.payload ?? {};
    if (sub === undefined || jti === undefined) throw unauthenticated();
    return { subject: sub, id: jti };
  }

  private async pair(user: string): Promise<Pair> {
    const id = randomUUID();
    await this.redis.set(`refresh:${id}`, user, { expiration: { type: "EX", value: MINUTES.REFRESH * 60 } });
    return {
      accessToken: await this.sign("ACCESS", user),
      refreshToken: await this.sign("REFRESH", user, id),
    };
  }

  private key(kind: Kind): Uint8Array {
    const name: (typeof SIGNING_KEYS)[number] = `${kind}_TOKEN_SECRET`;
    return new TextEncoder().encode(this.keys[name]);
  }

  private async digest(password: string, salt = randomBytes(16)): Promise<string> {
    const pepper = `${this.keys.APP_SECRET}\0${password}`;
    return `${salt.toString("base64")}$${(await scrypt(pepper, salt, 32)).toString("base64")}`;
  }

  private async matches(digest: string, password: string): Promise<boolean> {
    const again = await this.digest(password, Buffer.from(digest.split("$")[0] ?? "", "base64"));
    return again.length === digest.length && timingSafeEqual(Buffer.from(again), Buffer.from(digest));
  }
}

const NOBODY = `${Buffer.alloc(16).toString("base64")}$${Buffer.alloc(32).toString("base64")}`;
const code = (value: string) => ({ extensions: { code: value } });

/** Nobody, or nobody any more. */
export function unauthenticated(): GraphQLError {
  return new GraphQLError("unauthenticated", code("UNAUTHENTICATED"));
}

function forbidden(): GraphQLError {
  return new GraphQLError("sign-up is closed: there is a user", code("FORBIDDEN"));
}
