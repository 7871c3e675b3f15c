import { keygen } from "../ssh-keys";
import { HOST, OPERATOR } from "../valid-config";
import { user, key, hiddenLength, CONTROL, LINE, ACCOUNT, type BadConfig } from "./mistakes";

const RSA_1024 = keygen("-t", "rsa", "-b", "1024");
const ECDSA = keygen("-t", "ecdsa");
const LOCKED = keygen("-t", "ed25519", "-N", "a passphrase");

export const SSH_KEYS: readonly BadConfig[] = [
  user("root", "root", "be an account of its own, not one that the system has"),
  user("the web server's account", "www-data", "be an account of its own, not one that the system has"),
  user("a capital", "Ops", ACCOUNT),
  user("an account with $()", "ops$(id)", ACCOUNT, '"ops$(id)"'),
  key("no public key", "operatorPublicKey", undefined, "be set", "nothing"),
  key(
    "the private key as public key",
    "operatorPublicKey",
    OPERATOR.privateKey,
    "be the public key, not the private one",
    hiddenLength(OPERATOR.privateKey),
  ),
  key(
    "an RSA key of 1024 bits",
    "operatorPublicKey",
    RSA_1024.publicKey,
    "be at least RSA-3072, or ed25519",
    "[hidden]",
  ),
  key("options before a key", "operatorPublicKey", `command="id" ${OPERATOR.publicKey}`, LINE, "[hidden]"),
  key(
    "half a key",
    "operatorPublicKey",
    "ssh-ed25519 AAAAC3NzaC1lZDI1",
    "hold a whole key: its base64 does not parse",
    '"ssh-ed25519 AAAAC3NzaC1lZDI1"',
  ),
  key(
    "two public keys",
    "operatorPublicKey",
    `${OPERATOR.publicKey}\n${HOST.publicKey}`,
    CONTROL,
    "[hidden]",
  ),
  key(
    "a private key with a passphrase",
    "operatorPrivateKey",
    LOCKED.privateKey,
    "be without a passphrase: the stack's own encryption protects it",
    hiddenLength(LOCKED.privateKey),
  ),
  key(
    "another pair's private key",
    "operatorPrivateKey",
    HOST.privateKey,
    "be the private half of homeport:operatorPublicKey",
    "another key",
  ),
  key(
    "the public key as private key",
    "operatorPrivateKey",
    OPERATOR.publicKey,
    "be an OpenSSH or PEM private key",
    hiddenLength(OPERATOR.publicKey),
  ),
  key(
    "a cut private key",
    "operatorPrivateKey",
    OPERATOR.privateKey.slice(0, 200),
    "hold a whole key: it does not parse",
    "[hidden, 200 characters]",
  ),
  key("an ECDSA host key", "hostPrivateKey", ECDSA.privateKey, "be ed25519", "ecdsa"),
];
