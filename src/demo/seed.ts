import { randomBytes } from 'node:crypto';
import type { Api } from './api';
import { ATTRIBUTES, OFFERS, PROGRAMME_NAME, PURPOSES, RECIPIENTS } from './catalogue';
import type { DemoKeys } from './keys';

interface Quote {
  key: string;
  offerId: string;
  offerVersion: number;
  notice: { hash: string };
}

type Offer = Pick<DemoKeys, 'offer' | 'offerVersion' | 'noticeHash'>;

/** Makes the demo's programme through the published API; webhookUrl is where the newsletter is told. A slug of its own each time: half a programme does not hinder. */
export async function foundProgramme(api: Api, operator: string, webhookUrl: string): Promise<DemoKeys> {
  const programme = `morgenrot-${randomBytes(4).toString('hex')}`;
  const { adminKey: admin } = await api.create<{ adminKey: string }>('/v1/programmes', operator, {
    slug: programme,
    name: PROGRAMME_NAME,
    locale: 'de',
  });
  const issue = async (kind: string, name: string, more: object) =>
    (await api.create<{ key: string }>('/v1/keys', admin, { kind, name, ...more })).key;
  const marketing = await issue('staff', 'Marketing', { role: 'marketing' });
  const dpo = await issue('staff', 'Data protection officer', { role: 'dpo' });
  const storefront = await issue('storefront', 'Web shop', { mode: 'test' });
  for (const attribute of ATTRIBUTES) await api.create('/v1/attributes', marketing, attribute);
  for (const purpose of PURPOSES) await api.create('/v1/purposes', marketing, purpose);
  const register = async (index: 0 | 1 | 2, more = {}) =>
    (await api.create<{ apiKey: string }>('/v1/recipients', marketing, { ...RECIPIENTS[index], ...more })).apiKey;
  const recipients = {
    newsletter: await register(0, { webhookUrl }),
    recommender: await register(1),
    planner: await register(2),
  };
  for (const offer of OFFERS) {
    const { id } = await api.create<{ id: string }>('/v1/offers', marketing, offer);
    await api.create(`/v1/offers/${id}/publish`, marketing, {});
  }
  const offer = await birthdayOffer(api, storefront);
  if (offer === undefined) throw new Error('The offers that were published are not there');
  return { url: api.url, programme, operator, admin, marketing, dpo, storefront, ...recipients, ...offer };
}

/** The programme of an earlier run, if all of it still is as the story needs it. */
export async function findProgramme(api: Api, keys: DemoKeys): Promise<DemoKeys | undefined> {
  const asked = [
    ...[keys.admin, keys.marketing].map((key) => api.get('/v1/offers', key)),
    ...[keys.newsletter, keys.recommender, keys.planner].map((key) => api.get('/v1/revocation-notices', key)),
  ];
  if ((await Promise.all(asked)).some(({ status }) => status !== 200)) return undefined;
  const offer = await birthdayOffer(api, keys.storefront);
  return offer && { ...keys, ...offer, url: api.url };
}

/** What a share of the birthday has to name; undefined unless every offer is live, and as it was first published. */
async function birthdayOffer(api: Api, storefront: string): Promise<Offer | undefined> {
  const path = '/v1/customers/nobody/offers?locale=en&limit=100';
  const { status, body } = await api.get<{ data: Quote[] }>(path, storefront);
  if (status !== 200) return undefined;
  const live = new Map(body.data.filter((quote) => quote.offerVersion === 1).map((quote) => [quote.key, quote]));
  const birthday = live.get('birthday');
  if (birthday === undefined || OFFERS.some(({ key }) => !live.has(key))) return undefined;
  return {
    offer: birthday.offerId,
    offerVersion: String(birthday.offerVersion),
    noticeHash: birthday.notice.hash,
  };
}
