import type { Api } from './api';
import { OFFERS } from './catalogue';
import { ANSWERS, Dice, newcomer, type Person } from './crowd';
import type { DemoKeys } from './keys';
import { SetBack } from './set-back';

/** How long ago the programme began. */
export const WEEKS = 12;
/** Two days a week on which all of it happens. */
const DAYS = WEEKS * 2;
const HOURS_APART = (WEEKS * 7 * 24) / DAYS;
const AT_ONCE = 6;

/** Who the demo's links lead to: they have said yes to much, taken one thing back, and one offer is still open to them. */
export const ANNA = 'anna';
export const BEN = 'ben';
const LEFT_OPEN = 'breakfast';
const ACCEPTED = OFFERS.map(({ key }) => key).filter((key) => key !== LEFT_OPEN);

interface Quote {
  key: string;
  offerId: string;
  offerVersion: number;
  notice: { hash: string };
  asks: { attribute: string; purposes: { key: string; required: boolean }[] }[];
  earnsNow: boolean;
}

interface Owed {
  data: { id: string; dueAt: string }[];
}

/** Twelve weeks of customers, told over HTTP day by day, each day then put where it belongs (see SetBack). */
export class Past {
  private readonly dice = new Dice(20_261_124);
  private readonly people: Person[] = [];
  private readonly regulars = [ANNA, BEN].map((ref, index): Person => {
    const locale = index === 0 ? 'de' : 'en';
    return { ...newcomer(index), ref, locale, context: { country: 'DE', age: 36, orders: 6 } };
  });
  private number = 1_000;

  constructor(
    private readonly api: Api,
    private readonly keys: DemoKeys,
    private readonly databaseUrl: string,
  ) {}

  /** Whether it has been told to this programme. */
  static async isThere(api: Api, { storefront }: DemoKeys): Promise<boolean> {
    const path = `/v1/customers/${ANNA}/ledger?limit=1`;
    const { body } = await api.get<{ data?: object[] }>(path, storefront);
    return (body.data ?? []).length > 0;
  }

  async tell(onWeek: (week: number) => void): Promise<void> {
    const back = await SetBack.open(this.databaseUrl, this.keys.programme);
    try {
      await back.found();
      for (let day = 0; day < DAYS; day++) {
        if (day % 6 === 0) onWeek(1 + day / 2);
        await back.begin();
        await this.day(day);
        // At some time of the day that it was.
        await back.end((DAYS - day) * HOURS_APART - this.dice.between(6, 40));
      }
      await back.answerLater();
    } finally {
      await back.close();
    }
  }

  private async day(day: number): Promise<void> {
    const came = Array.from({ length: 7 + Math.floor(day / 5) }, () => newcomer(this.number++));
    await this.each(came, (person) => this.visit(person, person.dice.chance(0.78)));
    await this.each(this.dice.some(this.people, 4), (person) => this.visit(person, true));
    await this.each(this.regulars, (person) => this.returnOf(person, day));
    this.people.push(...came.filter(({ shared }) => shared.size > 0));
    await this.use(came);
    await this.takeBack(day);
    await this.answer(day);
    await this.spend();
  }

  /** Somebody looks at what there is, and says yes to some of it. */
  private async visit(person: Person, shares: boolean): Promise<void> {
    const quotes = await this.quotesFor(person);
    if (!shares) return;
    const wanted = quotes.filter(
      ({ key, earnsNow }) => earnsNow && !person.shared.has(key) && person.dice.chance(ANSWERS[key]?.likelihood ?? 0),
    );
    for (const quote of wanted) await this.share(person, quote);
  }

  /** Anna and Ben say yes to one more from time to time, beginning with what expires. */
  private async returnOf(person: Person, day: number): Promise<void> {
    const turn = (day - this.regulars.indexOf(person)) / 5;
    const key = Number.isInteger(turn) ? ACCEPTED.at(-1 - turn) : undefined;
    if (key === undefined) return;
    const quote = (await this.quotesFor(person)).find((one) => one.key === key);
    if (quote) await this.share(person, quote);
  }

  private async quotesFor({ ref, locale, context }: Person): Promise<Quote[]> {
    const body = { customerRef: ref, locale, context };
    return (await this.api.create<{ data: Quote[] }>('/v1/quotes', this.keys.storefront, body)).data;
  }

