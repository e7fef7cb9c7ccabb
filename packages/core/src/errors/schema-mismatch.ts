import { issueWords, type SchemaIssue } from './schema-issue.ts';

/** The first thing that a schema (zod's, any edition) found wrong: `at machines.web.cpus: expected a number`. */
export function schemaMismatch(error: { readonly issues: readonly SchemaIssue[] }): string {
  const [issue] = error.issues;
  return `at ${issue?.path.map(String).join('.') || 'its top'}: ${issue ? issueWords(issue) : 'expected another value'}`;
}
