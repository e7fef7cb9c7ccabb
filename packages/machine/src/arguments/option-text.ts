/** A value of QEMU's `key=value,…` form: a comma in it is written twice (qemu(1), QemuOpts). */
export type OptionValue = string | number | boolean | undefined;

/**
 * Writes one option in QEMU's text form, for the options that take no JSON. Undefined values are left out.
 *
 * @example
 * optionText('socket', { id: 'control', path: '/run/a,b', server: true }); // 'socket,id=control,path=/run/a,,b,server=on'
 */
export function optionText(head: string | undefined, values: Readonly<Record<string, OptionValue>>): string {
  const parts = head === undefined ? [] : [escapeComma(head)];
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    parts.push(`${key}=${typeof value === 'boolean' ? (value ? 'on' : 'off') : escapeComma(String(value))}`);
  }
  return parts.join(',');
}

function escapeComma(text: string): string {
  return text.replaceAll(',', ',,');
}