  private async share(person: Person, quote: Quote): Promise<void> {
    const { dice } = person;
    const values = ANSWERS[quote.key]?.values(dice) ?? {};
    const consents = quote.asks.flatMap(({ attribute, purposes }) =>
      attribute in values
        ? [{ attribute, purposes: purposes.filter((one) => one.required || dice.chance(0.5)).map(({ key }) => key) }]
        : [],
    );
    await this.api.create('/v1/shares', this.keys.storefront, {
      customerRef: person.ref,
      offerId: quote.offerId,
      offerVersion: quote.offerVersion,
      noticeHash: quote.notice.hash,
      values,
      consents,
      locale: person.locale,
      channel: dice.of(['web', 'web', 'app', 'counter']),
      context: person.context,
    });
    person.shared.add(quote.key);
  }

  /** What was shared is used, by purpose: mostly of those who came, and now and then of everybody. */
  private async use(came: Person[]): Promise<void> {
    const refs = [...came, ...this.dice.some(this.people, 10), ...this.regulars].map(({ ref }) => ref);
    const customerRefs = [...new Set(refs)];
    const [letters, advice, oven] = [this.keys.newsletter, this.keys.recommender, this.keys.planner];
    const uses: [key: string, purpose: string, attributes: string[], reason: string][] = [
      [letters, 'birthdayGreeting', ['birthday'], 'Birthdays of this week'],
      [letters, 'newsletter', ['newsTopics'], 'Newsletter of the month'],
      [letters, 'invitation', ['postcodeArea'], 'Group run on Sunday'],
      [advice, 'recommendation', ['shoeSize', 'favouriteBreakfast'], 'Suggestions in the shop'],
      [oven, 'bakingPlan', ['favouriteBreakfast', 'householdSize', 'diet'], 'Baking plan of the week'],
    ];
    await this.each(uses, async ([key, purpose, attributes, reason]) => {
      await this.api.lines('/v1/disclosures/batch', key, { purpose, attributes, customerRefs, reason });
    });
  }

  /** Six or so take something back each time: a share, a purpose, an attribute, or all. */
  private async takeBack(day: number): Promise<void> {
    const able = this.people.filter(({ hasTakenBack }) => !hasTakenBack);
    const scopes = [
      ...this.dice.some(able, Math.min(Math.floor(able.length / 2), this.dice.between(5, 7))).map((person) => {
        person.hasTakenBack = true;
        return { customerRef: person.ref, ...this.scopeOf(person) };
      }),
      ...(day === DAYS - 6 ? [{ customerRef: ANNA, purpose: 'recommendation' }] : []),
      ...(day === DAYS - 2 ? [{ customerRef: BEN, attribute: 'birthday' }] : []),
    ];
    await this.each(scopes, async (scope) => {
      await this.api.create('/v1/revocations', this.keys.storefront, scope);
    });
  }

  private scopeOf({ shared, dice }: Person): object {
    if (shared.has('birthday') && dice.chance(0.6)) return { attribute: 'birthday' };
    if (shared.has('shoe-size') && dice.chance(0.5)) return { purpose: 'recommendation' };
    if (shared.has('breakfast') && dice.chance(0.5)) return { attribute: 'favouriteBreakfast' };
    return { everything: true };
  }

  /** Recipients confirm; the baking plan's has been slow to for some days. */
  private async answer(day: number): Promise<void> {
    const { newsletter, recommender, planner } = this.keys;
    const awake = [newsletter, recommender, ...(day < DAYS - 3 ? [planner] : [])];
    await this.each(awake, async (key) => {
      const { body } = await this.api.get<Owed>('/v1/revocation-notices?status=owed&limit=100', key);
      for (const { id } of body.data) {
        await this.api.create(`/v1/revocation-notices/${id}/acknowledgement`, key, {
          did: key === recommender ? 'stopped' : 'erased',
        });
      }
    });
  }

  /** Points are for spending. */
  private async spend(): Promise<void> {
    await this.each(this.dice.some(this.people, 4), async ({ ref, dice }) => {
      const path = `/v1/customers/${ref}/balance`;
      const { body } = await this.api.get<{ available: number }>(path, this.keys.storefront);
      if (body.available < 50) return;
      const points = 50 * dice.between(1, Math.min(3, Math.floor(body.available / 50)));
      const order = {
        customerRef: ref,
        points,
        orderRef: `order-${dice.between(10_000, 99_999)}-${ref}`,
        capture: true,
      };
      await this.api.create('/v1/redemptions', this.keys.storefront, order);
    });
  }

  /** A few at a time. */
  private async each<T>(list: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
    const left = [...list];
    const work = async (): Promise<void> => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) await act(one);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
}
