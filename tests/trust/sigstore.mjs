// Checks a bundle with a public key by sigstore-js: node sigstore.mjs BUNDLE KEY [FILE]. No log, no time stamps.
import { createPublicKey, createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.env.WICK_TEST_NODE + "/");
const { bundleFromJSON } = require("@sigstore/bundle");
const { Verifier, toSignedEntity } = require("@sigstore/verify");

const [bundlePath, keyPath, filePath] = process.argv.slice(2);
const bundle = bundleFromJSON(JSON.parse(readFileSync(bundlePath, "utf8")));
const publicKey = createPublicKey(readFileSync(keyPath));
const hint = createHash("sha256").update(publicKey.export({ type: "spki", format: "der" })).digest("base64");
const find = (named) => {
  if (named !== hint) throw new Error(`another key: ${named}`);
  return { publicKey, validFor: () => true };
};
const none = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
const verifier = new Verifier({ ...none, publicKey: find }, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });
const file = filePath ? readFileSync(filePath) : undefined;
verifier.verify(toSignedEntity(bundle, file));
console.log("verified");
