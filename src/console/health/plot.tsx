/** Plots of the last hour, small and without a library: the same for eyes, for screen readers, and as a table. */
import { useEffect, useId, useRef, useState, type ReactNode, type RefObject } from 'react';
import type { HealthQuery } from '../generated/graphql.js';
import { count, duration, ticksFor } from './scale.js';

type Minute = HealthQuery['health']['minutes'][number];

/** Pixels: the letters in a plot have one size, however wide it is. */
const HEIGHT = 180;
const [LEFT, RIGHT, TOP, BOTTOM] = [52, 8, 8, 22];
const USUAL_WIDTH = 600;
/** A plot is as wide as an hour, also soon after a start. */
const MINUTES = 60;
/** Between two labels of the time. */
const LABEL_EVERY_MIN = 15;

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const timeOf = ({ start }: Minute): string => TIME.format(new Date(start));

interface Shape {
  readonly width: number;
  readonly minutes: readonly Minute[];
  readonly ticks: readonly number[];
  readonly label: (value: number) => string;
}

const bandOf = ({ width }: Shape): number => (width - LEFT - RIGHT) / MINUTES;
const xOf = (shape: Shape, place: number): number => LEFT + (MINUTES - shape.minutes.length + place) * bandOf(shape);
const yOf = ({ ticks }: Shape, value: number): number =>
  HEIGHT - BOTTOM - (value / Math.max(1, ticks.at(-1) ?? 1)) * (HEIGHT - TOP - BOTTOM);

function useWidth(): readonly [RefObject<SVGSVGElement | null>, number] {
  const element = useRef<SVGSVGElement>(null);
  const [width, setWidth] = useState(USUAL_WIDTH);
  useEffect(() => {
    const { current } = element;
    if (current === null) return;
    const watching = new ResizeObserver(([entry]) => entry && setWidth(Math.max(240, entry.contentRect.width)));
    watching.observe(current);
    return () => watching.disconnect();
  }, []);
  return [element, width];
}

interface FrameProps {
  readonly title: string;
  /** What the plot shows, in a sentence. */
  readonly summary: string;
  readonly shape: Shape;
  readonly svg: RefObject<SVGSVGElement | null>;
  readonly legend: readonly { readonly name: string; readonly tone: string; readonly value: string }[];
  /** The table's cells of a minute, in the order of the legend. */
  readonly cellsOf: (minute: Minute) => readonly string[];
  readonly children: ReactNode;
}

