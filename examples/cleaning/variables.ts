import type { VariablesSpec } from "homeport/system";

/** What the platform has to be told (S3-9 to S3-12): `homeport env audit` says how it stands. */
export const variables: VariablesSpec = {
  must: [
    ...["APP_ENV=prod", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "DATABASE_URL"],
    ...["AUTH_SECRET_KEY", "CLIENT_PORTAL_SECRET", "WORKER_PORTAL_SECRET"],
    ...["TRUST_PROXY_HEADERS=true", "STRICT_CORS=true", "CORS_ORIGINS"],
  ],
  when: {
    "STRICT_CORS=true": [{ name: "CORS_ORIGINS", without: "*" }],
    "METRICS_ENABLED=true": ["METRICS_TOKEN"],
    "DEPOSITS_ENABLED=true": ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"],
    "CAPTCHA_MODE=turnstile": ["TURNSTILE_SECRET_KEY"],
    "EMAIL_MODE=sendgrid": ["SENDGRID_API_KEY", "EMAIL_FROM"],
    "EMAIL_MODE=smtp": ["SMTP_HOST", "SMTP_PORT", "SMTP_USERNAME", "SMTP_PASSWORD", "EMAIL_FROM"],
    "ORDER_STORAGE_BACKEND=s3": ["S3_*"],
    "ORDER_STORAGE_BACKEND=r2": ["R2_*"],
    "ORDER_STORAGE_BACKEND=cloudflare_r2": ["R2_*"],
  },
  should: [
    ...[
      "PUBLIC_BASE_URL",
      "CLIENT_PORTAL_BASE_URL",
      "EMAIL_MODE",
      "EMAIL_FROM",
      "EMAIL_FROM_NAME",
      "REDIS_URL",
    ],
    ...["ORDER_STORAGE_BACKEND", "ORDER_UPLOAD_ROOT", "JOBS_ENABLED=true", "JOB_HEARTBEAT_REQUIRED=true"],
    ...["JOB_RUNNER_ID", "METRICS_ENABLED=true"],
  ],
  optional: [
    ...["RATE_LIMIT_*", "DATABASE_POOL_*", "EMAIL_*", "STRIPE_*", "ORDER_PHOTO_*", "EXPORT_*"],
    ...["RETENTION_*", "ADMIN_IP_ALLOWLIST_CIDRS", "ADMIN_MFA_REQUIRED", "ADMIN_MFA_REQUIRED_ROLES"],
    ...["ADMIN_BASIC_USERNAME", "ADMIN_BASIC_PASSWORD", "BETTER_STACK_HEARTBEAT_URL", "TURNSTILE_*"],
    ...["CAPTCHA_MODE", "DEPOSITS_ENABLED"],
  ],
};
