import type { GraphNode, LabGraph } from './lab-graph.ts';

/** Graphviz: https://graphviz.org/doc/info/lang.html */
export function graphDot(graph: LabGraph): string {
  const quote = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
  const shapes = { vm: 'box', template: 'note', image: 'cylinder' } as const;
  return [
    `digraph ${quote(graph.lab)} {`,
    '  rankdir=LR;',
    ...graph.nodes.map(
      (node) => `  ${quote(node.name)} [shape=${shapes[node.kind]}, label=${quote(labelOf(node).join('\n'))}];`,
    ),
    ...graph.edges.map((edge) => `  ${quote(edge.from)} -> ${quote(edge.to)} [label=${quote(edge.label)}];`),
    '}',
    '',
  ].join('\n');
}

/** Mermaid's flowchart, whose labels take HTML entities: https://mermaid.js.org/syntax/flowchart.html */
export function graphMermaid(graph: LabGraph): string {
  const ids = new Map(graph.nodes.map((node, index) => [node.name, `n${index}`]));
  const quote = (text: string) => `"${escapeMarkup(text)}"`;
  const box = (node: GraphNode) => {
    const label = quote(labelOf(node).join('\n')).replaceAll('\n', '<br/>');
    return node.kind === 'vm' ? `[${label}]` : node.kind === 'template' ? `[[${label}]]` : `[(${label})]`;
  };
  return [
    'flowchart LR',
    ...graph.nodes.map((node) => `  ${ids.get(node.name)}${box(node)}`),
    ...graph.edges.map((edge) => `  ${ids.get(edge.from)} -->|${quote(edge.label)}| ${ids.get(edge.to)}`),
    '',
  ].join('\n');
}

const width = 220;
const lineHeight = 18;
const gap = { column: 120, row: 30 };

/** A drawing of its own, without Graphviz: a column for each step away from the images. */
export function graphSvg(graph: LabGraph): string {
  const places = layOut(graph);
  const boxes = [...places.values()];
  const right = Math.max(0, ...boxes.map((box) => box.x + width)) + 10;
  const bottom = Math.max(0, ...boxes.map((box) => box.y + box.height)) + 10;
  const lines = graph.edges.flatMap((edge) => {
    const from = places.get(edge.from);
    const to = places.get(edge.to);
    if (!from || !to) return [];
    const [x1, y1, x2, y2] = [from.x + width, from.y + from.height / 2, to.x, to.y + to.height / 2];
    const bend = (x1 + x2) / 2;
    return [
      `<path d="M${x1},${y1} C${bend},${y1} ${bend},${y2} ${x2},${y2}" fill="none" stroke="#888" marker-end="url(#arrow)"/>`,
      `<text x="${bend}" y="${(y1 + y2) / 2 - 4}" text-anchor="middle" fill="#666">${escapeMarkup(edge.label)}</text>`,
    ];
  });
  const drawn = graph.nodes.flatMap((node) => {
    const box = places.get(node.name);
    if (!box) return [];
    const fill = { vm: '#e8f1fb', template: '#f3eefb', image: '#f1f1f1' }[node.kind];
    return [
      `<rect x="${box.x}" y="${box.y}" width="${width}" height="${box.height}" rx="6" fill="${fill}" stroke="#555"/>`,
      ...labelOf(node).map((line, index) => {
        const weight = index === 0 ? ' font-weight="bold"' : '';
        return `<text x="${box.x + 10}" y="${box.y + 18 + index * lineHeight}"${weight}>${escapeMarkup(line)}</text>`;
      }),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${right}" height="${bottom}" font-family="sans-serif" font-size="12">`,
    `<title>${escapeMarkup(graph.lab)}</title>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#888"/></marker></defs>',
    ...lines,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/** Nodes come after what they lean on, so one pass over the nodes knows every column. */
function layOut(graph: LabGraph): ReadonlyMap<string, Box> {
  const column = new Map<string, number>();
  const filled: number[] = [];
  const places = new Map<string, Box>();
  for (const node of graph.nodes) {
    const below = graph.edges.filter((edge) => edge.to === node.name).map((edge) => column.get(edge.from) ?? 0);
    const at = node.kind === 'image' ? 0 : Math.max(0, ...below) + 1;
    column.set(node.name, at);
    const height = labelOf(node).length * lineHeight + 10;
    const y = filled[at] ?? 10;
    places.set(node.name, { x: 10 + at * (width + gap.column), y, height });
    filled[at] = y + height + gap.row;
  }
  return places;
}

function labelOf(node: GraphNode): readonly string[] {
  const title = node.kind === 'template' ? `${node.name} (template)` : node.name;
  return [title, ...node.steps.map((step) => (step.startsWith('⚑') ? step : `· ${step}`))];
}

function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
