export interface Bar {
  key: string;
  label: string;
  /** Null: there is a number, and it is not said. */
  value: number | null;
  text: string;
}

/** A row for each, its number written at its end: the length only helps to compare. */
export function Bars({ bars }: { bars: Bar[] }) {
  const longest = Math.max(1, ...bars.map(({ value }) => value ?? 0));
  return (
    <div className="bars">
      {bars.map(({ key, label, value, text }) => (
        <div className="bars-row" key={key}>
          <span className="bars-label">{label}</span>
          <span className="bars-track">
            <span
              className={value === null ? 'bars-bar bars-unsaid' : 'bars-bar'}
              style={{ inlineSize: `${value === null ? 4 : (100 * value) / longest}%` }}
            />
          </span>
          <span className="bars-text">{text}</span>
        </div>
      ))}
    </div>
  );
}
