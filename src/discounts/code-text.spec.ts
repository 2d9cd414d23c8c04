import * as fc from 'fast-check';
import { readCode } from './code-text';

const SYMBOLS = [...'0123456789ABCDEFGHJKMNPQRSTVWXYZ'];
const TYPED: Record<string, string[]> = { '0': ['0', 'o', 'O'], '1': ['1', 'i', 'I', 'l', 'L'] };

it('reads a code however it is typed', () => {
  const symbol = fc.constantFrom(...SYMBOLS);
  const typed = symbol.chain((one) =>
    fc.constantFrom(...(TYPED[one] ?? [one, one.toLowerCase()])).map((as) => ({ one, as })),
  );
  fc.assert(
    fc.property(fc.array(typed, { minLength: 12, maxLength: 12 }), (all) => {
      expect(readCode(all.map(({ as }) => as).join(''))).toBe(all.map(({ one }) => one).join(''));
    }),
  );
});

it('reads it in groups', () => {
  expect(readCode('7k2m-x9qd-4hwt')).toBe('7K2MX9QD4HWT');
});

it.each(['', '7K2MX9QD4HW', '7K2MX9QD4HWT0', '7K2MX9QD4HWU', '7K2MX9QD4HW!'])('%s is none', (text) => {
  expect(readCode(text)).toBeUndefined();
});
