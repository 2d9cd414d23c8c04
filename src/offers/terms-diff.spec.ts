import type { OfferVersionEntity, PublishedAsk } from './offer-version.entity';
import { differencesOf } from './terms-diff';

const both = (text: string) => ({ de: text, en: text });
const purpose = (key: string, changes: object = {}) => ({
  key,
  required: true,
  title: both(key),
  description: both(key),
  thirdPartyAdvertising: false,
  recipients: [{ id: '1', name: 'Mail & Co' }],
  ...changes,
});
const ask = (attribute: string, changes: object = {}) =>
  ({
    attribute,
    required: true,
    title: both(attribute),
    schema: { type: 'string', maxLength: 10 },
    sensitivity: 'ordinary',
    retentionDays: 30,
    purposes: [purpose('newsletter')],
    ...changes,
  }) as PublishedAsk;
const version = (changes: object = {}) =>
  ({
    title: both('title'),
    text: both('text'),
    asks: [],
    reward: { type: 'points', points: 100 },
    validDays: null,
    startsAt: null,
    endsAt: null,
    budget: null,
    perCustomerTimes: 1,
    perCustomerEveryDays: 365,
    eligibility: null,
    minimumAge: null,
    regions: null,
    valueOfData: null,
    ...changes,
  }) as unknown as OfferVersionEntity;

const compare = (after: object, asks = [ask('a/b')], before: object = {}) =>
  differencesOf([version(before), [ask('a/b')]], [version(after), asks]);

describe('differencesOf', () => {
  it('is nothing between equals, whatever the order of recipients’ ids and keys', () => {
    const same = ask('a/b', { purposes: [purpose('newsletter', { recipients: [{ name: 'Mail & Co', id: '2' }] })] });
    expect(compare({}, [same])).toEqual([]);
  });

  it.each<[object, object[]]>([
    [{ title: { de: 'neu', en: 'title' } }, [{ path: '/title/de', before: 'title', after: 'neu' }]],
    [{ reward: { type: 'points', points: 5 } }, [{ path: '/reward/points', before: 100, after: 5 }]],
    [{ budget: { points: 5 } }, [{ path: '/budget', before: null, after: { points: 5 } }]],
    [{ regions: ['DE'] }, [{ path: '/regions', before: null, after: ['DE'] }]],
    [{ perCustomerTimes: 2 }, [{ path: '/perCustomer/times', before: 1, after: 2 }]],
    [
      { endsAt: new Date('2030-01-01T00:00:00Z') },
      [{ path: '/endsAt', before: null, after: '2030-01-01T00:00:00.000Z' }],
    ],
  ])('of terms: %j', (after, expected) => {
    expect(compare(after)).toEqual(expected);
  });

  it('says what was taken away', () => {
    expect(compare({}, [ask('a/b')], { eligibility: 'true' })).toEqual([
      { path: '/eligibility', before: 'true', after: null },
    ]);
  });

  it('names asks and purposes by their keys, and holds the catalogue’s changes', () => {
    const longer = ask('a/b', {
      retentionDays: 60,
      schema: { type: 'string', maxLength: 20 },
      purposes: [
        purpose('newsletter', {
          recipients: [
            { id: '1', name: 'Mail & Co' },
            { id: '2', name: 'New' },
          ],
        }),
      ],
    });
    expect(compare({}, [longer, ask('diet')])).toEqual([
      {
        path: '/asks/a~1b/schema',
        before: { type: 'string', maxLength: 10 },
        after: { type: 'string', maxLength: 20 },
      },
      { path: '/asks/a~1b/retentionDays', before: 30, after: 60 },
      { path: '/asks/a~1b/purposes/newsletter/recipients', before: ['Mail & Co'], after: ['Mail & Co', 'New'] },
      { path: '/asks/diet', before: null, after: expect.objectContaining({ retentionDays: 30 }) },
    ]);
  });
});
