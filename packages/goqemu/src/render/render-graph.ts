import type { GraphEdge, GraphNode, LabGraph } from '../lab/lab-graph.ts';
import { renderSvg } from './render-svg.ts';

export type GraphFormat = 'dot' | 'mermaid' | 'svg' | 'json';

/** A lab's graph in one of the forms that other programs draw, or drawn. */
export function renderGraph(graph: LabGraph, format: GraphFormat): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify({ version: 1, ...graph }, null, 2)}\n`;
    case 'dot':
      return dot(graph);
    case 'mermaid':
      return mermaid(graph);
    case 'svg':
      return renderSvg(graph);
  }
}

const dotShapes: Readonly<Record<GraphNode['kind'], string>> = {
  template: 'component',
  vm: 'box3d',
  step: 'box',
  checkpoint: 'cylinder',
  network: 'hexagon',
};

const dotStyles: Readonly<Record<GraphEdge['kind'], string>> = {
  next: 'solid',
  from: 'bold',
  after: 'dashed',
  value: 'dotted',
  network: 'solid',
};

const mermaidBoxes: Readonly<Record<GraphNode['kind'], readonly [string, string]>> = {
  template: ['[[', ']]'],
  vm: ['[[', ']]'],
  step: ['[', ']'],
  checkpoint: ['[(', ')]'],
  network: ['{{', '}}'],
};

function machinesOf(nodes: readonly GraphNode[]): ReadonlySet<string> {
  return new Set(nodes.flatMap(({ machine }) => machine ?? []));
}

/** The DOT language of Graphviz. */
function dot({ nodes, edges }: LabGraph): string {
  const lines = ['digraph lab {', '  rankdir=LR;', '  node [fontname="sans-serif"];'];
  const boxOf = ({ id, label, kind }: GraphNode) =>
    `${JSON.stringify(id)} [label=${JSON.stringify(label)}, shape=${dotShapes[kind]}];`;
  for (const node of nodes) if (node.machine === null) lines.push(`  ${boxOf(node)}`);
  for (const machine of machinesOf(nodes)) {
    lines.push(`  subgraph ${JSON.stringify(`cluster_${machine}`)} {`, `    label=${JSON.stringify(machine)};`);
    for (const node of nodes) if (node.machine === machine) lines.push(`    ${boxOf(node)}`);
    lines.push('  }');
  }
  for (const { from, to, kind } of edges)
    lines.push(`  ${JSON.stringify(from)} -> ${JSON.stringify(to)} [style=${dotStyles[kind]}];`);
  return `${lines.join('\n')}\n}\n`;
}

/** Mermaid's flowchart, as code forges show it. */
function mermaid({ nodes, edges }: LabGraph): string {
  const names = new Map(nodes.map((node, index) => [node.id, `n${index}`]));
  const lines = ['flowchart LR'];
  const boxOf = (node: GraphNode) => {
    const [open, close] = mermaidBoxes[node.kind];
    return `${names.get(node.id)}${open}"${node.label.replaceAll('"', '#quot;')}"${close}`;
  };
  for (const node of nodes) if (node.machine === null) lines.push(`  ${boxOf(node)}`);
  for (const machine of machinesOf(nodes)) {
    lines.push(`  subgraph ${machine}`);
    for (const node of nodes) if (node.machine === machine) lines.push(`    ${boxOf(node)}`);
    lines.push('  end');
  }
  const arrows: Readonly<Record<GraphEdge['kind'], string>> = {
    next: '-->',
    from: '==>',
    after: '-.->',
    value: '-. value .->',
    network: '---',
  };
  for (const { from, to, kind } of edges) lines.push(`  ${names.get(from)} ${arrows[kind]} ${names.get(to)}`);
  return `${lines.join('\n')}\n`;
}
