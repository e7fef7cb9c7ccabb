import { GoqemuError } from '@goqemu/core';

/** @throws GoqemuError `owner-invalid` unless it is `user` or `user:group`, by name or number */
export function checkOwner(owner: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,31})?$/.test(owner)) return owner;
  throw new GoqemuError({
    code: 'owner-invalid',
    source: 'user',
    subject: 'owner',
    message: `${JSON.stringify(owner)} is not an owner`,
    detail: 'expected "user" or "user:group"',
    hint: 'write an owner such as "www-data:www-data"',
  });
}
