import { isDeepStrictEqual } from 'node:util';
import { toDto } from './offer-terms';
import type { OfferVersionEntity, PublishedAsk } from './offer-version.entity';

/** One difference between two versions; null where there is nothing on that side. */
export interface Difference {
  /** JSON Pointer; asks and their purposes stand by their keys. */
  path: string;
  before: unknown;
  after: unknown;
}

/** Schemas are compared as a whole. */
const WHOLE = new Set(['schema']);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const escape = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

/** A version's terms, with what the catalogue adds to its asks, in a form that two of them can be laid beside each other. */
function comparable(version: OfferVersionEntity, asks: PublishedAsk[]): Record<string, unknown> {
  const ofAsk = ({ attribute, purposes, ...ask }: PublishedAsk): [string, unknown] => [
    attribute,
    { ...ask, purposes: Object.fromEntries(purposes.map(ofPurpose)) },
  ];
  return { ...toDto(version), asks: Object.fromEntries(asks.map(ofAsk)) };
}

const ofPurpose = ({ key, recipients, ...purpose }: PublishedAsk['purposes'][number]): [string, unknown] => [
  key,
  { ...purpose, recipients: recipients.map(({ name }) => name) },
];

function differences(before: unknown, after: unknown, path: string): Difference[] {
  if (isDeepStrictEqual(before, after)) return [];
  const isWhole = WHOLE.has(path.split('/').at(-1) ?? '');
  if (isWhole || !isObject(before) || !isObject(after)) {
    return [{ path, before: before ?? null, after: after ?? null }];
  }
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => differences(before[name], after[name], `${path}/${escape(name)}`));
}

/** What a version has otherwise than the one before it. asks: what each asks, with the catalogue behind it. */
export const differencesOf = (
  [before, asksBefore]: [OfferVersionEntity, PublishedAsk[]],
  [after, asksAfter]: [OfferVersionEntity, PublishedAsk[]],
): Difference[] => differences(comparable(before, asksBefore), comparable(after, asksAfter), '');
