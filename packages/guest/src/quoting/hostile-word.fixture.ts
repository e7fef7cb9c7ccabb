import fc from 'fast-check';

const special = fc.constantFrom(
  "'",
  '"',
  '\\',
  '$',
  '`',
  '\n',
  ' ',
  '*',
  '!',
  '~',
  '#',
  ';',
  '&',
  '-',
  '\x01',
  '\t',
  'é',
  'Ё',
  '字',
);

/** Text that an argument can carry: no NUL, and no half of a surrogate pair, which UTF-8 cannot write. */
export const hostileWord = fc
  .oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: special, maxLength: 40 }))
  .filter((text) => !text.includes('\0') && Buffer.from(text).toString() === text);
