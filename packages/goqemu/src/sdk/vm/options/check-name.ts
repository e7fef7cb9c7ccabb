import { z } from 'zod';
import { readOptions } from '../../guest/invalid-option.ts';
import { label } from './vm-config.ts';

/** @throws GoqemuError `option-invalid` */
export function checkName(name: string): string {
  return readOptions(z.strictObject({ name: label }), { name }, 'attachVM').name;
}
