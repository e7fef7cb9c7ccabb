export { type GeneratedFiles, type GenerateTypesOptions, generateTypes, type TypesSource } from './generate-types.ts';
