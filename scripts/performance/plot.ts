import { parse, type Spec, View } from 'vega';
import type { BenchDocument } from '../run/bench-row.ts';

/** One line: what a thing costs as something else grows. */
export interface Plot {
  /** Name of the file, without a folder. */
  readonly file: string;
  readonly title: string;
  readonly against: string;
  readonly unit: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** The plots that the rows of a document say they lie in, in their order there. */
export function plotsOf({ benches }: BenchDocument): readonly Plot[] {
  const plots = new Map<string, Plot & { readonly points: { x: number; y: number }[] }>();
  for (const { bench, rows } of benches)
    for (const { plot, unit, value } of rows) {
      if (!plot) continue;
      const { title, against, at } = plot;
      const file = `${bench}-${against.replace(/,.*/, '').replaceAll(/\W+/g, '-')}.svg`;
      const known = plots.get(file) ?? { file, title, against, unit, points: [] };
      known.points.push({ x: at, y: value });
      plots.set(file, known);
    }
  return [...plots.values()];
}

/** An SVG on white, readable on a dark page too. */
export async function drawPlot(plot: Plot): Promise<string> {
  const view = new View(parse(chartOf(plot)), { renderer: 'none' });
  return `${(await view.toSVG()).replaceAll('><', '>\n<')}\n`;
}

function chartOf({ title, against, unit, points }: Plot): Spec {
  const place = { x: { scale: 'x', field: 'x' }, y: { scale: 'y', field: 'y' } } as const;
  const colour = '#1f6feb';
  return {
    ...{ width: 440, height: 220, padding: 10, background: 'white' },
    title: { text: `${title}, ${unit}`, anchor: 'start', fontWeight: 'normal' },
    data: [{ name: 'points', values: [...points] }],
    scales: [
      { name: 'x', type: 'linear', domain: { data: 'points', field: 'x' }, range: 'width', zero: true, nice: true },
      { name: 'y', type: 'linear', domain: { data: 'points', field: 'y' }, range: 'height', zero: true, nice: true },
    ],
    axes: [
      { orient: 'bottom', scale: 'x', title: against, titleFontWeight: 'normal', tickCount: 6 },
      { orient: 'left', scale: 'y', grid: true, tickCount: 5 },
    ],
    marks: [
      {
        type: 'line',
        from: { data: 'points' },
        encode: { enter: { ...place, stroke: { value: colour }, strokeWidth: { value: 2 } } },
      },
      {
        type: 'symbol',
        from: { data: 'points' },
        encode: { enter: { ...place, fill: { value: colour }, size: { value: 40 } } },
      },
    ],
  };
}
