import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Api } from './api';
import { escaped, link, page } from './html';
import { type Handle, openIssuer } from './issuer';
import type { DemoKeys } from './keys';
import { ANNA, BEN } from './past';

/** Who is known to the shop; whoever else comes is new. */
const CUSTOMERS = [
  { ref: ANNA, locale: 'de', name: 'Anna (deutsch)' },
  { ref: BEN, locale: 'en', name: 'Ben (English)' },
] as const;
const CUSTOMER_PATH = /^\/(page|account)\/([\w-]{1,40})$/;

export interface Neighbours {
  /** Of the shop. */
  url: string;
  /** Whether staff can sign in without a key. */
  hasIssuer: boolean;
}

interface Issuers {
  data: { id: string; issuer: string; audience: string }[];
}

/** Whom a programme lives with: a shop, whose pages let its customers in, and an issuer, at which its staff sign in. */
export async function openNeighbours(api: Api, keys: DemoKeys): Promise<Neighbours> {
  const consoleUrl = `${api.url}/console`;
  const clientId = `console-${keys.programme}`;
  let issue: Handle | undefined;
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      console.error('The demo’s shop or issuer could not answer.', error);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  // Only the services keep the demo up.
  server.unref();
  const url = `http://localhost:${await listen(server, Number(new URL(api.url).port) + 1)}`;
  issue = await openIssuer(url, clientId, consoleUrl);
  if (issue) await registerIssuer(api, keys, url, clientId);
  const { status } = await api.put('/v1/embed-origins', keys.admin, { origins: [url] });
  if (status >= 300) throw new Error(`PUT /v1/embed-origins: ${status}`);
  return { url, hasIssuer: issue !== undefined };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', url);
    const [, kind, ref] = CUSTOMER_PATH.exec(pathname) ?? [];
    const locale = CUSTOMERS.find((one) => one.ref === ref)?.locale ?? searchParams.get('locale') ?? 'de';
    if (pathname === '/') return show(response, shop(url));
    if (ref === undefined) return void (issue ? await issue(request, response) : response.writeHead(404).end());
    const body = { customerRef: ref, locale, context: REGULAR };
    const session = await api.create<Session>('/v1/customer-sessions', keys.storefront, body);
    if (kind === 'account') show(response, account(api.url, session, locale));
    else response.writeHead(303, { location: session.url }).end();
  }
}

/** What the shop knows of whoever follows its links. */
const REGULAR = { country: 'DE', age: 34, orders: 5 };

interface Session {
  token: string;
  url: string;
}

/** The port above the API's, so that it is the same each time; where that is taken, any. */
async function listen(server: Server, port: number): Promise<number> {
  const at = (one: number) =>
    new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen(one, () => resolve((server.address() as AddressInfo).port));
    });
  try {
    return await at(port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return at(0);
  }
}

/** In place of that of an earlier run, which may have been at another port. */
async function registerIssuer(api: Api, { admin }: DemoKeys, issuer: string, clientId: string): Promise<void> {
  const { body } = await api.get<Issuers>('/v1/issuers?limit=100', admin);
  const own = body.data.filter(({ audience }) => audience === clientId);
  if (own.some((one) => one.issuer === issuer)) return;
  for (const { id } of own) await api.delete(`/v1/issuers/${id}`, admin);
  await api.create('/v1/issuers', admin, { issuer, audience: clientId, clientId, subjects: 'staff' });
}

function show(response: ServerResponse, html: string): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(html);
}

function shop(url: string): string {
  const rows = [...CUSTOMERS, { ref: `new-${Date.now().toString(36)}`, locale: 'de', name: 'Somebody new' }].map(
    ({ ref, name }) =>
      `<li>${escaped(name)}: ${link(`${url}/page/${ref}`, 'their page')} · ${link(`${url}/account/${ref}`, 'the same within the shop’s account page')}</li>`,
  );
  return page('en', 'The shop', `<p>Who is signed in here?</p><ul>${rows.join('')}</ul>`);
}

/** What a shop puts into its account page: two lines. */
function account(apiUrl: string, { token }: Session, locale: string): string {
  return page(
    locale,
    locale === 'de' ? 'Dein Konto' : 'Your account',
    `<script type="module" src="${escaped(apiUrl)}/widget/gegenwert-ledger.js"></script>
<gegenwert-ledger api="${escaped(apiUrl)}" token="${escaped(token)}" locale="${escaped(locale)}"></gegenwert-ledger>`,
  );
}
