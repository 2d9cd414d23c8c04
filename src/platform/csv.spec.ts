import * as fc from 'fast-check';
import { parseCsv } from '../../test/setup/parse-csv';
import { csvRecord, text } from './csv';

it('is read back as it was written, whatever it is', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 5 })), (records) => {
      expect(parseCsv(records.map(csvRecord).join(''))).toEqual(records);
    }),
  );
});

it('leaves numbers as they are, and no text that a spreadsheet would calculate', () => {
  expect(
    csvRecord([-50, text('-50'), text('=HYPERLINK("http://x","y")'), text('@SUM(A1)'), text('+1'), text('\t=1')]),
  ).toBe(`-50,'-50,"'=HYPERLINK(""http://x"",""y"")",'@SUM(A1),'+1,'\t=1\r\n`);
  const formula = ';=1+1, a;"@SUM(A1);-1\n+1\r\n=1; =1';
  expect(text(formula)).toBe(`;'=1+1, a;"'@SUM(A1);'-1\n'+1\r\n'=1; =1`);
  // As a spreadsheet reads it that separates cells by semicolons.
  const cells = csvRecord(['a', text(formula), 1]).split(/[;\r\n]/);
  expect(cells.filter((cell) => /^"*[=+\-@\t]/.test(cell))).toEqual([]);
  expect(text(undefined)).toBe('');
  expect(text('Order 1 = 2')).toBe('Order 1 = 2');
});
