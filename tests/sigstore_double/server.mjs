// GitHub's token endpoint, Fulcio, Rekor and a timestamp authority on loopback, with one fresh root of trust.
// The CA, the certificate log, the transparency log and the timestamps are @sigstore/mock's; what that takes on trust
// (tokens, proofs, signatures) is checked here, and entries are written as the real Rekor writes them.
//
//   node server.mjs FOLDER     writes FOLDER/trusted_root.json, prints one line of JSON, ends with its stdin
//
// POST /control {"service": "rekor", "answers": [{"status": 500}, {"status": 429, "retryAfter": 1}, {"other": true},
//   {"delay": 300}, {"hang": true}]} says how the next requests to a service are answered; afterwards it is well again.
// GET /log lists what was asked, without tokens.

import crypto from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

// `cargo xtask setup` puts the packages where wick's tools are; the tests say where that is.
const require = createRequire(`${process.env.WICK_TEST_NODE}/`);
const asn1js = require('asn1js');
const canonicalize = require('canonicalize');
const jose = require('jose');
const { initializeCA, initializeCTLog, initializeTLog, initializeTSA, fulcioHandler } = require('@sigstore/mock');

const ISSUER = 'https://token.actions.githubusercontent.com';
const WORKFLOW = 'octo/plugins/.github/workflows/plugins.yml@refs/heads/main';
// What a job of that workflow gets: https://docs.github.com/actions/reference/security/oidc
const CLAIMS = {
  sub: 'repo:octo/plugins:ref:refs/heads/main',
  job_workflow_ref: WORKFLOW,
  job_workflow_sha: '1111111111111111111111111111111111111111',
  workflow_ref: WORKFLOW,
  workflow_sha: '1111111111111111111111111111111111111111',
  workflow: 'plugins',
  repository: 'octo/plugins',
  repository_id: '1',
  repository_owner: 'octo',
  repository_owner_id: '2',
  repository_visibility: 'public',
  ref: 'refs/heads/main',
  sha: '2222222222222222222222222222222222222222',
  event_name: 'push',
  run_id: '3',
  run_attempt: '1',
  runner_environment: 'github-hosted',
};

const sha256 = (...parts) => {
  const hash = crypto.createHash('sha256');
  parts.forEach((part) => hash.update(part));
  return hash.digest();
};
const newKeys = () => crypto.generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const permission = crypto.randomBytes(24).toString('base64url');
const issuer = await jose.generateKeyPair('RS256');
const caKeys = newKeys();
const ctlog = await initializeCTLog(newKeys());
const ca = await initializeCA(caKeys, ctlog);
const certify = fulcioHandler(ca, { strict: true });
const tsa = await initializeTSA(newKeys());
// DER knows no fractions of a second that end in zero, and the real authority writes none.
tsa.getCurrentTime = () => new Date(Math.floor(Date.now() / 1000) * 1000);
const logKeys = newKeys();
let tlog;
// The log of Rekor's second version has another kind of key, and is named as signed notes name it.
const tileKeys = crypto.generateKeyPairSync('ed25519');

const log = [];
const planned = { tokens: [], fulcio: [], rekor: [], timestamps: [] };

async function tokens(request, url) {
  // https://docs.github.com/actions/reference/security/oidc#methods-for-requesting-the-oidc-token
  if (request.headers.authorization !== `Bearer ${permission}`) {
    throw new Refusal(401, 'Unauthorized');
  }
  const value = await token({ aud: url.searchParams.get('audience') ?? 'https://github.com/octo' }, 300);
  return { status: 200, json: { count: value.length, value } };
}

function token(claims, seconds) {
  const now = Math.floor(Date.now() / 1000);
  return new jose.SignJWT({ ...CLAIMS, jti: crypto.randomUUID(), ...claims })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'double' })
    .setIssuer(ISSUER)
    .setIssuedAt(now)
    .setNotBefore(now - 5)
    .setExpirationTime(now + seconds)
    .sign(issuer.privateKey);
}

// sigstore/fulcio, pkg/server/grpc_server.go
async function fulcio(request, url, body) {
  const wanted = JSON.parse(body);
  const jwt = wanted.credentials.oidcIdentityToken;
  let claims;
  try {
    const checked = await jose.jwtVerify(jwt, issuer.publicKey, { issuer: ISSUER, audience: 'sigstore' });
    claims = checked.payload;
  } catch {
    throw new Refusal(401, 'There was an error processing the identity token');
  }
  const { publicKey, proofOfPossession } = wanted.publicKeyRequest;
  const proof = Buffer.from(proofOfPossession, 'base64');
  if (!crypto.verify('sha256', Buffer.from(claims.sub), publicKey.content, proof)) {
    throw new Refusal(400, 'The signature supplied in the request could not be verified');
  }
  // The certificate names the workflow; the mock takes the subject for it.
  const named = { ...claims, sub: `https://github.com/${claims.job_workflow_ref}` };
  const unsigned = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
  wanted.credentials.oidcIdentityToken = `${unsigned({ alg: 'none' })}.${unsigned(named)}.`;
  const answer = await certify.fn(JSON.stringify(wanted));
  if (answer.statusCode !== 201) throw new Refusal(answer.statusCode, answer.response);
  return { status: 200, text: answer.response };
}

