import { type HostPort, hostPortOf, type MachineSpec, manualName, type PortForward, shownForward } from '@goqemu/spec';
import type { PortProblem } from '../backend/backend.ts';
import type { Preflight } from '../backend/preflight.ts';
import { chooseMachines } from '../checkpoint/choose-machines.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { withOwnPorts } from '../fork/fork-ports.ts';
import { assemblePlan } from '../plan/assemble-plan.ts';
import type { MachineOperation } from '../plan/machine-operation.ts';
import type { Plan } from '../plan/plan.ts';
import { propertyDiff } from '../plan/property-diff.ts';
import { machineRef } from '../resource/resource-ref.ts';
import type { MachineState } from '../state/lab-state.ts';
import type { ForwardChange } from './forward-change.ts';
import { declaredInLab, forwardMissing, obstacleOf, ownerOf, takenInLab } from './forward-errors.ts';

type Forwards = MachineSpec['forwards'];

/**
 * What changing a manual forward would do: at once for a machine that runs, else with its next start. It is recorded in
 * the state and stays until it is removed manually, or the machine is deleted.
 *
 * @throws GoqemuError `machine-unknown`, `forward-refused`, `forward-missing`, `port-taken` for a port of this lab
 */
export async function planForward(
  context: EngineContext,
  change: ForwardChange,
  signal: AbortSignal | undefined,
): Promise<Plan> {
  const read = await context.read();
  const { state } = read;
  const call = context.plainCall(state.lineage, 'forward', signal);
  const [machine] = chooseMachines(state, [change.machine]) as [MachineState];
  const { spec, record } = machine;
  const observed =
    record === null ? undefined : (await context.backend.observe([{ machine: spec, record }], call)).get(spec.name);
  const isUp = observed?.status === 'running';
  const obstacle = obstacleOf(machine, isUp, context.backend.capabilities.liveForwards);
  if (obstacle) throw obstacle;
  const machines = Object.values(state.resources.machine);
  const checkPorts = (ports: readonly HostPort[]) => context.backend.checkPorts(ports, call);
  const place = { lineage: state.lineage, place: context.storage.path('state') };
  const { forwards, asked } = await changed(machine, change, { machines, checkPorts, place });
  const taken = asked === undefined ? [] : await checkPorts([asked]);
  const operations = operationsOf(machine, forwards, isUp);
  const refused = operations.length > 0 ? await context.backend.preflight([{ ...spec, forwards }], call) : [];
  const preflight = [
    ...taken.map((problem) => asPreflight(machine.name, problem)),
    ...refused.filter(({ code }) => code === 'forward-refused').map((one) => ({ ...one, machine: machine.name })),
  ];
  const plans = [{ operations, notices: [], preflight }];
  const plan = assemblePlan({
    read,
    now: context.now(),
    purpose: 'forward',
    plans,
    operations,
    layerLimits: undefined,
  });
  return { ...plan, outputs: state.outputs };
}

interface Surroundings {
  readonly machines: readonly MachineState[];
  readonly checkPorts: (ports: readonly HostPort[]) => Promise<readonly PortProblem[]>;
  readonly place: { readonly lineage: string; readonly place: string };
}

/** The forwards that are wanted, and the port that was asked for by number and is none of the lab's yet. */
async function changed(
  machine: MachineState,
  { add, remove }: ForwardChange,
  surroundings: Surroundings,
): Promise<{ readonly forwards: Forwards; readonly asked?: HostPort }> {
  const { forwards } = machine.spec;
  if (remove !== undefined) return { forwards: without(machine, remove) };
  if (!add) return { forwards };
  const added: PortForward = { ...add, host: add.host || (await freePort(machine, add, surroundings)), manual: true };
  const port = hostPortOf(added);
  const owner = ownerOf(surroundings.machines, port);
  if (owner && owner.machine !== machine) throw takenInLab(port, owner.machine.name, owner.what);
  if (owner && !owner.forward?.manual) {
    if (owner.forward?.guest === add.guest) return { forwards };
    throw owner.forward
      ? declaredInLab(machine, owner.what.slice('forward.'.length))
      : takenInLab(port, machine.name, owner.what);
  }
  const others = owner ? without(machine, port) : forwards;
  return { forwards: { ...others, [manualName(added)]: added }, ...(owner ? {} : { asked: port }) };
}

function without(machine: MachineState, port: HostPort): Forwards {
  const found = Object.entries(machine.spec.forwards).find(([, forward]) => hostPortOf(forward) === port);
  if (!found) throw forwardMissing(machine, port);
  if (!found[1].manual) throw declaredInLab(machine, found[0]);
  return Object.fromEntries(Object.entries(machine.spec.forwards).filter(([name]) => name !== found[0]));
}

/** As for a forward of the lab without a host port. */
async function freePort(
  { spec }: MachineState,
  { protocol, guest }: Pick<PortForward, 'protocol' | 'guest'>,
  { machines, checkPorts, place }: Surroundings,
): Promise<number> {
  const name = `manual:${protocol ?? 'tcp'}:${guest}`;
  const used = new Set(
    machines.flatMap((one) => [one.spec.identity.sshPort, ...Object.values(one.spec.forwards).map(({ host }) => host)]),
  );
  const wanted = { ...spec, forwards: { [name]: { ...(protocol ? { protocol } : {}), host: 0, guest } } };
  const [moved] = await withOwnPorts([wanted], place, { used, checkPorts });
  return moved?.forwards[name]?.host ?? 0;
}

function operationsOf(machine: MachineState, forwards: Forwards, isUp: boolean): readonly MachineOperation[] {
  const { name, spec, protect, retain, checkpoints } = machine;
  const diff = propertyDiff(shown(spec.forwards), shown(forwards));
  if (diff.length === 0) return [];
  return [
    {
      id: 'op-1',
      action: 'update',
      resource: machineRef(name),
      reason: isUp ? 'requested with goqemu forward' : 'requested with goqemu forward, with its next start',
      changeClass: 'live',
      diff,
      dependsOn: [],
      work: {
        verb: 'update',
        spec: { ...spec, forwards },
        restart: false,
        facts: { protect, retain },
        checkpoints,
        describe: [],
        recut: false,
        ...(isUp ? { forwards: true } : {}),
      },
    },
  ];
}

function shown(forwards: Forwards): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(forwards).map(([name, one]) => [`forward.${name}`, shownForward(one)]));
}

function asPreflight(machine: string, { code, message, hint }: PortProblem): Preflight {
  return {
    severity: 'error',
    code,
    machine,
    message: `${machine}: ${message}`,
    hint: hint ?? 'choose another port, or 0: goqemu chooses a free one',
  };
}
