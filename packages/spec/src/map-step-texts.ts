import { type Step, stepTraits } from './step.ts';

/** The same step with other texts: each of its own, and those of its environment, as `map` makes them. */
export async function mapStepTexts<From, To>(
  step: Step<From>,
  map: (text: From) => To | Promise<To>,
): Promise<Step<To>> {
  const environment: Record<string, To> = {};
  for (const [name, text] of Object.entries(step.environment)) environment[name] = await map(text);
  const texts: Record<string, To> = {};
  for (const name of Object.keys(stepTraits[step.kind].texts))
    texts[name] = await map((step as unknown as Readonly<Record<string, From>>)[name] as From);
  // `stepTraits` lists every property that is a text, or it does not compile.
  return { ...step, environment, ...texts } as unknown as Step<To>;
}
