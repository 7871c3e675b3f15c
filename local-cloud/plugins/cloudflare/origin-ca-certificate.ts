import type { CheckFailure, ResourceType } from "../lib";
import { fromApi, toApi } from "./names";
import { api } from "./provider-config";
import { ORIGIN_CA_CERTIFICATE } from "./tables";

interface Inputs {
  readonly csr: string;
  readonly hostnames: readonly string[];
  readonly requestType: string;
  readonly requestedValidity?: number;
}

interface State extends Inputs {
  readonly id?: string;
  readonly certificate?: string;
  readonly expiresOn?: string;
}

const REQUEST_TYPES = ["origin-rsa", "origin-ecc", "keyless-certificate"];
const VALIDITIES = [7, 30, 90, 365, 730, 1095, 5475];
const LONGEST = 5475;

export const originCaCertificate: ResourceType<Inputs, State> = {
  schema: ORIGIN_CA_CERTIFICATE,
  check,
  // Left out, it is the longest one: to write that down is no change.
  diff: (changes, { state, news }) =>
    changes.filter(
      ({ path }) =>
        path !== "requestedValidity" || (news.requestedValidity ?? LONGEST) !== state.requestedValidity,
    ),
  preview: ({ requestedValidity = LONGEST }) => ({ requestedValidity }),

  async create(given, { signal }) {
    const inputs = { ...given, requestedValidity: given.requestedValidity ?? LONGEST };
    const made = await api().result({ method: "POST", path: "certificates", body: toApi(inputs), signal });
    const { certificate, expiresOn } = fromApi<State>(made);
    return { id: String(made.id), outputs: { ...inputs, certificate, expiresOn } };
  },

  async read(id, state, { signal }) {
    const found = await api().find({ method: "GET", path: `certificates/${id}`, signal });
    if (!found) return undefined;
    const { id: _, ...now } = fromApi<State>(found);
    const { csr = now.csr, requestedValidity = now.requestedValidity } = state;
    return { id, outputs: { ...now, csr, requestedValidity } };
  },

  async delete(id, _state, { signal }) {
    await api().result({ method: "DELETE", path: `certificates/${id}`, signal });
  },
};

function check({ requestType, requestedValidity }: Inputs): CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (typeof requestType === "string" && !REQUEST_TYPES.includes(requestType.toLowerCase())) {
    failures.push({ property: "requestType", reason: `must be one of ${REQUEST_TYPES.join(", ")}` });
  }
  if (typeof requestedValidity === "number" && !VALIDITIES.includes(requestedValidity)) {
    failures.push({ property: "requestedValidity", reason: `must be one of ${VALIDITIES.join(", ")}` });
  }
  return failures;
}
