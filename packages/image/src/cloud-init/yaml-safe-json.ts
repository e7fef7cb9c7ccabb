/**
 * JSON that every YAML parser reads as the same value: YAML 1.2 is nearly a superset of JSON, but PyYAML (which
 * cloud-init uses) reads YAML 1.1, folds lines at NEL, LS and PS, and refuses C1 controls, DEL and the byte order mark.
 * Characters outside the basic plane stay as they are, for PyYAML does not join escaped surrogates.
 *
 * One member a line: a shell can read it too.
 */
export function yamlSafeJson(value: unknown): string {
  const json = JSON.stringify(value, undefined, 2);
  return json.replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