function Frame({ title, summary, shape, svg, legend, cellsOf, children }: FrameProps) {
  const id = useId();
  const { width, minutes, ticks, label } = shape;
  return (
    <figure className="card plot">
      <figcaption>
        <h2>{title}</h2>
        <ul className="legend">
          {legend.map(({ name, tone, value }) => (
            <li key={name} data-tone={tone}>
              {name} <strong>{value}</strong>
            </li>
          ))}
        </ul>
      </figcaption>
      <svg
        ref={svg}
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-labelledby={`${id}-title`}
        aria-describedby={`${id}-desc`}
      >
        <title id={`${id}-title`}>{title}</title>
        <desc id={`${id}-desc`}>{summary}</desc>
        <g className="axis">
          {ticks.map((tick) => (
            <g key={tick}>
              <line x1={LEFT} x2={width - RIGHT} y1={yOf(shape, tick)} y2={yOf(shape, tick)} />
              <text x={LEFT - 6} y={yOf(shape, tick) + 4} textAnchor="end">
                {label(tick)}
              </text>
            </g>
          ))}
          {labelsOf(minutes).map(([slot, words]) => (
            <text key={slot} x={clamped(LEFT + (slot + 0.5) * bandOf(shape), width)} y={HEIGHT - 4} textAnchor="middle">
              {words}
            </text>
          ))}
        </g>
        {children}
        {minutes.map((minute, place) => (
          <rect
            key={minute.start}
            className="minute"
            x={xOf(shape, place)}
            y={TOP}
            width={bandOf(shape)}
            height={HEIGHT - TOP - BOTTOM}
          >
            <title>
              {`${timeOf(minute)}\n${cellsOf(minute)
                .map((cell, at) => `${legend[at]?.name ?? ''}: ${cell}`)
                .join('\n')}`}
            </title>
          </rect>
        ))}
      </svg>
      <details>
        <summary>As a table</summary>
        <div className="table-scroll" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
          <table>
            <thead>
              <tr>
                <th scope="col">Minute</th>
                {legend.map(({ name }) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {minutes.toReversed().map((minute) => (
                <tr key={minute.start}>
                  <th scope="row">{timeOf(minute)}</th>
                  {cellsOf(minute).map((cell, at) => (
                    <td key={at}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

/** The quarters of the hour, each at its place among its minutes. */
function labelsOf(minutes: readonly Minute[]): readonly (readonly [slot: number, words: string])[] {
  const last = minutes.at(-1);
  if (last === undefined) return [];
  return Array.from({ length: MINUTES }, (_, slot) => {
    const time = new Date(new Date(last.start).getTime() - (MINUTES - 1 - slot) * 60_000);
    return time.getMinutes() % LABEL_EVERY_MIN === 0 ? ([slot, TIME.format(time)] as const) : null;
  }).filter((label) => label !== null);
}

/** A label at an end stays within the picture. */
const clamped = (x: number, width: number): number => Math.min(Math.max(x, LEFT + 16), width - RIGHT - 20);

interface Series {
  readonly name: string;
  readonly tone: string;
  readonly valueOf: (minute: Minute) => number;
}

interface BarsProps {
  readonly title: string;
  readonly minutes: readonly Minute[];
  /** From the bottom up. */
  readonly series: readonly Series[];
}

/** How many of each there were in each minute, one on top of the other. */
export function Bars({ title, minutes, series }: BarsProps) {
  const totalOf = (minute: Minute): number => series.reduce((sum, { valueOf }) => sum + valueOf(minute), 0);
  const [svg, plotWidth] = useWidth();
  const shape: Shape = {
    width: plotWidth,
    minutes,
    ticks: ticksFor(Math.max(0, ...minutes.map(totalOf)), 1),
    label: count,
  };
  const totals = series.map(({ name, tone, valueOf }) => ({
    name,
    tone,
    value: count(minutes.reduce((sum, minute) => sum + valueOf(minute), 0)),
  }));
  const summary = `In the last ${minutes.length} minutes: ${totals.map(({ name, value }) => `${name} ${value}`).join(', ')}.`;
  const width = Math.max(1, bandOf(shape) - 2);
  return (
    <Frame
      title={title}
      summary={summary}
      shape={shape}
      svg={svg}
      legend={totals}
      cellsOf={(minute) => series.map(({ valueOf }) => count(valueOf(minute)))}
    >
      {minutes.map((minute, place) => {
        let below = 0;
        return series.map(({ name, tone, valueOf }) => {
          const value = valueOf(minute);
          if (value === 0) return null;
          const [bottom, top] = [yOf(shape, below), yOf(shape, below + value)];
          below += value;
          // However small, it is seen.
          const height = Math.max(2, bottom - top);
          return (
            <rect
              key={`${minute.start} ${name}`}
              className="bar"
              data-tone={tone}
              x={xOf(shape, place) + 1}
              y={bottom - height}
              width={width}
              height={height}
            />
          );
        });
      })}
    </Frame>
  );
}

interface LinesProps {
  readonly title: string;
  readonly minutes: readonly Minute[];
  /** Milliseconds; null where nothing happened. */
  readonly p50Of: (minute: Minute) => number | null;
  readonly p99Of: (minute: Minute) => number | null;
}

/** How long something took: half of the time, and at worst. A minute without it is a gap. */
export function Lines({ title, minutes, p50Of, p99Of }: LinesProps) {
  const lines = [
    { name: 'Half within', tone: 'p50', valueOf: p50Of },
    { name: '99 of 100 within', tone: 'p99', valueOf: p99Of },
  ];
  const all = minutes.flatMap((minute) => [p50Of(minute) ?? [], p99Of(minute) ?? []].flat());
  const [svg, plotWidth] = useWidth();
  const shape: Shape = { width: plotWidth, minutes, ticks: ticksFor(Math.max(0, ...all), 1), label: duration };
  const legend = lines.map(({ name, tone, valueOf }) => {
    const last = minutes.map(valueOf).findLast((value) => value !== null) ?? null;
    return { name, tone, value: last === null ? '–' : duration(last) };
  });
  const last = legend.map(({ name, value }) => `${name} ${value}`).join(', ');
  const summary = all.length === 0 ? 'Nothing in the last hour.' : `In the last minute that had any: ${last}.`;
  return (
    <Frame
      title={title}
      summary={summary}
      shape={shape}
      svg={svg}
      legend={legend}
      cellsOf={(minute) =>
        lines.map(({ valueOf }) => {
          const value = valueOf(minute);
          return value === null ? '–' : duration(value);
        })
      }
    >
      {all.length === 0 && (
        <text className="nothing" x={(plotWidth + LEFT) / 2} y={HEIGHT / 2} textAnchor="middle">
          Nothing in the last hour
        </text>
      )}
      {lines.map(({ tone, valueOf }) => (
        <g key={tone} className="line" data-tone={tone}>
          {runsOf(minutes.map(valueOf)).map(({ from, values }) => {
            const points = values.map((value, at) => {
              const x = xOf(shape, from + at) + bandOf(shape) / 2;
              return `${x.toFixed(1)},${yOf(shape, value).toFixed(1)}`;
            });
            const [x = '0', y = '0'] = points[0]?.split(',') ?? [];
            // A minute between two gaps is no line.
            return points.length === 1 ? (
              <circle key={from} cx={x} cy={y} r={2.5} />
            ) : (
              <polyline key={from} points={points.join(' ')} />
            );
          })}
        </g>
      ))}
    </Frame>
  );
}

/** The values between the gaps. */
function runsOf(values: readonly (number | null)[]): readonly { readonly from: number; readonly values: number[] }[] {
  const runs: { readonly from: number; readonly values: number[] }[] = [];
  values.forEach((value, place) => {
    const run = runs.at(-1);
    if (value === null) return;
    if (run !== undefined && run.from + run.values.length === place) run.values.push(value);
    else runs.push({ from: place, values: [value] });
  });
  return runs;
}
