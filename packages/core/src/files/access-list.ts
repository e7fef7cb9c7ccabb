/**
 * Arguments of icacls(1) after the folder, for one that no other user may enter, and all that is made in it: this user, by
 * name, and by their numbers the system and the administrators, whose names are translated (F: full access).
 */
export function accessList(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const user = env.USERDOMAIN ? `${env.USERDOMAIN}\\${env.USERNAME}` : `${env.USERNAME}`;
  const allowed = [user, '*S-1-5-18', '*S-1-5-32-544'].map((who) => `${who}:(OI)(CI)F`);
  return ['/inheritance:r', '/grant:r', ...allowed, '/Q'];
}
