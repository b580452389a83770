// The certified authorization server oidc-provider as a test fixture: one plain listener and one for mutual TLS, on
// ports of the kernel's choice. When both listen, one line on stdout says where: ready {"issuer":…, "mtls":…}.
// It ends with its standard input, so that a test run that is killed leaves no server behind.
//
// By hand: KEYS=<folder made by tests/interop/keys.py> node server.mjs; settings.mjs names what else may be set.
//
// Beside the protocol, both listeners answer:
//   GET    /_test/requests                            what was asked since the last DELETE, in order, /_test left out
//   DELETE /_test/requests                            forget it
//   POST   /_test/ciba?auth_req_id=…&approve=0|1      let the user of a CIBA request answer
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { registerGrants } from './grants.mjs';
import { createProvider } from './provider.mjs';
import { key } from './settings.mjs';

async function listen(server) {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server.address().port;
}

// The issuer holds the port, and the provider the issuer: so listen first, then configure, then begin to answer.
const plain = http.createServer();
const mutual = https.createServer({
  key: key('server.key'),
  cert: key('server.pem'),
  ca: key('ca.pem'),
  requestCert: true,
  rejectUnauthorized: false, // a self-signed client certificate is for the provider to judge
});
const issuer = `http://127.0.0.1:${await listen(plain)}`;
const mtls = `https://127.0.0.1:${await listen(mutual)}`;
const { provider, finishCiba } = createProvider(issuer, mtls);
registerGrants(provider, issuer);

let seen = [];

function remember({ method, url, headers }) {
  seen.push({
    method,
    path: url.split('?')[0],
    contentType: headers['content-type'],
    authorizationScheme: headers.authorization?.split(' ')[0],
  });
}

function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function answerTest(request, response) {
  const { pathname, searchParams } = new URL(request.url, issuer);
  switch (`${request.method} ${pathname}`) {
    case 'GET /_test/requests':
      return answer(response, 200, seen);
    case 'DELETE /_test/requests':
      seen = [];
      return answer(response, 200, seen);
    case 'POST /_test/ciba': {
      const approve = searchParams.get('approve') !== '0';
      const ok = await finishCiba(searchParams.get('auth_req_id'), approve).catch(() => false);
      return answer(response, ok ? 200 : 404, { ok });
    }
    default:
      return answer(response, 404, { error: 'no such test hook' });
  }
}

const answerProtocol = provider.callback();
for (const server of [plain, mutual]) {
  server.on('request', (request, response) => {
    if (request.url.startsWith('/_test/')) return answerTest(request, response);
    remember(request);
    return answerProtocol(request, response);
  });
}

process.stdin.on('end', () => process.exit(0)).resume();
console.log(`ready ${JSON.stringify({ issuer, mtls })}`);
