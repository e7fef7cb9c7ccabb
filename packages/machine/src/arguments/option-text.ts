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

/** The reverse of `optionText`; the first value without a key is under ''. */
export function parseOption(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [index, part] of text.replaceAll(',,', '\0').split(',').entries()) {
    const plain = part.replaceAll('\0', ',');
    const equals = plain.indexOf('=');
    if (equals >= 0) values[plain.slice(0, equals)] = plain.slice(equals + 1);
    else values[index === 0 ? '' : plain] = index === 0 ? plain : 'on';
  }
  return values;
}
