import { createSchema } from "graphql-yoga";
import type pg from "pg";
import { type Accounts, unauthenticated } from "./accounts.js";
import { keep } from "./files.js";
import type { Settings } from "./settings.js";

export interface Services {
  readonly settings: Settings;
  readonly pool: pg.Pool;
  readonly accounts: Accounts;
}

/** What a request brings: its access token, unread. */
export interface Context {
  readonly bearer?: string;
}

const TYPES = /* GraphQL */ `
  scalar File
  type AuthToken {
    token: String!
    expiresAt: String!
  }
  type LoginToken {
    loginToken: AuthToken!
  }
  type AuthTokenPair {
    accessToken: AuthToken!
    refreshToken: AuthToken!
  }
  type AuthTokens {
    tokens: AuthTokenPair!
  }
  type User {
    id: ID!
    email: String!
  }
  type Company {
    id: ID!
    name: String!
  }
  type Attachment {
    id: ID!
    name: String!
    size: Int!
    url: String!
  }
  type Person {
    id: ID!
    name: String!
    email: String!
    company: Company
    attachments: [Attachment!]!
  }
  type Query {
    currentUser: User!
    people: [Person!]!
    companies: [Company!]!
  }
  type Mutation {
    signUp(email: String!, password: String!): LoginToken!
    challenge(email: String!, password: String!): LoginToken!
    verify(loginToken: String!): AuthTokens!
    renewToken(refreshToken: String!): AuthTokens!
    createCompany(name: String!): Company!
    createPerson(name: String!, email: String!, companyId: ID): Person!
    attach(personId: ID!, file: File!): Attachment!
  }
`;
const PERSON = "id, name, email, company_id AS company";

interface Credentials {
  readonly email: string;
  readonly password: string;
}
interface NewPerson {
  readonly name: string;
  readonly email: string;
  readonly companyId?: string;
}

/** Everything but signing up and in wants an access token. */
export function schema({ settings, pool, accounts }: Services) {
  const user = async ({ bearer }: Context): Promise<string> => {
    if (bearer === undefined) throw unauthenticated();
    return (await accounts.read("ACCESS", bearer)).subject;
  };
  const rows = async (
    context: Context,
    sql: string,
    values: unknown[] = [],
  ): Promise<pg.QueryResultRow[]> => {
    await user(context);
    return (await pool.query(sql, values)).rows;
  };
  const first = async (...asked: Parameters<typeof rows>) => (await rows(...asked))[0];

  return createSchema<Context>({
    typeDefs: TYPES,
    resolvers: {
      Query: {
        currentUser: async (_, __, context) =>
          first(context, "SELECT id, email FROM users WHERE id = $1", [await user(context)]),
        people: (_, __, context) =>
          rows(context, `SELECT ${PERSON} FROM people ORDER BY created_at LIMIT 100`),
        companies: (_, __, context) =>
          rows(context, "SELECT id, name FROM companies ORDER BY created_at LIMIT 100"),
      },
      Person: {
        company: ({ company }, _, context) =>
          first(context, "SELECT id, name FROM companies WHERE id = $1", [company]),
        attachments: ({ id }, _, context) =>
          rows(context, "SELECT id, name, size FROM attachments WHERE person_id = $1 ORDER BY created_at", [
            id,
          ]),
      },
      Attachment: {
        url: async ({ id }: { id: string }) =>
          `${settings.serverUrl}/files/${id}?token=${(await accounts.sign("FILE", id)).token}`,
      },
      Mutation: {
        signUp: async (_, { email, password }: Credentials) => ({
          loginToken: await accounts.signUp(email, password),
        }),
        challenge: async (_, { email, password }: Credentials) => ({
          loginToken: await accounts.challenge(email, password),
        }),
        verify: async (_, { loginToken }: { loginToken: string }) => ({
          tokens: await accounts.exchange(loginToken),
        }),
        renewToken: async (_, { refreshToken }: { refreshToken: string }) => ({
          tokens: await accounts.renew(refreshToken),
        }),
        createCompany: (_, { name }: { name: string }, context) =>
          first(context, "INSERT INTO companies (name) VALUES ($1) RETURNING id, name", [name]),
        createPerson: (_, { name, email, companyId }: NewPerson, context) =>
          first(
            context,
            `INSERT INTO people (name, email, company_id) VALUES ($1, $2, $3) RETURNING ${PERSON}`,
            [name, email, companyId ?? null],
          ),
        attach: async (_, { personId, file }: { personId: string; file: File }, context) => {
          const values = [personId, file.name, file.size];
          const row = await first(
            context,
            "INSERT INTO attachments (person_id, name, size) VALUES ($1, $2, $3) RETURNING id, name, size",
            values,
          );
          await keep(settings.storage, String(row?.id), new Uint8Array(await file.arrayBuffer()));
          return row;
        },
      },
    },
  });
}
