// What a run of the server may be told by its environment, and the data it serves. Nothing here knows the protocol.
import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import path from 'node:path';

const { env } = process;
const number = (name, otherwise) => Number(env[name] ?? otherwise);
const flag = (name, otherwise) => (env[name] ?? otherwise) === '1';

export const TTL = number('TTL', 300); // seconds, of access tokens and ID tokens
export const REFRESH_TTL = number('REFRESH_TTL', 3600);
export const DEVICE_TTL = number('DEVICE_TTL', 120);
export const CIBA_TTL = number('CIBA_TTL', 120);
export const CIBA_DELAY = number('CIBA_DELAY', 3); // seconds until the user agrees; negative: only by /_test/ciba
export const ROTATE = flag('ROTATE', '1'); // refresh tokens are good for one use
export const DPOP_NONCE = flag('DPOP_NONCE', '0'); // DPoP proofs need a nonce of the server's
export const DCR_OPEN = flag('DCR_OPEN', '1'); // '0': registration needs the initial access token
export const VERBOSE = flag('VERBOSE', '0'); // say on stderr why a request was refused

export const key = (name) => readFileSync(path.join(env.KEYS, name));
const jwk = (name) => JSON.parse(key(name));
const publicOf = ({ d, p, q, dp, dq, qi, ...rest }) => rest;

export const setup = JSON.parse(readFileSync(new URL('clients.json', import.meta.url)));
export const users = new Map(setup.users.map((user) => [user.sub, user]));

export const providerKeys = ['op-rs256', 'op-ps256', 'op-es256', 'op-eddsa'].map((name) => jwk(`${name}.private.jwk`));
export const providerPublicKeys = providerKeys.map(publicOf);
export const assertionIssuerKeys = [jwk('assertion-issuer.public.jwk')];

const selfSigned = new X509Certificate(key('selfsigned.pem'));
const keySets = {
  '@client': {
    keys: ['client-rs256', 'client-es256', 'client-ps256', 'client-ed25519'].map((name) => jwk(`${name}.public.jwk`)),
  },
  '@selfsigned': {
    keys: [{
      ...selfSigned.publicKey.export({ format: 'jwk' }),
      kid: 'selfsigned',
      use: 'sig',
      x5c: [selfSigned.raw.toString('base64')],
    }],
  },
};
export const clients = setup.clients.map((client) => (
  client.jwks ? { ...client, jwks: keySets[client.jwks] } : client
));

const resource = (audience, scope, format) => ({ audience, scope, accessTokenTTL: TTL, ...format });
export const resources = {
  'urn:api:jwt': resource('urn:api:jwt', 'api:read api:write', {
    accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } },
  }),
  'urn:api:es256': resource('urn:api:es256', 'api:read', {
    accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } },
  }),
  'urn:api:opaque': resource('urn:api:opaque', 'api:read api:write', { accessTokenFormat: 'opaque' }),
};
