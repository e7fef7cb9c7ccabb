import manifest from '../../package.json' with { type: 'json' };

/** The version of this goqemu. */
export const version: string = manifest.version;
