import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { said, type Answer, type Api } from './api';
import { Checkout } from './checkout';
import type { DemoKeys } from './keys';
import type { Letterbox, Message } from './letterbox';
import type { Teller } from './teller';

/** How long the worker may take before what has come by then is shown. */
const PATIENCE_MILLISECONDS = 15_000;
const HOUR_MILLISECONDS = 3_600_000;
const BIRTHDAY = '1990-04-01';

interface Quote {
  key: string;
  offerId: string;
  offerVersion: number;
  notice: { hash: string; text: string };
  reward: Reward;
  earnsNow: boolean;
  whyNot?: string;
}

interface Reward {
  type: 'points' | 'discount';
  points?: number;
  discount?: { percent?: number; amountMinor?: number; currency?: string };
}

interface Share {
  id: string;
  status: string;
  award: { status: string; reward?: Reward; code?: string; why?: string };
  consents: object[];
}

interface Revocation {
  id: string;
  status: string;
  keepsPoints: number;
  consentsEnded: number;
  values: { erasing: number; erased?: number };
  recipients: { recipient: string; status: string }[];
}

interface Notice {
  id: string;
  customerRef: string;
  attributes: string[];
  purposes: string[];
  status: string;
  did?: string;
}

interface LedgerItem {
  offer: { key: string };
  asks: { attribute: string; purposes: { key: string; status: string }[] }[];
  reward: Reward | null;
  awardStatus: string;
  usedBy: { recipient: string; times: number }[];
  recipientsTold?: { acknowledged: number; of: number };
}

/** Tells the exchange from the quote to the last confirmation, with a customer that nobody has seen before. */
export class Story {
  private readonly customerRef = `c-${Date.now().toString(36)}`;
  private code = '';

  constructor(
    private readonly api: Api,
    private readonly keys: DemoKeys,
    private readonly teller: Teller,
    private readonly letterbox: Letterbox,
  ) {}

  async tell(): Promise<void> {
    await this.offer();
    await this.share();
    await this.thankYous();
    await this.use();
    await this.takeBack();
    await this.tellRecipients();
    await this.lookBack();
    await new Checkout(this.api, this.keys, this.teller, this.customerRef).tell(this.code);
  }

  private async offer(): Promise<void> {
    const { teller, customerRef } = this;
    teller.chapter(`1. What is asked, and what comes back: the shop's customer ${customerRef}`);
    await teller.step('The shop asks what the customer would get for a birthday', '200, 120 points, earns now', () =>
      this.quoteOf('birthday'),
    );
    console.log('   The customer reads, in German or in English:');
    const quotes = await this.api.get<{ data: Quote[] }>(this.offersPath, this.keys.storefront);
    teller.quote(quotes.body.data.find(({ key }) => key === 'birthday')?.notice.text ?? '');
    await teller.step('The offer to regulars, for a customer with 1 order', '200, nothing now: not-eligible', () =>
      this.quoteOf('regulars', { country: 'DE', orders: 1 }),
    );
    await teller.step('The same with 5 orders', '200, discount of 5.00 EUR, earns now', () =>
      this.quoteOf('regulars', { country: 'DE', orders: 5 }),
    );
    await teller.step('The evening of bread and beer, for somebody of 15', '200, nothing now: too-young', () =>
      this.quoteOf('tasting-evening', { country: 'DE', age: 15 }),
    );
  }

  private async share(): Promise<void> {
    const { teller } = this;
    teller.chapter('2. The share: consent, value and thank-you, in one transaction');
    const body = await this.shareBody('birthday', { birthday: BIRTHDAY }, ['birthdayGreeting']);
    const idempotencyKey = randomUUID();
    let first: Share | undefined;
    const send = () => this.api.post<Share>('/v1/shares', this.keys.storefront, body, idempotencyKey);
    await teller.step(
      'The birthday is shared for the greeting; suggestions are declined',
      '201, accepted, award pending, 1 consent',
      async () => {
        const answer = await send();
        first = answer.body;
        return said(answer, ({ status, award, consents }) => [
          status,
          `award ${award.status}`,
          `${consents.length} consent`,
        ]);
      },
    );
    await teller.step(
      'The answer got lost: the shop sends the same again',
      '201, the same share, replayed',
      async () => {
        const answer = await send();
        const isSame = answer.body.id === first?.id;
        const isReplayed = answer.headers.get('idempotency-replayed') === 'true';
        return said(answer, () => [
          isSame ? 'the same share' : 'another share',
          isReplayed ? 'replayed' : 'not replayed',
        ]);
      },
    );
    await teller.step('The worker books the thank-you', '200, 120 available, 0 pending', () => this.balance(120));
  }

