/**
 * The demo's issuer as a process of its own, since its package is ESM with top-level await and cannot run in Jest. By
 * messages: whose console it is for; and from then on, how long ago it believes it is when it signs a token.
 */
import { createServer } from 'node:http';
import demo from '../../dist/src/demo/issuer.js';

const now = Date.now.bind(Date);
let behindMs = 0;
let issue;

const server = createServer(async (request, response) => {
  if (request.url.startsWith('/token')) Date.now = () => now() - behindMs;
  await issue(request, response);
  Date.now = now;
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

process.on('message', async (message) => {
  if (message.consoleUrl) issue = await demo.openIssuer(issuer, message.clientId, message.consoleUrl);
  else behindMs = message.behindMs;
  process.send({ issuer });
});
process.on('disconnect', () => process.exit());
