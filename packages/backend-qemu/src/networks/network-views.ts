import type { CaptureOf, CardCounters, CardTraffic, NetworkView } from '@goqemu/lab';
import type { SwitchCounters, SwitchStatus } from '@goqemu/network';

/** What a card of that slot is called by the switch. */
export function cardName(slot: number): string {
  return `lan${slot}`;
}

/** A capture as the switch names it. */
export function captureOfMachine({ machine, slot }: Extract<CaptureOf, { machine: string }>) {
  return { machine, ...(slot === undefined ? {} : { card: cardName(slot) }) };
}

/** The networks of a switch, with what passed the cards in each. */
export function networkViews(status: SwitchStatus, counters: SwitchCounters): readonly NetworkView[] {
  const { configuration, faults } = status;
  const connected = new Map(status.ports.map(({ port, isConnected }) => [port, isConnected]));
  const cardsOf = (network: string) =>
    configuration.ports
      .filter((port) => port.network === network)
      .map(({ machine, card }): CardCounters => {
        const port = `${machine}:${card}`;
        const counted = counters[port];
        return {
          ...{ machine, slot: Number(card.replace(cardName(0).slice(0, -1), '')) },
          isConnected: connected.get(port) ?? false,
          ...{ fromMachine: traffic(counted?.fromMachine), toMachine: traffic(counted?.toMachine) },
        };
      });
  const refusalsOf = new Map(status.networks.map(({ name, refusals }) => [name, refusals]));
  return configuration.networks.map(({ name, faults: declared }) => ({
    name,
    refusals: refusalsOf.get(name) ?? [], // a switch of an earlier version does not know of them
    faults: (faults.networks[name] ?? declared ?? {}) as NetworkView['faults'],
    manual: faults.networks[name] !== undefined,
    cards: cardsOf(name),
  }));
}

function traffic(counted: SwitchCounters[string]['fromMachine'] | undefined): CardTraffic {
  const dropped = Object.entries(counted?.dropped ?? {}).filter(([, frames]) => frames > 0);
  return { frames: counted?.frames ?? 0, bytes: counted?.bytes ?? 0, dropped: Object.fromEntries(dropped) };
}
