import * as pulumi from "@pulumi/pulumi";

/** A resource as the program asked for it. */
export interface Recorded {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

const SECRET = "4dabf18193072939515e22adb298388d";

/** What the mocked providers answer beside the inputs, by resource type. */
const ANSWERS: Readonly<Record<string, (name: string) => Record<string, unknown>>> = {
  "hcloud:index/primaryIp:PrimaryIp": () => ({ ipAddress: "192.0.2.10" }),
  "tls:index/privateKey:PrivateKey": () => ({
    privateKeyPem: "-----BEGIN EC PRIVATE KEY-----\nsecret\n-----END EC PRIVATE KEY-----\n",
    publicKeyOpenssh: "ecdsa-sha2-nistp256 AAAA\n",
    publicKeyFingerprintMd5: "00:11:22",
  }),
  "tls:index/certRequest:CertRequest": () => ({ certRequestPem: "CSR" }),
  "cloudflare:index/originCaCertificate:OriginCaCertificate": () => ({ certificate: "CERTIFICATE" }),
  "random:index/randomBytes:RandomBytes": () => ({ hex: "ab".repeat(32) }),
  "random:index/randomPassword:RandomPassword": () => ({ result: "generated" }),
  "random:index/randomId:RandomId": () => ({ hex: "0123456789ab" }),
  "docker:index/container:Container": (name) => ({ name: `${name}-1a2b3c4` }),
  "docker:index/remoteImage:RemoteImage": (name) => ({ imageId: `sha256:${name}` }),
};

const INVOKES: Readonly<Record<string, Record<string, unknown>>> = {
  "cloudflare:index/getZone:getZone": { zoneId: "zone-1", id: "zone-1" },
  "cloudflare:index/getIpRanges:getIpRanges": { ipv4Cidrs: ["198.19.0.0/24"], ipv6Cidrs: [] },
};

/** Records what is made from now on. Call before the subject is imported. */
export function recordResources(project = "homeport", stack = "test"): Recorded[] {
  const recorded: Recorded[] = [];
  void pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        recorded.push({ type: args.type, name: args.name, inputs: args.inputs as Record<string, unknown> });
        const id = args.type.startsWith("hcloud:") ? String(40 + recorded.length) : `${args.name}-id`;
        return { id, state: { ...args.inputs, ...ANSWERS[args.type]?.(args.name) } };
      },
      call: (args) => ({ ...args.inputs, ...INVOKES[args.token] }),
    },
    project,
    stack,
  );
  return recorded;
}

/** A secret arrives wrapped. */
export function isSecret(value: unknown): value is { readonly value: unknown } {
  return typeof value === "object" && value !== null && SECRET in value;
}

/** The plain value of an input, secret or not. */
export function plain(value: unknown): unknown {
  return isSecret(value) ? value.value : value;
}

/** What an output will hold. Only ever await it: an `expect` inside an `apply` is lost. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<pulumi.Unwrap<T>> {
  return new Promise((resolve) => {
    pulumi.output(output).apply(resolve);
  });
}

/** Resolves when every resource that was asked for is recorded. */
export async function settled(): Promise<void> {
  const { waitForRPCs } = pulumi.runtime as unknown as { waitForRPCs?: () => Promise<void> };
  await waitForRPCs?.();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await waitForRPCs?.();
}

/** Children of a component with their options: a recorder for `opts.transformations`. */
export function recordChildren(): {
  children: Map<string, pulumi.ResourceOptions>;
  option: pulumi.ComponentResourceOptions;
} {
  const children = new Map<string, pulumi.ResourceOptions>();
  const option: pulumi.ComponentResourceOptions = {
    transformations: [
      (args) => {
        children.set(args.name, args.opts);
        return undefined;
      },
    ],
  };
  return { children, option };
}
