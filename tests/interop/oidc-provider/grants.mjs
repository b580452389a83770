// Three grants that oidc-provider leaves to its users: password, JWT bearer (RFC 7523), token exchange (RFC 8693).
// These handlers are our own glue: a test that passes against them says less than one against panva's own grants.
import { createLocalJWKSet, jwtVerify } from 'jose';
import { errors } from 'oidc-provider';
import { findAccount } from './provider.mjs';
import { assertionIssuerKeys, providerPublicKeys, resources, setup, users } from './settings.mjs';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';

const now = () => Math.floor(Date.now() / 1000);
const words = (scope) => scope.split(' ');

function need(params, ...names) {
  for (const name of names) {
    if (!params[name]) throw new errors.InvalidRequest('missing required parameter(s)', 400, name);
  }
}

// Answers with tokens of the user `accountId`. `extra` becomes claims of the access token, `extraBody` of the answer.
async function issueUserTokens(provider, ctx, accountId, gty, options) {
  const { scope = '', refresh = true, resource, extra, extraBody = {} } = options;
  const { client } = ctx.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId });
  if (scope) grant.addOIDCScope(scope);
  if (resource) grant.addResourceScope(resource, scope);
  await grant.save();
  ctx.state.extraClaims = extra;
  const accessToken = new provider.AccessToken({
    accountId, client, grantId: grant.jti, gty, scope: scope || undefined,
  });
  if (resource) {
    if (!resources[resource]) throw new errors.InvalidTarget();
    const known = words(resources[resource].scope);
    accessToken.resourceServer = new provider.ResourceServer(resource, resources[resource]);
    accessToken.scope = words(scope).filter((word) => known.includes(word)).join(' ') || undefined;
  }
  ctx.oidc.entity('Account', await findAccount(ctx, accountId));
  ctx.oidc.entity('Grant', grant);
  ctx.oidc.entity('AccessToken', accessToken);
  const body = {
    access_token: await accessToken.save(),
    token_type: accessToken.tokenType,
    expires_in: accessToken.expiration,
    ...(accessToken.scope ? { scope: accessToken.scope } : {}),
    ...extraBody,
  };
  if (refresh && words(scope).includes('offline_access') && client.grantTypeAllowed('refresh_token')) {
    const refreshToken = new provider.RefreshToken({
      accountId, client, grantId: grant.jti, gty, scope, rotations: 0, authTime: now(),
    });
    ctx.oidc.entity('RefreshToken', refreshToken);
    body.refresh_token = await refreshToken.save();
  }
  if (refresh && words(scope).includes('openid')) {
    const idToken = new provider.IdToken({ sub: accountId, auth_time: now() }, { ctx });
    idToken.scope = 'openid';
    body.id_token = await idToken.issue({ use: 'idtoken' });
  }
  ctx.body = body;
}

function registerPassword(provider) {
  provider.registerGrantType('password', async (ctx) => {
    const { params } = ctx.oidc;
    need(params, 'username', 'password');
    if (users.get(params.username)?.password !== params.password) {
      throw new errors.InvalidGrant('invalid user name or password');
    }
    const { scope = '', resource } = params;
    await issueUserTokens(provider, ctx, params.username, 'password', { scope, resource });
  }, ['username', 'password', 'scope', 'resource']);
}

function registerJwtBearer(provider, issuer) {
  const trusted = createLocalJWKSet({ keys: assertionIssuerKeys });
  provider.registerGrantType('urn:ietf:params:oauth:grant-type:jwt-bearer', async (ctx) => {
    const { params } = ctx.oidc;
    need(params, 'assertion');
    let claims;
    try {
      ({ payload: claims } = await jwtVerify(params.assertion, trusted, {
        issuer: setup.assertion_issuer.iss,
        audience: [issuer, `${issuer}/token`],
        requiredClaims: ['sub', 'exp'],
      }));
    } catch (error) {
      throw new errors.InvalidGrant('assertion rejected', error.message);
    }
    if (!users.has(claims.sub)) throw new errors.InvalidGrant('assertion rejected', 'unknown subject');
    const { scope = '', resource } = params;
    await issueUserTokens(provider, ctx, claims.sub, 'jwt-bearer', { scope, resource, refresh: false });
  }, ['assertion', 'scope', 'resource']);
}

function registerTokenExchange(provider, issuer) {
  const ownKeys = createLocalJWKSet({ keys: providerPublicKeys });
  async function subjectOf(token, type) {
    if (![ACCESS_TOKEN, JWT, ID_TOKEN].includes(type)) {
      throw new errors.InvalidRequest('unsupported token type', 400, type);
    }
    const opaque = type === ACCESS_TOKEN ? await provider.AccessToken.find(token) : undefined;
    if (opaque) return opaque.accountId;
    try {
      return (await jwtVerify(token, ownKeys, { issuer })).payload.sub;
    } catch (error) {
      throw new errors.InvalidGrant('the subject or actor token is not valid', error.message);
    }
  }
  const names = [
    'subject_token', 'subject_token_type', 'actor_token', 'actor_token_type', 'requested_token_type', 'audience',
    'resource', 'scope',
  ];
  provider.registerGrantType('urn:ietf:params:oauth:grant-type:token-exchange', async (ctx) => {
    const { params } = ctx.oidc;
    need(params, 'subject_token', 'subject_token_type');
    const issued = params.requested_token_type ?? ACCESS_TOKEN;
    if (![ACCESS_TOKEN, JWT].includes(issued)) throw new errors.InvalidRequest('unsupported requested_token_type');
    if (params.actor_token && !params.actor_token_type) {
      throw new errors.InvalidRequest('actor_token_type is missing');
    }
    const subject = await subjectOf(params.subject_token, params.subject_token_type);
    const actor = params.actor_token && await subjectOf(params.actor_token, params.actor_token_type);
    await issueUserTokens(provider, ctx, subject, 'token-exchange', {
      scope: params.scope ?? '',
      refresh: false,
      resource: [params.resource, params.audience].flat().find(Boolean),
      extra: actor && { act: { sub: actor } },
      extraBody: { issued_token_type: issued },
    });
  }, names, ['audience', 'resource']);
}

export function registerGrants(provider, issuer) {
  registerPassword(provider);
  registerJwtBearer(provider, issuer);
  registerTokenExchange(provider, issuer);
}
