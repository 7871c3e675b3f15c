import type { SystemCheckSpec } from "homeport/system";

/** What the unit has to say when its inventory is not there; each answer has a cause of its own. */
function inventoryFix(unit: string): string {
  const causes =
    "401 is another token, 403 none at all, 404 routes or proxy, 500 migrations or SECRET_KEY_BASE";
  return `homeport logs ${unit}: ${causes}`;
}

function railsChecks(site: string, unit: string, list: string, token: string): SystemCheckSpec[] {
  return [
    {
      id: "S2-14",
      title: `${site}: the inventory is JSON, for whoever knows the token`,
      request: { site, path: `/api/inventory/{${token}:url}` },
      answer: { status: 200, json: { application: list } },
      fix: inventoryFix(unit),
    },
    {
      id: "S2-14",
      title: `${site}: another token is told that it is invalid`,
      request: { site, path: "/api/inventory/another" },
      answer: { status: 401, json: { error: "Invalid API token" } },
      fix: inventoryFix(unit),
    },
    {
      id: "S2-15",
      title: `${site}: a stranger is sent to the login`,
      request: { site, path: `/${list}` },
      answer: { status: 302, headers: { Location: `https://${site}.{domain}/login` } },
    },
    {
      id: "S2-16",
      title: `${site}: the login is a page`,
      request: { site, path: "/login" },
      answer: { status: 200, contains: 'name="authenticity_token"' },
    },
  ];
}

/** What `homeport verify` proves of the hosting manager and its applications beside the general checks. */
export const checks: readonly SystemCheckSpec[] = [
  {
    id: "S2-10",
    title: "the board can be read",
    request: { path: "/api/v1/kanban/health" },
    answer: { status: 200, json: { status: "ok" } },
  },
  {
    id: "S2-16",
    title: "the administrator can sign in",
    request: {
      path: "/api/v1/auth/login",
      method: "POST",
      body: '{"username":"admin","password":"{HMS_ADMIN_PASSWORD}"}',
    },
    answer: { status: 200, json: { token_type: "bearer" } },
  },
  {
    id: "S2-26",
    title: "a program with the token is let in",
    request: { path: "/api/v1/kanban/cards", bearer: "HMS_API_TOKEN" },
    answer: { status: 200 },
  },
  {
    id: "S2-26",
    title: "a stranger is not",
    request: { path: "/api/v1/kanban/cards" },
    answer: { status: 401 },
  },
  ...railsChecks("cigars", "cigar-management-system", "cigars", "CIGAR_API_TOKEN"),
  ...railsChecks("tobacco", "tobacco-management-system", "locations", "TOBACCO_API_TOKEN"),
];
