import { de } from '../../web/widget/texts/de';
import { count, type Key, localeOf, text } from '../../web/widget/texts';
import { en } from '../../web/widget/texts/en';

const keys = Object.keys(de) as Key[];
const placeholders = (of: string): string[] => [...of.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort();

describe('the texts of the customer’s page', () => {
  it('are there in both languages, under the same keys', () => {
    expect(Object.keys(en).sort()).toEqual([...keys].sort());
  });

  it.each(keys)('%s says something in both, and fills in the same', (key) => {
    for (const one of [de[key], en[key]]) expect(one.trim()).toBe(one);
    expect(Math.min(de[key].length, en[key].length)).toBeGreaterThan(0);
    expect(placeholders(en[key])).toEqual(placeholders(de[key]));
  });

  // A text for one may say the number in a word.
  it.each(keys.filter((key) => key.endsWith('.one')))('%s has one for several beside it', (key) => {
    const several = key.replace(/one$/, 'other') as Key;
    for (const texts of [de, en]) expect(texts[several]).toContain('{n}');
  });

  it('fill in what they are given, by number and in the locale', () => {
    expect(count('de', 'points', 12_500)).toBe('12.500 Punkte');
    expect([count('en', 'points', 1), count('en', 'points', 0)]).toEqual(['1 point', '0 points']);
    // "1 von 3 haben" is no German: what goes by one of the two numbers is wrong for the other.
    expect(count('de', 'card.told', 3, { acknowledged: 1 })).toBe('Bestätigt: 1 von 3 Empfängern');
    expect(count('de', 'take.confirmed', 3, { acknowledged: 1 })).toBe('Bestätigt: 1 von 3');
    expect(text('en', 'take.keep', { points: '120 points' })).toBe('You keep 120 points.');
    expect(text('en', 'take.share', { title: '{title} $& <b>' })).toContain('“{title} $& <b>”');
  });

  it.each([
    ['de', 'de'],
    ['de-AT', 'de'],
    ['DE', 'de'],
    ['en-GB', 'en'],
    ['fr', 'en'],
    ['', 'en'],
    [undefined, 'en'],
  ])('are in the language of %s', (tag, locale) => expect(localeOf(tag)).toBe(locale));
});
