import { csvRecord, text } from '../platform/csv';
import type { ExportContents } from './export-contents';
import type { ExportedConsent, ExportedDisclosure, ExportedValue } from './export.dto';
import { ENTRY_HEADER, entryRecords } from './statement-text';

type Parts<T> = AsyncIterable<T[]>;

/** Everything as JSON, each part as soon as it is there. Cut short, it is no JSON. */
export async function* exportAsJson({ head, shares, disclosures, entries }: ExportContents): AsyncGenerator<string> {
  yield JSON.stringify(head).slice(0, -1);
  yield* list('shares', shares());
  yield* list('disclosures', disclosures());
  yield* list('entries', entries());
  yield '}';
}

async function* list(name: string, parts: Parts<object>): AsyncGenerator<string> {
  yield `,"${name}":[`;
  let comma = '';
  for await (const part of parts) {
    if (part.length === 0) continue;
    yield comma + part.map((one) => JSON.stringify(one)).join(',');
    comma = ',';
  }
  yield ']';
}

/** Text stands as it is, everything else as JSON. */
const written = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

export const valuesAsCsv = (values: ExportedValue[]): string =>
  csvRecord(['attribute', 'title', 'status', 'storedAt', 'value']) +
  values
    .map(({ attribute, title, status, storedAt, value }) =>
      csvRecord([attribute, text(title), status, storedAt, text(written(value))]),
    )
    .join('');

export const consentsAsCsv = (consents: ExportedConsent[]): string =>
  csvRecord(['id', 'shareId', 'attribute', 'purpose', 'recipients', 'status', 'givenAt', 'until', 'endedAt']) +
  consents
    .map(({ id, shareId, attribute, purpose, recipients, status, givenAt, until, endedAt }) =>
      csvRecord([id, shareId, attribute, purpose, names(recipients), status, givenAt, until, endedAt ?? '']),
    )
    .join('');

const names = (recipients: { name: string }[]): string => text(recipients.map(({ name }) => name).join('; '));

export async function* disclosuresAsCsv(parts: Parts<ExportedDisclosure>): AsyncGenerator<string> {
  yield csvRecord(['id', 'at', 'recipient', 'name', 'purpose', 'kind', 'attributes', 'reason', 'useUntil']);
  for await (const part of parts) {
    yield part
      .map(({ id, at, recipient, name, purpose, kind, attributes, reason, useUntil }) =>
        csvRecord([id, at, recipient, text(name), purpose, kind, attributes.join('; '), text(reason), useUntil]),
      )
      .join('');
  }
}

export async function* entriesAsCsv(parts: Parts<Parameters<typeof entryRecords>[0][number]>): AsyncGenerator<string> {
  yield ENTRY_HEADER;
  for await (const part of parts) yield entryRecords(part);
}
