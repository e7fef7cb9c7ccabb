import type { GraphEdge, GraphNode, LabGraph } from '../lab/lab-graph.ts';

const box = { width: 190, height: 34, gapX: 70, gapY: 14, margin: 20 };

/** A picture of the graph: a column for the networks and one for each machine, each box below all that it needs. */
export function renderSvg({ nodes, edges }: LabGraph): string {
  const columns = [...new Set(nodes.map(columnOf))];
  const rows = rowsOf({ nodes, edges });
  const place = (id: string) => {
    const node = nodes.find((one) => one.id === id);
    const column = columns.indexOf(node ? columnOf(node) : '');
    return {
      x: box.margin + column * (box.width + box.gapX),
      y: box.margin + (rows.get(id) ?? 0) * (box.height + box.gapY),
    };
  };
  const width = 2 * box.margin + columns.length * (box.width + box.gapX) - box.gapX;
  const height = 2 * box.margin + (Math.max(0, ...rows.values()) + 1) * (box.height + box.gapY) - box.gapY;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    '  <defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#667"/></marker></defs>',
    ...edges.map((edge) => `  ${arrow(edge, place(edge.from), place(edge.to))}`),
  ];
  for (const node of nodes) {
    const { x, y } = place(node.id);
    const fill = { template: '#e8e4f8', vm: '#dcebfa', step: '#ffffff', checkpoint: '#e4f5e4', network: '#fdf1d8' }[
      node.kind
    ];
    const radius = node.kind === 'checkpoint' ? 16 : 5;
    lines.push(
      `  <rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="${radius}" fill="${fill}" stroke="#667"/>`,
      `  <text x="${x + box.width / 2}" y="${y + box.height / 2 + 4}" text-anchor="middle">${escaped(shortened(node.label))}</text>`,
    );
  }
  return `${lines.join('\n')}\n</svg>\n`;
}

/** No machine is called so. */
function columnOf({ machine }: GraphNode): string {
  return machine ?? '';
}

/** One more than the lowest of what a node needs; nodes and edges come in the order of the lab. */
function rowsOf({ nodes, edges }: LabGraph): Map<string, number> {
  const rows = new Map<string, number>();
  const taken = new Map<string, number>();
  for (const node of nodes) {
    const needs = edges.filter((edge) => edge.to === node.id).map((edge) => (rows.get(edge.from) ?? -1) + 1);
    const row = Math.max(taken.get(columnOf(node)) ?? 0, ...needs);
    rows.set(node.id, row);
    taken.set(columnOf(node), row + 1);
  }
  return rows;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function arrow({ kind }: GraphEdge, from: Point, to: Point): string {
  const dash = kind === 'after' ? ' stroke-dasharray="6 4"' : kind === 'value' ? ' stroke-dasharray="2 3"' : '';
  const stroke = `fill="none" stroke="#667"${kind === 'from' ? ' stroke-width="2"' : ''}${dash}${kind === 'network' ? '' : ' marker-end="url(#tip)"'}`;
  if (from.x === to.x) {
    const x = from.x + box.width / 2;
    return `<path d="M${x} ${from.y + box.height}L${x} ${to.y}" ${stroke}/>`;
  }
  const right = to.x > from.x;
  const x1 = right ? from.x + box.width : from.x;
  const x2 = right ? to.x : to.x + box.width;
  const [y1, y2] = [from.y + box.height / 2, to.y + box.height / 2];
  const bend = right ? box.gapX / 2 : -box.gapX / 2;
  return `<path d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}" ${stroke}/>`;
}

function shortened(text: string): string {
  return text.length > 26 ? `${text.slice(0, 25)}…` : text;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
