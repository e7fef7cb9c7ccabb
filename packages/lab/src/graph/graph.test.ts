import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineLab, type LabDefinition } from '../definition/define-lab.ts';
import { evaluateLab } from '../evaluate/evaluate-lab.ts';
import { graphDot, graphMermaid, graphSvg } from './draw-graph.ts';
import { labGraph } from './lab-graph.ts';

const definition = defineLab({ name: 'web' }, (lab) => {
  const base = lab.template('base').run('a "quoted" <step>', 'x').checkpoint('installed');
  const web = lab.vm('web', { from: base.at.installed }).capture('token', 'x');
  lab.vm('worker', { after: base }).run('join', 'x', { environment: { T: web.out.token } });
}) as LabDefinition;
const graph = labGraph(evaluateLab(definition, { labFile: import.meta.filename }));

test('the graph shows what leans on what, and why', () => {
  assert.deepEqual(
    graph.edges.map(({ from, to, label }) => `${from} -> ${to}: ${label}`),
    [
      'image debian-12 -> base: image',
      'base -> web: installed',
      'image debian-12 -> worker: image',
      'base -> worker: after',
      'web -> worker: token',
    ],
  );
  assert.deepEqual(graph.nodes.find((node) => node.name === 'base')?.steps, ['a "quoted" <step>', '⚑ installed']);
});

test('names in drawings are escaped', () => {
  assert.match(graphDot(graph), /a \\"quoted\\" <step>/);
  assert.match(graphMermaid(graph), /a &quot;quoted&quot; &lt;step&gt;/);
  const svg = graphSvg(graph);
  assert.match(svg, /a &quot;quoted&quot; &lt;step&gt;/);
  assert.equal(svg.match(/<rect /g)?.length, graph.nodes.length);
  assert.equal(svg.match(/<path d="M\d/g)?.length, graph.edges.length + 1, 'an edge each, and the arrow’s head');
});
