import { createHash } from "node:crypto";
import { z } from "zod";
import { created, noContent, ok, type Context, type Routes } from "./context";
import { invalidField, notUnique } from "./errors";
import { assertUnique, drop, labels, name, parse, rename, stamp } from "./input";
import { byId, list } from "./listing";

const creation = z.object({ name, public_key: z.string(), labels: labels.default({}) });

/** MD5 of the key itself, as `ssh-keygen -E md5 -lf` shows it; throws 422 when the text is no public key. */
function fingerprint(publicKey: string): string {
  const [type = "", blob = ""] = publicKey.trim().split(/\s+/);
  const bytes = Buffer.from(blob, "base64");
  const length = bytes.length > 4 ? bytes.readUInt32BE(0) : 0;
  const lines = publicKey.trim().split("\n").length;
  if (lines !== 1 || type === "" || bytes.subarray(4, 4 + length).toString() !== type) {
    throw invalidField("public_key", "invalid SSH public key");
  }
  return (createHash("md5").update(bytes).digest("hex").match(/../g) ?? []).join(":");
}

export function sshKeyRoutes({ state, now }: Context): Routes {
  const keys = state.ssh_keys;
  const find = (id = ""): (typeof keys)[number] => byId(keys, id, "ssh_key");
  return {
    "GET /ssh_keys": (call) =>
      list(call, "ssh_keys", keys, { filters: ["name", "fingerprint"], sort: ["id", "name", "created"] }),
    "POST /ssh_keys": ({ body }) => {
      const wanted = parse(creation, body);
      const print = fingerprint(wanted.public_key);
      assertUnique(keys, "SSH key", wanted.name);
      if (keys.some((key) => key.fingerprint === print)) {
        throw notUnique("public_key", "SSH key with the same fingerprint already exists");
      }
      const key = { ...stamp(state, now), ...wanted, fingerprint: print };
      keys.push(key);
      return created({ ssh_key: key });
    },
    "GET /ssh_keys/:id": ({ params }) => ok({ ssh_key: find(params.id) }),
    "PUT /ssh_keys/:id": ({ params, body }) => {
      const key = find(params.id);
      rename(keys, key, "SSH key", body);
      return ok({ ssh_key: key });
    },
    "DELETE /ssh_keys/:id": ({ params }) => {
      drop(keys, find(params.id));
      return noContent;
    },
  };
}