  private async thankYous(): Promise<void> {
    const { teller } = this;
    teller.chapter('3. Special categories, and thank-yous that are no points');
    await teller.step('A diet (GDPR Art. 9) without a consent of its own', '422 explicit-consent-required', async () =>
      said(await this.send('diet', { diet: 'vegan' }, []), shareText),
    );
    await teller.step('"Prefer not to say" brings the same', '201, accepted, award pending, 60 points', async () =>
      said(await this.send('diet', { diet: null }, []), shareText),
    );
    await teller.step('It is booked', '200, 180 available, 0 pending', () => this.balance(180));
    await teller.step('The shoe size brings a discount code', '200, granted, discount of 10 %, code', async () => {
      const { body } = await this.send('shoe-size', { shoeSize: 42.5 }, ['recommendation']);
      const path = `/v1/shares/${body.id}`;
      const answer = await this.until<Share>(path, this.keys.storefront, ({ award }) => award.status !== 'pending');
      this.code = answer.body.award.code ?? '';
      return said(answer, ({ award }) => [award.status, rewardText(award.reward), award.code ? 'code' : 'no code']);
    });
  }

  private async use(): Promise<void> {
    const { teller, keys } = this;
    teller.chapter('4. The use: by purpose, and nothing without a consent');
    await teller.step('The newsletter reads it to congratulate', `200, ${BIRTHDAY}, for 24 h`, () =>
      this.read(keys.newsletter, 'birthdayGreeting'),
    );
    await teller.step('The recommender asks for what was declined', '403 no-active-consent', () =>
      this.read(keys.recommender, 'recommendation'),
    );
    await teller.step('The newsletter asks for a purpose that is not its own', '403 purpose-not-registered', () =>
      this.read(keys.newsletter, 'recommendation'),
    );
  }

  private async takeBack(): Promise<void> {
    const { teller, keys } = this;
    teller.chapter('5. The customer takes it back, and keeps the points');
    const revoke = async (query: string) => {
      const scope = { customerRef: this.customerRef, attribute: 'birthday' };
      return this.api.post<Revocation>(`/v1/revocations${query}`, keys.storefront, scope);
    };
    const text = (revocation: Revocation) => [
      revocation.status,
      `ends ${revocation.consentsEnded}`,
      `erases ${revocation.values.erasing}`,
      `keeps ${revocation.keepsPoints}`,
    ];
    await teller.step(
      'A dry run says what would happen; nothing does',
      '200, blocked, ends 1, erases 1, keeps 180',
      async () => said(await revoke('?dryRun=true'), text),
    );
    await teller.step('The newsletter can still read', `200, ${BIRTHDAY}, for 24 h`, () =>
      this.read(keys.newsletter, 'birthdayGreeting'),
    );
    let id = '';
    await teller.step('Now in earnest', '201, blocked, ends 1, erases 1, keeps 180', async () => {
      const answer = await revoke('');
      id = answer.body.id;
      return said(answer, text);
    });
    await teller.step('The newsletter tries to read again', '403 no-active-consent', () =>
      this.read(keys.newsletter, 'birthdayGreeting'),
    );
    await teller.step('The points stay', '200, 180 available, 0 pending', () => this.balance(180));
    await teller.step('Value and key are destroyed', '200, erased, 1 value destroyed, 0 to go', async () => {
      const answer = await this.revocation(id, ({ status }) => status !== 'blocked');
      return said(answer, ({ status, values }) => [
        status,
        `${values.erased} value destroyed`,
        `${values.erasing} to go`,
      ]);
    });
    this.revocationId = id;
  }

  private revocationId = '';

