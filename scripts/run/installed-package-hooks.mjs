/** Resolves `goqemu` as a module beside the installed package would; see use-installed-package.mjs. */
let parentURL;

export function initialize(data) {
  parentURL = data.parentURL;
}

export function resolve(specifier, context, nextResolve) {
  return nextResolve(specifier, /^goqemu(?:$|\/)/.test(specifier) ? { ...context, parentURL } : context);
}
