import { createHash } from "node:crypto";
import { join } from "node:path";
import { ensureCa } from "../ca";
import type { CloudSettings } from "../settings";
import { goProgram, S3_SERVER } from "../toolchain/go-program";
import type { Service } from "./containers";
import { keepFile, keptCertificate } from "./kept-files";
import { cloudLabel } from "./network";

/** Hetzner's object storage in Nuremberg, as real stacks name it. */
export const OBJECT_STORE = "nbg1.your-objectstorage.com";
/** The one bucket: versioned, so that nothing in it is lost by being overwritten or deleted. */
export const BUCKET = "homeport-backups";

/** A key pair of the object store. */
export interface S3Account {
  readonly id: string;
  readonly secret: string;
}

/** Who may do what: `host` lists, reads, adds, and deletes restic's locks; `prune` deletes as well. */
export interface S3Accounts {
  readonly root: S3Account;
  readonly host: S3Account;
  readonly prune: S3Account;
}

/** The accounts with these secrets. */
export function s3Accounts(secrets: Readonly<Record<keyof S3Accounts, string>>): S3Accounts {
  return {
    root: { id: "LOCALROOT00000000000", secret: secrets.root },
    host: { id: "LOCALBACKUPHOST00000", secret: secrets.host },
    prune: { id: "LOCALBACKUPPRUNE0000", secret: secrets.prune },
  };
}

/** The object store's name for DNS. */
export function objectStoreNames(settings: CloudSettings): Record<string, string> {
  return { [OBJECT_STORE]: settings.s3 };
}

/**
 * The S3 server. It listens on loopback first, where the bucket gets its versioning and policy, and answers to others
 * only after that. Objects are in a volume that outlives the container.
 */
export async function objectStore(settings: CloudSettings, accounts: S3Accounts): Promise<Service> {
  const ca = await ensureCa(join(settings.stateDir, "ca"), "ca", "Homeport local CA");
  const folder = join(settings.stateDir, "s3");
  const certificate = await keptCertificate(folder, ca, [OBJECT_STORE, settings.s3]);
  const files: Record<string, string> = {
    ...certificate,
    "users.json": JSON.stringify({ accessAccounts: users(accounts) }),
    "policy.json": JSON.stringify(policy(accounts)),
    "versioning.xml":
      '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>',
    "root.curl": `user = "${accounts.root.id}:${accounts.root.secret}"\n`,
    "root.env": `export ROOT_ACCESS_KEY=${accounts.root.id} ROOT_SECRET_KEY=${accounts.root.secret}\n`,
    "start.sh": START,
  };
  for (const [file, text] of Object.entries(files)) keepFile(join(folder, file), text);
  const volume = `type=volume,src=${settings.prefix}-s3,dst=/objects,volume-label=${cloudLabel(settings)}`;
  return {
    name: "s3",
    address: settings.s3,
    image: "services",
    options: [
      ...["--mount", volume, "--volume", `${folder}:/etc/s3:ro`],
      ...["--volume", `${goProgram(S3_SERVER)}:/usr/local/bin/versitygw:ro`],
    ],
    command: ["sh", "/etc/s3/start.sh"],
    contents: [createHash("sha256").update(JSON.stringify(files)).digest("hex")],
    port: 443,
  };
}

const START = `set -eu
. /etc/s3/root.env
mkdir -p /objects/data /objects/versions /objects/accounts
cp /etc/s3/users.json /objects/accounts/users.json
serve() { exec versitygw "$@" --region nbg1 --quiet --iam-dir /objects/accounts \\
  posix --versioning-dir /objects/versions /objects/data; }
ask() { curl -sS -o /dev/null -w '%{http_code}' -K /etc/s3/root.curl --aws-sigv4 aws:amz:nbg1:s3 -X PUT \\
  -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@"; }
serve --port 127.0.0.1:8080 &
first=$!
until curl -s -o /dev/null http://127.0.0.1:8080/; do sleep 0.05; done
bucket=http://127.0.0.1:8080/${BUCKET}
case $(ask "$bucket") in 200 | 409) ;; *) echo 's3: no bucket' >&2; exit 1 ;; esac
[ "$(ask --data-binary @/etc/s3/versioning.xml "$bucket?versioning=")" = 200 ]
[ "$(ask --data-binary @/etc/s3/policy.json "$bucket?policy=")" = 204 ]
kill "$first"
wait "$first" || true
serve --port :443 --cert /etc/s3/tls.crt --key /etc/s3/tls.key
`;

function users(accounts: S3Accounts): Record<string, unknown> {
  const account = ({ id, secret }: S3Account): [string, unknown] => [
    id,
    { access: id, secret, role: "user", userID: 0, groupID: 0, projectID: 0 },
  ];
  return Object.fromEntries([account(accounts.host), account(accounts.prune)]);
}

/** As docs/backups.md gives it for the real one. */
function policy({ host, prune }: S3Accounts): unknown {
  const allow = (who: S3Account[], actions: string[], resource: string): unknown => ({
    Effect: "Allow",
    Principal: { AWS: who.map(({ id }) => id) },
    Action: actions.map((action) => `s3:${action}`),
    Resource: `arn:aws:s3:::${BUCKET}${resource}`,
  });
  return {
    Version: "2012-10-17",
    Statement: [
      allow([host, prune], ["GetBucketLocation", "ListBucket"], ""),
      allow([host, prune], ["GetObject", "PutObject", "AbortMultipartUpload"], "/*"),
      allow([host], ["DeleteObject"], "/*/locks/*"),
      allow([prune], ["DeleteObject"], "/*"),
    ],
  };
}