// sigstore/rekor, pkg/types/hashedrekord/v0.0.1 and pkg/types/dsse/v0.0.1: what is logged is made from what was sent.
async function rekor(request, url, body, { other }) {
  const entry = entryOf(JSON.parse(body));
  if (other) {
    const hash = entry.kind === 'dsse' ? entry.spec.payloadHash : entry.spec.data.hash;
    hash.value = sha256('another').toString('hex');
  }
  return { status: 201, json: await tlog.log(entry) };
}

function entryOf({ kind, apiVersion, spec }) {
  if (kind === 'hashedrekord') {
    const { data, signature } = spec;
    const content = Buffer.from(pem(signature.publicKey.content)).toString('base64');
    return { apiVersion, kind, spec: { data, signature: { content: signature.content, publicKey: { content } } } };
  }
  if (kind !== 'dsse') throw new Refusal(400, `unknown kind ${kind}`);
  const text = spec.proposedContent.envelope;
  const envelope = JSON.parse(text);
  const verifier = pem(spec.proposedContent.verifiers[0]);
  const payload = Buffer.from(envelope.payload, 'base64');
  const pae = Buffer.concat([
    Buffer.from(`DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${payload.length} `),
    payload,
  ]);
  const [{ sig }] = envelope.signatures;
  if (!crypto.verify('sha256', pae, new crypto.X509Certificate(verifier).publicKey, Buffer.from(sig, 'base64'))) {
    throw new Refusal(400, 'verifying signature: could not verify envelope');
  }
  const hash = (bytes) => ({ algorithm: 'sha256', value: sha256(bytes).toString('hex') });
  const signatures = [{ signature: sig, verifier: Buffer.from(verifier).toString('base64') }];
  return { apiVersion, kind, spec: { envelopeHash: hash(text), payloadHash: hash(payload), signatures } };
}

// Rekor writes certificates anew, with plain line ends.
function pem(base64) {
  const text = Buffer.from(base64, 'base64').toString();
  return new crypto.X509Certificate(text).toString();
}

// sigstore/rekor-tiles, pkg/types/hashedrekord; the checkpoint is a signed note (C2SP signed-note, tlog-checkpoint).
async function rekorTwo(request, url, body, { other }) {
  const { digest, signature } = JSON.parse(body).hashedRekordRequestV002;
  const { x509Certificate, keyDetails } = signature.verifier;
  const data = { algorithm: 'SHA2_256', digest: other ? sha256('another').toString('base64') : digest };
  const verifier = { keyDetails, x509Certificate };
  const entry = {
    apiVersion: '0.0.2',
    kind: 'hashedrekord',
    spec: { hashedRekordV002: { data, signature: { content: signature.content, verifier } } },
  };
  const canonical = Buffer.from(canonicalize(entry));
  const rootHash = sha256(Buffer.from([0]), canonical);
  const note = `${ORIGIN}\n1\n${rootHash.toString('base64')}\n`;
  const signed = crypto.sign(null, Buffer.from(note), tileKeys.privateKey);
  const line = Buffer.concat([tileKeyId().subarray(0, 4), signed]).toString('base64');
  return {
    status: 201,
    json: {
      logIndex: '0',
      logId: { keyId: tileKeyId().toString('base64') },
      kindVersion: { kind: 'hashedrekord', version: '0.0.2' },
      integratedTime: '0',
      inclusionProof: {
        logIndex: '0',
        rootHash: rootHash.toString('base64'),
        treeSize: '1',
        hashes: [],
        checkpoint: { envelope: `${note}\n— ${ORIGIN} ${line}\n` },
      },
      canonicalizedBody: canonical.toString('base64'),
    },
  };
}

// sigstore-go expects the host without its port.
const ORIGIN = '127.0.0.1';
const spki = (keys) => keys.publicKey.export({ format: 'der', type: 'spki' });
const tileKeyId = () => sha256(`${ORIGIN}\n`, Buffer.from([1]), spki(tileKeys).subarray(-32));

async function timestamps(request, url, body) {
  const [, imprint] = asn1js.fromBER(body).result.valueBlock.value;
  const artifactHash = Buffer.from(imprint.valueBlock.value[1].valueBlock.valueHexView);
  const stamp = await tsa.timestamp({
    artifactHash,
    hashAlgorithmOID: imprint.valueBlock.value[0].valueBlock.value[0].valueBlock.toString(),
    nonce: 1,
    policyOID: '1.3.6.1.4.1.57264.2',
    certReq: true,
  });
  return { status: 200, type: 'application/timestamp-reply', bytes: stamp };
}

