/** The first thing that a schema (zod's, any edition) found wrong: `at machines.web.cpus: Invalid input: expected number`. */
export function schemaMismatch(error: {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}): string {
  const [issue] = error.issues;
  return `at ${issue?.path.map(String).join('.') || 'its top'}: ${issue?.message ?? 'invalid'}`;
}
