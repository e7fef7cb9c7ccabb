import type { OperationAction } from '@goqemu/lab';
import type { Style } from './style.ts';

/** How each action is shown: its sign in a plan, its colour, and the word for it when it is done. */
const words: Readonly<
  Record<
    OperationAction,
    {
      readonly sign: string;
      readonly colour: 'green' | 'yellow' | 'red' | 'blue' | 'cyan' | 'dim';
      readonly done: string;
    }
  >
> = {
  create: { sign: '+', colour: 'green', done: 'created' },
  update: { sign: '~', colour: 'yellow', done: 'updated' },
  replace: { sign: '±', colour: 'yellow', done: 'replaced' },
  delete: { sign: '-', colour: 'red', done: 'deleted' },
  start: { sign: '▸', colour: 'green', done: 'started' },
  stop: { sign: '▪', colour: 'yellow', done: 'stopped' },
  suspend: { sign: '‖', colour: 'yellow', done: 'suspended' },
  resume: { sign: '▸', colour: 'green', done: 'resumed' },
  run: { sign: '▸', colour: 'cyan', done: 'ran' },
  restore: { sign: '↺', colour: 'blue', done: 'restored' },
  reuse: { sign: '=', colour: 'dim', done: 'reused' },
};

export function actionSign(action: OperationAction, style: Style): string {
  return style[words[action].colour](words[action].sign);
}

export function actionName(action: OperationAction, style: Style, width = 0): string {
  return style[words[action].colour](action.padEnd(width));
}

export function actionDone(action: OperationAction): string {
  return words[action].done;
}