const services = {
  'GET /tokens': ['tokens', tokens],
  'POST /fulcio/api/v2/signingCert': ['fulcio', fulcio],
  'POST /rekor/api/v1/log/entries': ['rekor', rekor],
  'POST /api/v2/log/entries': ['rekor', rekorTwo],
  'POST /timestamps': ['timestamps', timestamps],
};

async function answer(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const url = new URL(request.url, 'http://double');
  const route = `${request.method} ${url.pathname}`;
  if (route === 'GET /log') return send(response, { status: 200, json: log });
  if (route === 'POST /control') {
    const { service, answers } = JSON.parse(body);
    planned[service] = answers;
    return send(response, { status: 200, json: {} });
  }
  const [service, serve] = services[route] ?? [];
  const plan = (service && planned[service].shift()) || {};
  let result;
  try {
    if (!serve) throw new Refusal(404, `nothing at ${route}`);
    if (plan.delay) await new Promise((resolve) => setTimeout(resolve, plan.delay));
    if (plan.hang) return log.push({ service, status: 0 });
    if (plan.status) throw new Refusal(plan.status, plan.says ?? 'as planned');
    result = await serve(request, url, body, plan);
  } catch (error) {
    // As the services' gateways say it.
    result = { status: error.status ?? 400, json: { code: error.status ?? 400, message: error.message } };
  }
  log.push({ service: service ?? route, status: result.status });
  send(response, { ...result, retryAfter: plan.retryAfter });
}

function send(response, { status, json, text, bytes, type = 'application/json', retryAfter }) {
  const headers = { 'content-type': type, ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }) };
  response.writeHead(status, headers);
  response.end(bytes ?? text ?? JSON.stringify(json));
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => send(response, { status: 500, json: { message: String(error) } }));
});
server.listen(0, '127.0.0.1', async () => {
  const base = `http://127.0.0.1:${server.address().port}`;
  tlog = await initializeTLog(`${base}/rekor`, logKeys);
  const folder = process.argv[2];
  const file = (name, value) => {
    const place = path.join(folder, name);
    writeFileSync(place, JSON.stringify(value, null, 1));
    return place;
  };
  // Both in one, as PyPI's sigstore takes them.
  file('trust_config.json', {
    mediaType: 'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json',
    trustedRoot: trustedRoot(base),
    signingConfig: signingConfig(base),
  });
  console.log(
    JSON.stringify({
      base,
      tokens: `${base}/tokens?api-version=2.0`,
      permission,
      fulcio: `${base}/fulcio`,
      rekor: `${base}/rekor`,
      subject: `https://github.com/${WORKFLOW}`,
      issuer: ISSUER,
      trustedRoot: file('trusted_root.json', trustedRoot(base)),
      signingConfig: file('signing_config.json', signingConfig(base)),
      // One for SIGSTORE_ID_TOKEN, and ones that won't do.
      token: await token({ aud: 'sigstore' }, 300),
      expired: await token({ aud: 'sigstore' }, -60),
      forAnother: await token({ aud: 'somebody' }, 300),
    }),
  );
});

const start = new Date(Date.now() - 86_400_000).toISOString();

function trustedRoot(base) {
  const key = (bytes, keyDetails) => ({ rawBytes: bytes.toString('base64'), keyDetails, validFor: { start } });
  const chain = (...certificates) => ({ certificates: certificates.map((der) => ({ rawBytes: der.toString('base64') })) });
  const party = (name) => ({ subject: { organization: 'sigstore.mock', commonName: name }, validFor: { start } });
  const transparencyLog = (url, publicKey, id, kind = 'PKIX_ECDSA_P256_SHA_256') => ({
    baseUrl: url,
    hashAlgorithm: 'SHA2_256',
    publicKey: key(publicKey, kind),
    logId: { keyId: id.toString('base64') },
  });
  const logKey = spki(logKeys);
  return {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [
      transparencyLog(`${base}/rekor`, logKey, sha256(logKey)),
      transparencyLog(base, spki(tileKeys), tileKeyId(), 'PKIX_ED25519'),
    ],
    certificateAuthorities: [{ ...party('sigstore'), uri: `${base}/fulcio`, certChain: chain(ca.rootCertificate) }],
    ctlogs: [transparencyLog(`${base}/ct`, ctlog.publicKey, ctlog.logID)],
    timestampAuthorities: [
      { ...party('tsa'), uri: `${base}/timestamps`, certChain: chain(tsa.intCertificate, tsa.rootCertificate) },
    ],
  };
}

// An instance with Rekor's second version, as cosign's --signing-config takes it.
function signingConfig(base) {
  const at = (url, majorApiVersion) => [{ url, majorApiVersion, validFor: { start }, operator: 'double' }];
  return {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: at(`${base}/fulcio`, 1),
    oidcUrls: at(`${base}/oidc`, 1),
    rekorTlogUrls: at(base, 2),
    tsaUrls: at(`${base}/timestamps`, 1),
    rekorTlogConfig: { selector: 'ANY' },
    tsaConfig: { selector: 'ANY' },
  };
}

process.stdin.on('end', () => process.exit(0)).resume();
