import { Bars } from './bars';
import type { PictureOf } from './figure';
import { Picture } from './picture';
import type { Liability } from './shapes';
import { liabilitySummary } from './summaries';

/** The points that customers hold, by the month in which they can be spent for the last time. */
export function LiabilityPicture({ figure: liability, words, formats, onCsv }: PictureOf<Liability>) {
  const monthOf = (month: string | null) => (month === null ? words.liability.never : formats.month(month));
  return (
    <Picture
      title={words.liability.title}
      summary={liabilitySummary(liability, words, formats)}
      words={words}
      onCsv={onCsv}
      rows={liability.months}
      keyOf={({ month }) => month ?? 'never'}
      columns={[
        { title: words.month, cell: ({ month }) => monthOf(month) },
        { title: words.liability.points, numeric: true, cell: ({ points }) => formats.number(points) },
      ]}
    >
      <Bars
        bars={liability.months.map(({ month, points }) => ({
          key: month ?? 'never',
          label: monthOf(month),
          value: points,
          text: formats.number(points),
        }))}
      />
    </Picture>
  );
}
