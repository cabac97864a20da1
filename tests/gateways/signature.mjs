// Signs what goes to subgraphs as the router does: HMAC-SHA256 over method, path, the hashes of body and Authorization,
// the caller, the key's id, the time in seconds and a nonce, each on a line.
import { createHash, createHmac, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

export const HEADER = "hospital-signature";

export function signature({ method, path, body = "", authorization = "" }, { caller, id, key, time, nonce }) {
  const hashes = [hash(body, "utf8"), hash(authorization, "latin1")];
  const lines = [method, path, ...hashes, caller, id, time, nonce].join("\n");
  const mac = createHmac("sha256", key).update(lines).digest("base64url");
  return `caller=${caller}, key=${id}, time=${time}, nonce=${nonce}, mac=${mac}`;
}

/** Gives what makes the header of one request; `file` has the keys of callers, the first of which signs. */
export function signer(file, caller = "router") {
  const [[id, key]] = Object.entries(JSON.parse(readFileSync(file, "utf8"))[caller]);
  return (method, url, body, authorization) => {
    const { pathname, search } = new URL(url);
    const once = { time: Math.floor(Date.now() / 1000), nonce: randomBytes(16).toString("base64url") };
    const asked = { method, path: pathname + search, body, authorization: authorization ?? "" };
    return { [HEADER]: signature(asked, { caller, id, key, ...once }) };
  };
}

function hash(text, encoding) {
  return createHash("sha256").update(text, encoding).digest("hex");
}
