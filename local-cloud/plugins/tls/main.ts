import { version } from "@pulumi/tls/package.json";
import { servePlugin } from "../lib";
import { certRequest } from "./cert-request";
import { locallySignedCert, selfSignedCert } from "./certificates";
import { getPublicKey, privateKey } from "./private-key";
import { providerConfig } from "./tables";

servePlugin({
  name: "tls",
  version,
  config: providerConfig,
  resources: {
    "tls:index/privateKey:PrivateKey": privateKey,
    "tls:index/certRequest:CertRequest": certRequest,
    "tls:index/selfSignedCert:SelfSignedCert": selfSignedCert,
    "tls:index/locallySignedCert:LocallySignedCert": locallySignedCert,
  },
  functions: { "tls:index/getPublicKey:getPublicKey": getPublicKey },
});
