import type { ConfigReader } from "./config-reader";
import { hidden } from "./faults";
import { keyType, privateKeyFault, publicKeyFault, publicKeyOf, stripComment, withNewline } from "./ssh-keys";

const UNIX_NAME = /^[a-z][a-z0-9_-]{0,30}$/;
/** Accounts and groups that Debian and Ubuntu, or packages that we install, have already. */
const SYSTEM_ACCOUNTS =
  "root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc gnats nobody systemd-network systemd-resolve systemd-timesync messagebus sshd syslog ntp landscape pollinate tcpdump tss uuidd polkitd postgres docker sudo adm admin users operator staff ssh ubuntu debian caddy _apt _chrony dnsmasq landscape fwupd-refresh lxd".split(
    " ",
  );

/** The account that the operator and every remote step use. */
export function operatorUser(reader: ConfigReader): string | undefined {
  const key = "homeport:operatorUser";
  const value = reader.text(key);
  if (value === undefined) return undefined;
  if (!UNIX_NAME.test(value)) {
    reader.fault(key, "be a unix account name: a-z first, then a-z 0-9 _ -, at most 31 characters", value);
  } else if (SYSTEM_ACCOUNTS.includes(value)) {
    reader.fault(key, "be an account of its own, not one that the system has", value);
  }
  return value;
}

/** The operator's key pair: both given, both sound, of one another. */
export function operatorKeys(reader: ConfigReader): { publicKey: string; privateKey: string } {
  const publicKey = operatorPublicKey(reader);
  const privateKey = privateKeyOf(reader, "homeport:operatorPrivateKey");
  if (publicKey === undefined || privateKey === undefined) return { publicKey: "", privateKey: "" };
  if (publicKeyOf(privateKey) !== stripComment(publicKey)) {
    const key = "homeport:operatorPrivateKey";
    reader.secretFault(key, "be the private half of homeport:operatorPublicKey", "another key");
  }
  return { publicKey: publicKey.trim(), privateKey: withNewline(privateKey) };
}

/** The permanent host key; its public half is derived. */
export function hostKey(reader: ConfigReader): { publicKey: string; privateKey: string } {
  const key = "homeport:hostPrivateKey";
  const privateKey = privateKeyOf(reader, key);
  if (privateKey === undefined) return { publicKey: "", privateKey: "" };
  const publicKey = publicKeyOf(privateKey);
  // another type than the bootstrap key's ECDSA: the two live beside one another for a moment
  if (keyType(publicKey) !== "ed25519") reader.secretFault(key, "be ed25519", keyType(publicKey));
  return { publicKey, privateKey: withNewline(privateKey) };
}

function operatorPublicKey(reader: ConfigReader): string | undefined {
  const key = "homeport:operatorPublicKey";
  const given = reader.optional(key);
  // before the general rules: a private key has line breaks, and that is not what is wrong with it
  if (given?.includes("PRIVATE KEY")) {
    reader.secretFault(key, "be the public key, not the private one", hidden(given));
    return undefined;
  }
  const value = reader.text(key);
  if (value === undefined) return undefined;
  const rule = publicKeyFault(value);
  if (rule === undefined) return value;
  reader.fault(key, rule, value);
  return undefined;
}

function privateKeyOf(
  reader: ConfigReader,
  key: "homeport:operatorPrivateKey" | "homeport:hostPrivateKey",
): string | undefined {
  const value = reader.secret(key);
  if (value === undefined) return undefined;
  const rule = privateKeyFault(value);
  if (rule === undefined) return value;
  reader.secretFault(key, rule, hidden(value));
  return undefined;
}
