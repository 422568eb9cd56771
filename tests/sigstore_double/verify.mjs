// Verifies a bundle as npm does (@sigstore/verify).
//
//   node verify.mjs TRUSTED_ROOT BUNDLE SUBJECT ISSUER [FILE]     without FILE the bundle holds a statement
//
// Ends with 0 and prints who signed, or with 1 and the reason.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.WICK_TEST_NODE}/`);
const { bundleFromJSON } = require('@sigstore/bundle');
const { TrustedRoot } = require('@sigstore/protobuf-specs');
const { Verifier, toSignedEntity, toTrustMaterial } = require('@sigstore/verify');

const [trustedRoot, bundle, subject, issuer, file] = process.argv.slice(2);
const json = (path) => JSON.parse(readFileSync(path));
try {
  const material = toTrustMaterial(TrustedRoot.fromJSON(json(trustedRoot)));
  const entity = toSignedEntity(bundleFromJSON(json(bundle)), file && readFileSync(file));
  const policy = { subjectAlternativeName: subject, extensions: { issuer } };
  const signer = new Verifier(material, { tlogThreshold: 1, ctlogThreshold: 1 }).verify(entity, policy);
  console.log(signer.identity.subjectAlternativeName);
} catch (error) {
  console.error(`${error.code ?? error.name}: ${error.message}`);
  process.exit(1);
}
