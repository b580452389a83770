// The configuration of panva's oidc-provider: every feature that tokenflow speaks to, switched on.
import { randomBytes } from 'node:crypto';
import { Provider, errors } from 'oidc-provider';
import {
  CIBA_DELAY, CIBA_TTL, DCR_OPEN, DEVICE_TTL, DPOP_NONCE, REFRESH_TTL, ROTATE, TTL, VERBOSE,
  clients, providerKeys, resources, setup, users,
} from './settings.mjs';

const LOGGED_WHEN_VERBOSE = [
  'grant.error', 'authorization.error', 'introspection.error', 'registration_create.error',
  'pushed_authorization_request.error', 'backchannel.error', 'device_authorization.error', 'userinfo.error',
  'revocation.error',
];
const ALIASED_FOR_MTLS = {
  token_endpoint: '/token',
  revocation_endpoint: '/token/revocation',
  introspection_endpoint: '/token/introspection',
  device_authorization_endpoint: '/device/auth',
  pushed_authorization_request_endpoint: '/request',
  userinfo_endpoint: '/me',
  backchannel_authentication_endpoint: '/backchannel',
};

const peerCertificate = (ctx) => ctx.req.socket.getPeerX509Certificate?.();
const requestedDetails = (ctx) => (
  ctx.oidc.params?.authorization_details ? JSON.parse(ctx.oidc.params.authorization_details) : undefined
);

export async function findAccount(ctx, id) {
  if (!users.has(id)) return undefined;
  return { accountId: id, claims: async () => ({ sub: id, ...users.get(id).claims }) };
}

const mTLS = {
  enabled: true,
  certificateBoundAccessTokens: true,
  selfSignedTlsClientAuth: true,
  tlsClientAuth: true,
  getCertificate: (ctx) => peerCertificate(ctx)?.toString(),
  certificateAuthorized: (ctx) => ctx.req.socket.authorized === true,
  certificateSubjectMatches: (ctx, property, expected) => {
    const subject = (peerCertificate(ctx)?.subject ?? '').split('\n').reverse().join(','); // as RFC 4514 writes it
    return property === 'tls_client_auth_subject_dn' && subject === expected;
  },
};

const resourceIndicators = {
  enabled: true,
  defaultResource: async (ctx, client, oneOf) => oneOf ?? undefined,
  useGrantedResource: async () => true,
  getResourceServerInfo: async (ctx, id) => {
    if (!resources[id]) throw new errors.InvalidTarget();
    return resources[id];
  },
};

const richAuthorizationRequests = {
  enabled: true,
  types: {
    payment_initiation: {
      validate: (ctx, detail) => {
        if (!detail.instructedAmount) throw new errors.InvalidAuthorizationDetails('instructedAmount is missing');
      },
    },
  },
  authorizationDetailsForGrantSource: (ctx, source) => source?.rar ?? requestedDetails(ctx) ?? ctx.oidc.grant?.rar,
  authorizationDetailsForAccessToken: (ctx, token, source) => source?.rar ?? requestedDetails(ctx),
  authorizationDetailsForIntrospection: (ctx, token) => token.rar,
};

const ciba = (finish) => ({
  enabled: true,
  deliveryModes: ['poll', 'ping'],
  processLoginHint: async (ctx, hint) => hint,
  processLoginHintToken: async () => undefined,
  validateRequestContext: async () => {},
  verifyUserCode: async () => {},
  triggerAuthenticationDevice: async (ctx, request) => {
    if (CIBA_DELAY >= 0) setTimeout(() => finish(request.jti, true).catch(console.error), CIBA_DELAY * 1000);
  },
});

// Returns { provider, finishCiba }; finishCiba(auth_req_id, approve) is the user's answer on their device.
export function createProvider(issuer, mtlsIssuer) {
  async function finishCiba(id, approve) {
    const request = await provider.BackchannelAuthenticationRequest.find(id);
    if (!request || request.grantId || request.error) return false;
    if (!approve) {
      await provider.backchannelResult(request, new errors.AccessDenied('the user said no'));
      return true;
    }
    const grant = new provider.Grant({ clientId: request.clientId, accountId: request.accountId });
    grant.addOIDCScope(request.scope);
    await grant.save();
    const authTime = Math.floor(Date.now() / 1000);
    await provider.backchannelResult(request, grant, { acr: 'urn:test:bronze', authTime });
    return true;
  }

  const provider = new Provider(issuer, {
    clients,
    jwks: { keys: providerKeys },
    findAccount,
    cookies: { keys: ['test-cookie-key'] },
    scopes: ['openid', 'offline_access', 'profile', 'email', 'api:read', 'api:write'],
    claims: {
      openid: ['sub'],
      profile: ['name', 'given_name', 'groups'],
      email: ['email', 'email_verified'],
      acr: null,
      auth_time: null,
      sid: null,
      iss: null,
    },
    acrValues: ['urn:test:bronze'],
    responseTypes: [
      'code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token', 'none',
    ],
    clientAuthMethods: [
      'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'tls_client_auth',
      'self_signed_tls_client_auth', 'none',
    ],
    pkce: { required: (ctx, client) => client.clientAuthMethod === 'none' },
    rotateRefreshToken: ROTATE,
    issueRefreshToken: async (ctx, client, source) => (
      client.grantTypeAllowed('refresh_token') && source.scopes.has('offline_access')
    ),
    expiresWithSession: async () => false,
    clientBasedCORS: () => true,
    ttl: {
      AccessToken: () => TTL,
      ClientCredentials: () => TTL,
      IdToken: () => TTL,
      RefreshToken: () => REFRESH_TTL,
      AuthorizationCode: 60,
      DeviceCode: DEVICE_TTL,
      BackchannelAuthenticationRequest: CIBA_TTL,
      Grant: 86400,
      Session: 86400,
      Interaction: 3600,
    },
    discovery: {
      mtls_endpoint_aliases: Object.fromEntries(
        Object.entries(ALIASED_FOR_MTLS).map(([name, pathname]) => [name, `${mtlsIssuer}${pathname}`]),
      ),
    },
    features: {
      devInteractions: { enabled: true },
      deviceFlow: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: async () => true },
      jwtIntrospection: { enabled: true },
      revocation: { enabled: true, allowedPolicy: async (ctx, client, token) => token.clientId === client.clientId },
      registration: { enabled: true, initialAccessToken: DCR_OPEN ? false : setup.initial_access_token },
      registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
      pushedAuthorizationRequests: { enabled: true },
      requestObjects: { enabled: true },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => DPOP_NONCE },
      mTLS,
      ciba: ciba(finishCiba),
      resourceIndicators,
      richAuthorizationRequests,
      claimsParameter: { enabled: true },
      jwtResponseModes: { enabled: true },
      jwtUserinfo: { enabled: true },
      encryption: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      backchannelLogout: { enabled: true },
    },
    extraTokenClaims: async (ctx) => ctx.state?.extraClaims,
    renderError: async (ctx, out) => {
      ctx.type = 'json';
      ctx.body = out;
    },
  });
  provider.on('server_error', (ctx, error) => console.error('server_error', error));
  for (const event of VERBOSE ? LOGGED_WHEN_VERBOSE : []) {
    provider.on(event, (ctx, { error, error_description: description, error_detail: detail }) => {
      console.error(event, error, description, detail ?? '');
    });
  }
  return { provider, finishCiba };
}
