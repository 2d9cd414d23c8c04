import { preferred } from './preferred';

it.each([
  [undefined, 'json'],
  ['', 'json'],
  ['*/*', 'json'],
  ['text/html, */*;q=0.1', 'json'],
  ['text/csv', 'csv'],
  ['Text/CSV; charset=utf-8', 'csv'],
  ['text/csv, application/json', 'csv'],
  ['application/json, text/csv', 'json'],
  ['application/json, text/csv;q=0.5', 'json'],
  ['application/json;q=0.5, text/csv', 'csv'],
  ['text/csv;q=0', 'json'],
  ['text/csv; q=0.2, application/zip; q=0.3', 'zip'],
  ['text/csv;q=x', 'json'],
])('Accept: %s is answered with %s', (accept, format) => {
  expect(preferred(accept, ['json', 'csv', 'zip'])).toBe(format);
});

it('answers with nothing that is not offered', () => {
  expect(preferred('application/zip, text/csv;q=0.1', ['json', 'csv'])).toBe('csv');
});
