import { useLocale } from '../../locale';
import { Bars } from './bars';
import type { PictureOf } from './figure';
import { Picture } from './picture';
import type { AttributeCosts } from './shapes';
import { costsSummary } from './summaries';

/** What was paid for each attribute, by how many of its values may be used today. */
export function AttributeCostsPicture({ figure: costs, words, formats, onCsv }: PictureOf<AttributeCosts>) {
  const { locale } = useLocale();
  const costOf = (points: number | null) => (points === null ? words.costs.tooFew : formats.tenths(points));
  return (
    <Picture
      title={words.costs.title}
      summary={costsSummary(costs, words, formats, locale)}
      words={words}
      onCsv={onCsv}
      rows={costs.attributes}
      keyOf={({ attribute }) => attribute}
      columns={[
        { title: words.costs.attribute, cell: ({ title }) => title[locale] },
        {
          title: words.costs.paid,
          numeric: true,
          cell: ({ pointsPaid }) => (pointsPaid === null ? words.costs.tooFew : formats.number(pointsPaid)),
        },
        { title: words.costs.usable, numeric: true, cell: ({ usable }) => formats.count(usable) },
        { title: words.costs.perUsable, numeric: true, cell: ({ pointsPerUsable }) => costOf(pointsPerUsable) },
      ]}
    >
      <Bars
        bars={costs.attributes.map(({ attribute, title, pointsPerUsable }) => ({
          key: attribute,
          label: title[locale],
          value: pointsPerUsable,
          text: costOf(pointsPerUsable),
        }))}
      />
    </Picture>
  );
}
