declare global {
  interface Window {
    readonly environment: { readonly REACT_APP_SERVER_BASE_URL: string };
  }
}

let access = "";

/** Asks the server; an error of GraphQL is thrown with its message. */
export async function ask<T>(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<T> {
  const answer = await fetch(`${window.environment.REACT_APP_SERVER_BASE_URL}/graphql`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(access && { Authorization: `Bearer ${access}` }) },
    body: JSON.stringify({ query, variables }),
  });
  if (!answer.ok) throw new Error(`no answer (${answer.status})`);
  const { data, errors } = (await answer.json()) as { data: T; errors?: { message: string }[] };
  if (errors?.[0]) throw new Error(errors[0].message);
  return data;
}

/** Signs in as two steps, as the server has them. */
export async function signIn(email: string, password: string): Promise<void> {
  const { challenge } = await ask<{ challenge: { loginToken: { token: string } } }>(
    "mutation ($email: String!, $password: String!) { challenge(email: $email, password: $password) { loginToken { token } } }",
    { email, password },
  );
  const { verify } = await ask<{ verify: { tokens: { accessToken: { token: string } } } }>(
    "mutation ($token: String!) { verify(loginToken: $token) { tokens { accessToken { token } } } }",
    { token: challenge.loginToken.token },
  );
  access = verify.tokens.accessToken.token;
}
