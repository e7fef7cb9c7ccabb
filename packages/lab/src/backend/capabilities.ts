/** What not every place can do: the engine asks before, and does without. */
export interface BackendCapabilities {
  /** Layers keep the RAM of a machine that runs. Without it they are disks alone, and going back to one boots. */
  readonly ramLayers: boolean;
  /** The RAM of a machine outlives the host's next start: `suspend` and `resume`. Without it suspending is refused. */
  readonly suspendMachines: boolean;
  /** Machines not started by goqemu can be taken over: `importMachine`. Without it `goqemu import` is refused. */
  readonly importMachines: boolean;
  /** Layers can be joined with those above: `coalesceLayers`. Without it they are kept beyond the lab's limits. */
  readonly coalesceLayers: boolean;
  /** A layer can be made to stand on its image alone: `flattenLayer`. Without it layers stay as they are. */
  readonly flattenLayers: boolean;
  /** The ports that are forwarded to a machine change while it runs: `setForwards`. Without it that takes a restart. */
  readonly liveForwards: boolean;
  /** Machines can be in networks of their lab: the verbs of `NetworkRole`. Without it a lab with networks is refused. */
  readonly networks: boolean;
}
