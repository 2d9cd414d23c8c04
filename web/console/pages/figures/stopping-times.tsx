import { everyNth, logPosition, timeTicks } from './axis';
import { Key } from './burn-down';
import type { PictureOf } from './figure';
import { Picture } from './picture';
import { pathOf, Plot, type Plane } from './plot';
import type { StoppingTimes, StopTimes } from './shapes';
import { stoppingSummary } from './summaries';

/** A step of a revocation, in the order in which they happen; what is measured in seconds is drawn in milliseconds. */
const STEPS = [
  { step: 'blocked', p50: 'blockedP50Ms', p95: 'blockedP95Ms', unit: 1 },
  { step: 'erased', p50: 'erasedP50Seconds', p95: 'erasedP95Seconds', unit: 1000 },
  { step: 'told', p50: 'toldP50Seconds', p95: 'toldP95Seconds', unit: 1000 },
] as const;
type Step = (typeof STEPS)[number];
type Time = Step['p50' | 'p95'];
type Week = StoppingTimes['weeks'][number];

const millisecondsOf = (times: StopTimes, key: Time, unit: number): number | null => {
  const value = times[key];
  // What was quicker than the clock counts stands on the lowest line.
  return value === null ? null : Math.max(value * unit, 1);
};

/** How long it takes from a revocation until nothing more is read, until the values are gone, and until every recipient knows: our promise, measured. */
export function StoppingTimesPicture({ figure: times, words, formats, onCsv }: PictureOf<StoppingTimes>) {
  const timeOf = (week: Week, { unit }: Step, key: Time) => {
    const value = week[key];
    return value === null ? words.stopping.tooFew : formats.shortDuration(value * unit);
  };
  const columns = STEPS.flatMap((step) => {
    const named = { step: words.stopping[step.step] };
    return [
      { title: words.stopping.p50(named), numeric: true, cell: (week: Week) => timeOf(week, step, step.p50) },
      { title: words.stopping.p95(named), numeric: true, cell: (week: Week) => timeOf(week, step, step.p95) },
    ];
  });
  return (
    <Picture
      title={words.stopping.title}
      summary={stoppingSummary(times, words, formats)}
      words={words}
      onCsv={onCsv}
      rows={times.weeks}
      keyOf={({ week }) => week}
      columns={[
        { title: words.stopping.week, cell: ({ week }) => week },
        { title: words.stopping.revocations, numeric: true, cell: ({ revocations }) => formats.count(revocations) },
        ...columns,
      ]}
    >
      <Bands figure={times} words={words} formats={formats} />
    </Picture>
  );
}

function Bands({ figure: { weeks }, words, formats }: Omit<PictureOf<StoppingTimes>, 'onCsv'>) {
  const known = STEPS.flatMap(({ p50, p95, unit }) =>
    weeks.flatMap((week) => [millisecondsOf(week, p50, unit), millisecondsOf(week, p95, unit)]),
  ).filter((value) => value !== null);
  if (known.length === 0) return null;
  const ticks = timeTicks(Math.min(...known), Math.max(...known));
  const from = ticks[0] ?? 1;
  const to = ticks.at(-1) ?? from;
  const x = (index: number) => (weeks.length === 1 ? 0.5 : index / (weeks.length - 1));
  const line = (key: Time, unit: number) =>
    weeks.map((week, index) => {
      const value = millisecondsOf(week, key, unit);
      return value === null ? null : { x: x(index), y: logPosition(value, from, to) };
    });
  return (
    <>
      <Plot
        height={280}
        xTicks={(width) =>
          weeks
            .map(({ week }, index) => ({ at: x(index), label: week.slice(5) }))
            .filter((_, index) => everyNth(weeks.length, width / 48)(index))
        }
        yTicks={ticks.map((time) => ({ at: logPosition(time, from, to), label: formats.shortDuration(time) }))}
      >
        {(plane) =>
          STEPS.map(({ step, p50, p95, unit }) => (
            <g key={step} className={`stop stop-${step}`}>
              <path className="line-most" d={pathOf(line(p95, unit), plane)} />
              <path className="line-half" d={pathOf(line(p50, unit), plane)} />
              <Marks step={step} points={line(p50, unit)} plane={plane} />
            </g>
          ))
        }
      </Plot>
      <ul className="legend">
        {STEPS.map(({ step }) => (
          <li key={step}>
            <svg width={20} height={14} aria-hidden="true" className={`stop stop-${step}`}>
              <path className="plot-mark" d={MARKS[step]} transform="translate(10 7)" />
            </svg>
            {words.stopping[step]}
          </li>
        ))}
        <Key line="line-half">{words.stopping.half}</Key>
        <Key line="line-most">{words.stopping.most}</Key>
      </ul>
    </>
  );
}

/** Each step has a mark of its own form: a circle, a square, a triangle. */
const MARKS: Record<Step['step'], string> = {
  blocked: 'M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z',
  erased: 'M-4.5 -4.5H4.5V4.5H-4.5Z',
  told: 'M0 -5.5L5.5 4.5H-5.5Z',
};

interface MarksProps {
  step: Step['step'];
  points: ({ x: number; y: number } | null)[];
  plane: Plane;
}

function Marks({ step, points, plane }: MarksProps) {
  return points.map(
    (point, index) =>
      point && (
        <path
          key={index}
          className="plot-mark"
          d={MARKS[step]}
          transform={`translate(${point.x * plane.width} ${(1 - point.y) * plane.height})`}
        />
      ),
  );
}
