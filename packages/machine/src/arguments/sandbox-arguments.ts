import { type ArgumentContext, featureMissing } from './argument-context.ts';

/**
 * QEMU's seccomp filter (Linux). A bridge needs its setuid helper, which the filter would kill; everything else
 * that goqemu does to a machine works inside.
 */
export function sandboxArguments({ config, installation, platform }: ArgumentContext): string[] {
  if (config.sandbox === false) return [];
  const there = platform.system === 'linux' && installation.features.options.includes('sandbox');
  if (!there) {
    if (config.sandbox === 'auto') return [];
    throw featureMissing('sandbox', installation, "leave sandbox at 'auto'");
  }
  const helper = config.networks.some((network) => network.kind === 'bridge') ? 'allow' : 'deny';
  return ['-sandbox', `on,obsolete=deny,elevateprivileges=${helper},spawn=${helper},resourcecontrol=deny`];
}
