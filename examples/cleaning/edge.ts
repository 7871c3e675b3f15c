import type { EdgeSpec, SystemCheckSpec } from "homeport/system";

const WEBHOOKS = '{"/v1/payments/stripe/webhook" "/stripe/webhook"}';
const OFFICE = "ip.src in {adminCidrs}";

/** What Cloudflare does before the server sees a request. The rules fit a free zone; monitors want Pro. */
export const edge: EdgeSpec = {
  rules: [
    {
      // by itself: neither a later rule nor a limit stops a payment
      description: "Stripe's webhook",
      expression: `http.request.uri.path in ${WEBHOOKS}`,
      action: "skip",
    },
    {
      description: "admin paths are for the office",
      expression: `starts_with(lower(http.request.uri.path), "/v1/admin") and not ${OFFICE}`,
      action: "block",
    },
  ],
  rateLimits: [
    {
      // one for all of them, by the path alone: that is what a free zone has
      description: "public endpoints",
      expression: 'starts_with(http.request.uri.path, "/v1/") or http.request.uri.path eq "/stripe/webhook"',
      requests: 40,
    },
  ],
  turnstile: {},
  monitors: {
    alive: { hostname: "api", path: "/healthz", expectedBody: '"ok"' },
    ready: { hostname: "api", path: "/readyz" },
    backup: { hostname: "api", path: "/healthz/backup" },
  },
  notify: { emails: ["ops@{domain}"], webhook: "ALERT_WEBHOOK_URL" },
};

/** What Turnstile says of the API's secret and of a token that it never gave: it knows the one, not the other. */
const ASK_TURNSTILE = [
  "import httpx; from cleaning.settings import settings; s = settings()",
  'form = {"secret": s.turnstile_secret_key, "response": "never given"}',
  'print(httpx.post(s.turnstile_verify_url, data=form, timeout=10).json()["error-codes"])',
].join("; ");
const ORDERS = { site: "api", path: "/v1/orders", method: "POST" } as const;

/** What proves it, as far as whoever runs `homeport verify` is no stranger. */
export const edgeChecks: readonly SystemCheckSpec[] = [
  ...["/v1/payments/stripe/webhook", "/stripe/webhook"].map((path) => ({
    id: "S3-15",
    title: `Stripe reaches ${path}`,
    request: { site: "api", path },
    answer: { status: 200 },
    fix: "homeport drift, for the edge's rules; 503 means that DEPOSITS_ENABLED is not true",
  })),
  {
    id: "S3-15",
    title: "and nobody without Stripe's signature",
    request: { site: "api", path: "/v1/payments/stripe/webhook", method: "POST", body: "{}" },
    answer: { status: 400, contains: "invalid signature" },
  },
  {
    id: "S3-16",
    title: "a form without Turnstile's token is refused",
    request: { ...ORDERS, body: "{}" }, // with a whole form, an API that does not ask would take the order
    answer: { status: 400, contains: "captcha_token" },
    fix: "set CAPTCHA_MODE to turnstile",
  },
  {
    id: "S3-16",
    title: "Turnstile knows the API's secret",
    service: "api",
    command: ["python", "-c", ASK_TURNSTILE],
    prints: "^\\['invalid-input-response'\\]$",
    fix: "pulumi up --refresh, when the secret was rotated",
  },
];
