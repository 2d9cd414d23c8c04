import type { Locale } from '../offers';
import { csvRecord, text } from '../platform/csv';
import type { ProcessingRecord } from './processing-record.dto';
import { RECORD_TEXTS } from './record-texts';

/** A record a purpose and category of data. What is the same for all of them is in the JSON alone. */
export function recordAsCsv({ activities }: ProcessingRecord, language: Locale): string {
  const { columns, yes, no } = RECORD_TEXTS[language];
  const rows = activities.flatMap((activity) =>
    activity.data.map((category) =>
      csvRecord([
        activity.purpose,
        text(activity.title),
        text(activity.description),
        activity.legalBasis,
        activity.thirdPartyAdvertising ? yes : no,
        activity.persons,
        category.attribute,
        text(category.title),
        category.sensitivity === 'special' ? yes : no,
        category.retentionDays,
        text(activity.recipients.map(({ name }) => name).join('; ')),
        text(activity.offers.map(({ title, version }) => `${title} (${version})`).join('; ')),
      ]),
    ),
  );
  return csvRecord(columns) + rows.join('');
}
