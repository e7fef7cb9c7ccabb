import type { Lab, MachineDeclaration, StepDeclaration, Text } from '@goqemu/lab';

export interface GraphNode {
  readonly id: string;
  /** What stands in the box. */
  readonly label: string;
  readonly kind: 'template' | 'vm' | 'step' | 'checkpoint' | 'network';
  /** Null for a network. */
  readonly machine: string | null;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** `next` within a machine; `from` a checkpoint; `after` and `value` between machines; from a `network` to those in it. */
  readonly kind: 'next' | 'from' | 'after' | 'value' | 'network';
}

export interface LabGraph {
  readonly nodes: readonly GraphNode[];
  /** From what is done first to what needs it. */
  readonly edges: readonly GraphEdge[];
}

/** What depends on what: networks, machines, their steps and checkpoints in order, and the ties between machines. */
export function graphOf(lab: Lab): LabGraph {
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  const machines = new Map(lab.machines.map((machine) => [machine.name, machine]));
  /** The node after which a machine has run its first `steps` steps. */
  const reached = (name: string, steps: number): string => {
    const step = steps > 0 ? machines.get(name)?.steps[steps - 1] : undefined;
    return step ? `${name}/${step.name}` : name;
  };
  /** The checkpoint there, where there is one. */
  const base = (name: string, steps: number): string => {
    const checkpoint = machines.get(name)?.checkpoints.findLast((one) => one.steps === steps);
    return checkpoint ? `${name}@${checkpoint.name}` : reached(name, steps);
  };
  for (const { spec } of lab.networks)
    nodes.push({ id: networkId(spec.name), label: `${spec.name} ${spec.cidr}`, kind: 'network', machine: null });
  for (const machine of lab.machines) {
    for (const network of machine.networks ?? [])
      edges.push({ from: networkId(network), to: machine.name, kind: 'network' });
    nodes.push({ id: machine.name, label: machine.name, kind: machine.kind, machine: machine.name });
    if (machine.from)
      edges.push({ from: base(machine.from.machine, machine.from.steps), to: machine.name, kind: 'from' });
    const firstStep = machine.steps[0];
    for (const other of machine.after)
      edges.push({
        from: reached(other.machine, other.steps),
        to: firstStep ? `${machine.name}/${firstStep.name}` : machine.name,
        kind: 'after',
      });
    addSteps(machine, nodes, edges, reached);
  }
  return { nodes, edges };
}

function networkId(name: string): string {
  return `network:${name}`;
}

function addSteps(
  machine: MachineDeclaration,
  nodes: GraphNode[],
  edges: GraphEdge[],
  reached: (name: string, steps: number) => string,
): void {
  let before = machine.name;
  for (const step of machine.steps) {
    const id = `${machine.name}/${step.name}`;
    nodes.push({ id, label: `${step.kind} ${step.name}`, kind: 'step', machine: machine.name });
    edges.push({ from: before, to: id, kind: 'next' });
    for (const other of step.after) edges.push({ from: reached(other.machine, other.steps), to: id, kind: 'after' });
    for (const source of sourcesOf(step)) if (source !== before) edges.push({ from: source, to: id, kind: 'value' });
    before = id;
  }
  for (const checkpoint of machine.checkpoints) {
    const id = `${machine.name}@${checkpoint.name}`;
    nodes.push({ id, label: checkpoint.name, kind: 'checkpoint', machine: machine.name });
    edges.push({ from: reached(machine.name, checkpoint.steps), to: id, kind: 'next' });
  }
}

/** The steps whose captured output a step uses; a secret comes from no step. */
function sourcesOf(step: StepDeclaration): string[] {
  const texts: Text[] = Object.values(step.environment);
  if (step.kind === 'run') texts.push(step.script);
  if (step.kind === 'file') texts.push(step.contents);
  if (step.kind === 'render') texts.push(...Object.values(step.values));
  const found = texts.flat().flatMap((part) => {
    if (typeof part === 'string' || !('capture' in part.late)) return [];
    return [`${part.late.capture.machine}/${part.late.capture.name}`];
  });
  return [...new Set(found)];
}