  private async tellRecipients(): Promise<void> {
    const { teller, keys } = this;
    teller.chapter('6. Whoever got it is told, until it confirms');
    let notice: Notice | undefined;
    await teller.step('Its webhook comes, signed', 'consent.revoked: birthday for birthdayGreeting', async () =>
      letterText(await this.letter('consent.revoked')),
    );
    await teller.step(
      'The newsletter looks up what it must stop using',
      '200, birthday for birthdayGreeting, owed',
      async () => {
        const path = '/v1/revocation-notices?status=owed&limit=100';
        const answer = await this.api.get<{ data: Notice[] }>(path, keys.newsletter);
        notice = answer.body.data.find(({ customerRef }) => customerRef === this.customerRef);
        return said(answer, () => [noticeText(notice), notice?.status ?? 'none']);
      },
    );
    await teller.step('It confirms that it has erased it', '200, acknowledged, erased', async () => {
      const path = `/v1/revocation-notices/${notice?.id}/acknowledgement`;
      const answer = await this.api.post<Notice>(path, keys.newsletter, { did: 'erased' });
      return said(answer, ({ status, did }) => [status, did ?? 'nothing']);
    });
    await teller.step('With that the revocation is complete', '200, complete, newsletter acknowledged', async () => {
      const answer = await this.revocation(this.revocationId, ({ status }) => status === 'complete');
      return said(answer, ({ status, recipients }) => [
        status,
        recipients.map((one) => `${one.recipient} ${one.status}`).join(', '),
      ]);
    });
    await teller.step('The certificate, held against the published keys', '200, genuine, confirmed 1 of 1', () =>
      this.certificate(),
    );
  }

  /** A message about this customer, when it has come or there is no more patience. */
  private async letter(type: string): Promise<Message | undefined> {
    const deadline = Date.now() + PATIENCE_MILLISECONDS;
    for (;;) {
      const found = this.letterbox.find(
        (message) => message.type === type && message.data.customerRef === this.customerRef,
      );
      if (found !== undefined || Date.now() > deadline) return found;
      await sleep(20);
    }
  }

  private async certificate(): Promise<string> {
    const path = `/v1/revocations/${this.revocationId}/certificate`;
    const answer = await this.api.get<{ certificate: string }>(path, this.keys.storefront);
    const { body: jwks } = await this.api.get<JSONWebKeySet>('/.well-known/jwks.json', '');
    const { payload } = await compactVerify(answer.body.certificate, createLocalJWKSet(jwks));
    const { confirmed, of } = JSON.parse(new TextDecoder().decode(payload)) as { confirmed: number; of: number };
    return said(answer, () => ['genuine', `confirmed ${confirmed} of ${of}`]);
  }

  private async lookBack(): Promise<void> {
    const { teller, keys, customerRef } = this;
    teller.chapter('7. What the customer sees, and why sharing again does not pile up points');
    let token = '';
    await teller.step('The shop opens a session for its customer', '201, for 15 min', async () => {
      const body = { customerRef, locale: 'en' };
      const answer = await this.api.post<{ token: string; expiresAt: string }>(
        '/v1/customer-sessions',
        keys.storefront,
        body,
      );
      token = answer.body.token;
      return said(answer, ({ expiresAt }) => [`for ${Math.round((Date.parse(expiresAt) - Date.now()) / 60_000)} min`]);
    });
    const birthday = async (inShort: (item: LedgerItem) => string[]): Promise<string> => {
      const answer = await this.api.get<{ data: LedgerItem[] }>('/v1/me/ledger?locale=en', token);
      return said(answer, ({ data }) => {
        const item = data.find(({ offer }) => offer.key === 'birthday');
        return item === undefined ? ['no share of it'] : inShort(item);
      });
    };
    await teller.step('The customer looks up what came of the birthday', '200, withdrawn, 120 points granted', () =>
      birthday(({ asks, reward, awardStatus }) => [
        statusOf(asks, 'birthdayGreeting'),
        `${rewardText(reward)} ${awardStatus}`,
      ]),
    );
    await teller.step('... and who had it', '200, newsletter read it 2 times, 1 of 1 told', () =>
      birthday(({ usedBy, recipientsTold: told }) => [
        ...usedBy.map(({ recipient, times }) => `${recipient} read it ${times} times`),
        `${told?.acknowledged} of ${told?.of} told`,
      ]),
    );
    await teller.step('What would sharing it again bring?', '200, nothing now: cool-off', () =>
      this.quoteOf('birthday'),
    );
    await teller.step('It is always allowed', '201, accepted, award none, cool-off', async () =>
      said(await this.send('birthday', { birthday: BIRTHDAY }, ['birthdayGreeting']), shareText),
    );
    await teller.step('The points are what they were', '200, 180 available, 0 pending', () => this.balance(180));
  }

