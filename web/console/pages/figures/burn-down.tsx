import type { ReactNode } from 'react';
import { everyNth, roundTicks } from './axis';
import type { Formats } from './formats';
import type { PictureOf } from './figure';
import { Picture } from './picture';
import { pathOf, Plot, type Plane } from './plot';
import type { BurnDown } from './shapes';
import { burnDownSummary } from './summaries';

const DAY = 86_400_000;
/** A forecast further away than twice what was seen would press the past into a corner. */
const FURTHEST = 2;

/** What is left of an offer's budget day by day, and when it will be empty at the pace of the last days. */
export function BurnDownPicture({ figure: burnDown, words, formats, onCsv }: PictureOf<BurnDown>) {
  const said = (value: number | null) => (value === null ? words.withheld : formats.number(value));
  return (
    <Picture
      title={words.burnDown.title}
      summary={burnDownSummary(burnDown, words, formats)}
      words={words}
      onCsv={onCsv}
      rows={burnDown.days}
      keyOf={({ day }) => day}
      columns={[
        { title: words.day, cell: ({ day }) => formats.day(day) },
        { title: words.burnDown.spent, numeric: true, cell: ({ spent }) => said(spent) },
        { title: words.burnDown.left, numeric: true, cell: (day) => said(day.left) },
      ]}
    >
      {burnDown.days.length > 0 && <Lines figure={burnDown} words={words} formats={formats} />}
    </Picture>
  );
}

function Lines({ figure: burnDown, words, formats }: Omit<PictureOf<BurnDown>, 'onCsv'>) {
  const { budget, forecast } = burnDown;
  // A day that is not shown is in the next one that is.
  const days = burnDown.days.filter(({ spent }) => spent !== null);
  const heights = budget === null ? runningSum(days) : days.map(({ left }) => left ?? 0);
  const times = days.map(({ day }) => Date.parse(day));
  const first = times[0] ?? 0;
  const today = times.at(-1) ?? first;
  const seen = Math.max(today - first, DAY);
  const emptyAt = forecast.emptyOn === null ? today : Date.parse(forecast.emptyOn);
  const last = Math.min(Math.max(emptyAt, first + seen), first + seen * FURTHEST);
  const ticks = roundTicks(Math.max(budget ?? 0, ...heights));
  const top = ticks.at(-1) ?? 1;
  const x = (time: number) => (time - first) / (last - first);
  const leftNow = heights.at(-1) ?? 0;
  const ends = { x: x(last), y: emptyAt > today ? (leftNow * (1 - (last - today) / (emptyAt - today))) / top : 0 };
  return (
    <>
      <Plot
        height={220}
        xTicks={(width) => dayTicks(first, last, width / 84, formats).map(([time, label]) => ({ at: x(time), label }))}
        yTicks={ticks.map((value) => ({ at: value / top, label: formats.compact(value) }))}
      >
        {(plane) => (
          <>
            <path
              className="line-left"
              d={pathOf(
                heights.map((height, index) => ({ x: x(times[index] ?? first), y: height / top })),
                plane,
              )}
            />
            {budget !== null && emptyAt > today && (
              <Forecast plane={plane} from={{ x: x(today), y: leftNow / top }} to={ends}>
                {last === emptyAt &&
                  forecast.emptyOn &&
                  words.burnDown.emptyOn({ day: formats.shortDay(forecast.emptyOn) })}
              </Forecast>
            )}
          </>
        )}
      </Plot>
      <ul className="legend">
        <Key line="line-left">{budget === null ? words.burnDown.spent : words.burnDown.left}</Key>
        {budget !== null && emptyAt > today && <Key line="line-forecast">{words.burnDown.forecast}</Key>}
      </ul>
    </>
  );
}

interface ForecastProps {
  plane: Plane;
  from: { x: number; y: number };
  to: { x: number; y: number };
  children: ReactNode;
}

function Forecast({ plane, from, to, children }: ForecastProps) {
  const end = { x: to.x * plane.width, y: (1 - to.y) * plane.height };
  return (
    <>
      <path className="line-forecast" d={pathOf([from, to], plane)} />
      <circle className="plot-mark" cx={end.x} cy={end.y} r={5} />
      <text x={end.x - 10} y={end.y - 10} textAnchor="end">
        {children}
      </text>
    </>
  );
}

export function Key({ line, children }: { line: string; children: ReactNode }) {
  return (
    <li>
      <svg width={36} height={12} aria-hidden="true">
        <path className={line} d="M2 6L34 6" />
      </svg>
      {children}
    </li>
  );
}

function runningSum(days: BurnDown['days']): number[] {
  let sum = 0;
  return days.map(({ spent }) => (sum += spent ?? 0));
}

function dayTicks(first: number, last: number, wanted: number, formats: Formats): [time: number, label: string][] {
  const length = Math.round((last - first) / DAY) + 1;
  const shown = everyNth(length, wanted);
  return Array.from({ length }, (_, index) => index)
    .filter(shown)
    .map((index) => [first + index * DAY, formats.shortDay(new Date(first + index * DAY).toISOString().slice(0, 10))]);
}
