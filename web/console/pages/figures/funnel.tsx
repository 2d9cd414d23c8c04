import { Bars } from './bars';
import type { PictureOf } from './figure';
import { Picture } from './picture';
import type { Funnel } from './shapes';
import { funnelSummary } from './summaries';

/** How many persons came how far with one offer. */
export function FunnelPicture({ figure: funnel, words, formats, onCsv }: PictureOf<Funnel>) {
  const offered = funnel.steps[0]?.persons.value;
  const shareOf = (value: number | null) => (offered && value !== null ? formats.percent(value / offered) : '–');
  return (
    <Picture
      title={words.funnel.title}
      summary={funnelSummary(funnel, words, formats)}
      words={words}
      onCsv={onCsv}
      rows={funnel.steps}
      keyOf={({ step }) => step}
      columns={[
        { title: words.funnel.step, cell: ({ step }) => words.funnel[step] },
        { title: words.persons, numeric: true, cell: ({ persons }) => formats.count(persons) },
        { title: words.funnel.ofOffered, numeric: true, cell: ({ persons }) => shareOf(persons.value) },
      ]}
    >
      <Bars
        bars={funnel.steps.map(({ step, persons }) => ({
          key: step,
          label: words.funnel[step],
          value: persons.value,
          text: formats.count(persons),
        }))}
      />
    </Picture>
  );
}