  private get offersPath(): string {
    return `/v1/customers/${this.customerRef}/offers?locale=en&limit=100`;
  }

  private async quoteOf(offerKey: string, context: object = {}): Promise<string> {
    const body = { customerRef: this.customerRef, locale: 'en', context };
    const answer = await this.api.post<{ data: Quote[] }>('/v1/quotes', this.keys.storefront, body);
    return said(answer, ({ data }) => {
      const quote = data.find(({ key }) => key === offerKey);
      if (quote === undefined) return ['no such offer'];
      return quote.earnsNow ? [rewardText(quote.reward), 'earns now'] : [`nothing now: ${quote.whyNot}`];
    });
  }

  private async shareBody(offerKey: string, values: Record<string, unknown>, purposes: string[]): Promise<object> {
    const { body } = await this.api.get<{ data: Quote[] }>(this.offersPath, this.keys.storefront);
    const quote = body.data.find(({ key }) => key === offerKey);
    return {
      customerRef: this.customerRef,
      offerId: quote?.offerId,
      offerVersion: quote?.offerVersion,
      noticeHash: quote?.notice.hash,
      values,
      consents: purposes.length === 0 ? [] : Object.keys(values).map((attribute) => ({ attribute, purposes })),
      locale: 'en',
      channel: 'demo',
    };
  }

  private async send(offerKey: string, values: Record<string, unknown>, purposes: string[]): Promise<Answer<Share>> {
    return this.api.post('/v1/shares', this.keys.storefront, await this.shareBody(offerKey, values, purposes));
  }

  private async balance(wanted: number): Promise<string> {
    const path = `/v1/customers/${this.customerRef}/balance`;
    const answer = await this.until<{ available: number; pending: number }>(
      path,
      this.keys.storefront,
      ({ available, pending }) => available === wanted && pending === 0,
    );
    return said(answer, ({ available, pending }) => [`${available} available`, `${pending} pending`]);
  }

  private async read(recipientKey: string, purpose: string): Promise<string> {
    const body = { customerRef: this.customerRef, purpose, attributes: ['birthday'], reason: 'A greeting' };
    const path = '/v1/disclosures';
    const answer = await this.api.post<{ values: { birthday: string }; useUntil: string }>(path, recipientKey, body);
    return said(answer, ({ values, useUntil }) => [
      values.birthday,
      `for ${Math.round((Date.parse(useUntil) - Date.now()) / HOUR_MILLISECONDS)} h`,
    ]);
  }

  private revocation(id: string, wanted: (revocation: Revocation) => boolean): Promise<Answer<Revocation>> {
    return this.until(`/v1/revocations/${id}`, this.keys.storefront, wanted);
  }

  /** Asks until the answer is as wanted, or for as long as there is patience: the last one counts. */
  private async until<Body>(path: string, key: string, wanted: (body: Body) => boolean): Promise<Answer<Body>> {
    const deadline = Date.now() + PATIENCE_MILLISECONDS;
    for (;;) {
      const answer = await this.api.get<Body>(path, key);
      if (answer.status !== 200 || wanted(answer.body) || Date.now() > deadline) return answer;
      await sleep(20);
    }
  }
}

function rewardText(reward: Reward | null | undefined): string {
  if (!reward) return 'no reward';
  if (reward.type === 'points') return `${reward.points} points`;
  const { percent, amountMinor = 0, currency } = reward.discount ?? {};
  return `discount of ${percent === undefined ? `${(amountMinor / 100).toFixed(2)} ${currency}` : `${percent} %`}`;
}

const shareText = ({ status, award }: Share): string[] => [
  status,
  `award ${award.status}`,
  award.why ?? rewardText(award.reward),
];

const noticeText = (notice: Pick<Notice, 'attributes' | 'purposes'> | undefined): string =>
  notice === undefined ? 'no notice' : `${notice.attributes.join(', ')} for ${notice.purposes.join(', ')}`;

const letterText = (letter: Message | undefined): string =>
  letter === undefined ? 'no message' : `${letter.type}: ${noticeText(letter.data)}`;

const statusOf = (asks: LedgerItem['asks'], purpose: string): string =>
  asks.flatMap(({ purposes }) => purposes).find(({ key }) => key === purpose)?.status ?? 'not asked';
