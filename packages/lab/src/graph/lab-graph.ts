import type { Lab } from '../evaluate/lab.ts';
import { sourcesOf } from '../value/text.ts';

export interface GraphNode {
  readonly name: string;
  readonly kind: 'vm' | 'template' | 'image';
  /** Names of its own steps, with checkpoints among them as `⚑ name`. */
  readonly steps: readonly string[];
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** `image`, the checkpoint that a machine goes on from, the output that a step uses, or `after`. */
  readonly label: string;
}

/** What a lab is made of and what leans on what, for drawing. */
export interface LabGraph {
  readonly lab: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export function labGraph(lab: Lab): LabGraph {
  const images = new Set<string>();
  const edges = new Map<string, GraphEdge>();
  const connect = (from: string, to: string, label: string) =>
    edges.set(`${from}\0${to}\0${label}`, { from, to, label });
  for (const machine of lab.machines) {
    const base = machine.from;
    if (base) {
      const checkpoints = lab.machines.find((one) => one.name === base.machine)?.checkpoints ?? [];
      connect(base.machine, machine.name, checkpoints.find((one) => one.steps === base.steps)?.name ?? 'from');
    } else {
      images.add(machine.image);
      connect(`image ${machine.image}`, machine.name, 'image');
    }
    for (const dependency of machine.after) connect(dependency.machine, machine.name, 'after');
    for (const step of machine.steps) {
      for (const dependency of step.after) connect(dependency.machine, machine.name, 'after');
      const texts = [
        ...Object.values(step.environment),
        ...(step.kind === 'run' ? [step.script] : step.kind === 'file' ? [step.contents] : []),
        ...(step.kind === 'render' ? Object.values(step.values) : []),
      ];
      for (const source of texts.flatMap(sourcesOf)) {
        if ('capture' in source && source.capture.machine !== machine.name) {
          connect(source.capture.machine, machine.name, source.capture.name);
        }
      }
    }
  }
  return {
    lab: lab.name,
    nodes: [
      ...[...images].map((image): GraphNode => ({ name: `image ${image}`, kind: 'image', steps: [] })),
      ...lab.machines.map(
        (machine): GraphNode => ({ name: machine.name, kind: machine.kind, steps: stepsOf(machine) }),
      ),
    ],
    edges: [...edges.values()],
  };
}

function stepsOf(machine: Lab['machines'][number]): readonly string[] {
  const named = (steps: number) =>
    machine.checkpoints.filter((one) => one.steps === steps).map((one) => `⚑ ${one.name}`);
  return [...named(0), ...machine.steps.flatMap((step, index) => [step.name, ...named(index + 1)])];
}
