import { useElementSize } from '@mantine/hooks';
import type { ReactNode } from 'react';

/** Room around the drawing, in pixels: for the labels of its axes. */
const MARGIN = { top: 12, right: 16, bottom: 28, left: 56 };

export interface Plane {
  /** Of the drawing itself, in pixels. */
  width: number;
  height: number;
}

export interface Tick {
  /** From 0 (left, bottom) to 1. */
  at: number;
  label: string;
}

interface PlotProps {
  height: number;
  xTicks: (width: number) => Tick[];
  yTicks: Tick[];
  children: (plane: Plane) => ReactNode;
}

/** Two axes as wide as there is room. Drawn pixel by pixel, so that its letters are as large on a telephone. */
export function Plot({ height, xTicks, yTicks, children }: PlotProps) {
  const { ref, width: room } = useElementSize<HTMLDivElement>();
  const plane = { width: Math.max(room - MARGIN.left - MARGIN.right, 0), height: height - MARGIN.top - MARGIN.bottom };
  return (
    <div ref={ref} className="plot">
      {plane.width > 0 && (
        <svg width={room} height={height} aria-hidden="true">
          <g transform={`translate(${MARGIN.left} ${MARGIN.top})`}>
            {yTicks.map(({ at, label }) => (
              <g key={label} transform={`translate(0 ${plane.height * (1 - at)})`}>
                <line className="plot-grid" x2={plane.width} />
                <text x={-8} dy="0.32em" textAnchor="end">
                  {label}
                </text>
              </g>
            ))}
            {xTicks(plane.width).map(({ at, label }) => (
              <text key={label} x={plane.width * at} y={plane.height + 20} textAnchor={at > 0.95 ? 'end' : 'middle'}>
                {label}
              </text>
            ))}
            {children(plane)}
          </g>
        </svg>
      )}
    </div>
  );
}

/** A line through what is known; where a value is not, it has a gap. Positions from 0 to 1. */
export function pathOf(points: ({ x: number; y: number } | null)[], { width, height }: Plane): string {
  return points
    .map((point, index) => {
      if (point === null) return '';
      const command = index === 0 || points[index - 1] === null ? 'M' : 'L';
      return `${command}${(point.x * width).toFixed(1)} ${((1 - point.y) * height).toFixed(1)}`;
    })
    .join('');
}
