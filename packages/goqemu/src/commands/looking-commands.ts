/** The commands that are typed most and change nothing, in one file of the bundle without those that act. */
export * as graph from './graph/graph.ts';
export * as output from './output/output.ts';
export * as plan from './plan/plan.ts';
export * as status from './status/status.ts';
