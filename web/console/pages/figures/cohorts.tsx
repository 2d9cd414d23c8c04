import { Table } from '@mantine/core';
import type { Formats } from './formats';
import type { PictureOf } from './figure';
import { Picture } from './picture';
import type { Cohorts } from './shapes';
import { cohortsSummary } from './summaries';
import type { FigureWords } from './texts';

type Kept = Cohorts['cohorts'][number]['kept'][number];

/** How many of those who gave consent in a month still give it so many months later. */
export function CohortsPicture({ figure: cohorts, words, formats, onCsv }: PictureOf<Cohorts>) {
  const rows = cohorts.cohorts;
  const longest = Math.max(-1, ...rows.flatMap(({ kept }) => kept.map(({ monthsAfter }) => monthsAfter)));
  const after = Array.from({ length: longest + 1 }, (_, months) => months);
  const afterText = (months: number) =>
    months === 0 ? words.cohorts.afterNone : words.cohorts.after({ months: formats.number(months) });
  const persons = (kept: Kept | undefined) => (kept ? formats.count(kept.persons) : '');
  return (
    <Picture
      title={words.cohorts.title}
      summary={cohortsSummary(cohorts, words, formats)}
      words={words}
      onCsv={onCsv}
      readable
      rows={rows}
      keyOf={({ month }) => month}
      columns={[
        { title: words.cohorts.given, cell: ({ month }) => formats.month(month) },
        { title: words.persons, numeric: true, cell: ({ given }) => formats.count(given) },
        ...after.map((months) => ({
          title: afterText(months),
          numeric: true,
          cell: ({ kept }: Cohorts['cohorts'][number]) => persons(keptAfter(kept, months)),
        })),
      ]}
    >
      {rows.length > 0 && <Heat rows={rows} after={after} afterText={afterText} words={words} formats={formats} />}
    </Picture>
  );
}

const keptAfter = (kept: Kept[], months: number) => kept.find(({ monthsAfter }) => monthsAfter === months);

interface HeatProps {
  rows: Cohorts['cohorts'];
  after: number[];
  afterText: (months: number) => string;
  words: FigureWords;
  formats: Formats;
}

/** The share stands in each cell; its shade only helps to see the slope. */
function Heat({ rows, after, afterText, words, formats }: HeatProps) {
  return (
    <div className="scrolls" role="region" aria-label={words.cohorts.title} tabIndex={0}>
      <Table className="heat" horizontalSpacing="xs" verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{words.cohorts.given}</Table.Th>
            {after.map((months) => (
              <Table.Th key={months} scope="col">
                {afterText(months)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ month, kept }) => (
            <Table.Tr key={month}>
              <Table.Th scope="row">{formats.month(month)}</Table.Th>
              {after.map((months) => (
                <HeatCell key={months} kept={keptAfter(kept, months)} formats={formats} />
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function HeatCell({ kept, formats }: { kept: Kept | undefined; formats: Formats }) {
  if (kept === undefined) return <Table.Td />;
  if (kept.share === null) return <Table.Td className="heat-unsaid">{formats.count(kept.persons)}</Table.Td>;
  return <Table.Td data-shade={Math.min(4, Math.floor(kept.share * 5))}>{formats.percent(kept.share)}</Table.Td>;
}
