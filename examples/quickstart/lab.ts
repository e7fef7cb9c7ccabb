import { defineLab } from 'goqemu';

// One Debian 12 machine with a file of its own, and a checkpoint to go back to.
export default defineLab({ name: 'quickstart' }, (lab) => {
  const web = lab
    .vm('web', { memory: '1 GiB', cpus: 2 })
    .file('greeting', '/etc/motd', 'Made by goqemu.\n')
    .run('note', 'date --iso-8601=seconds > /root/made-at')
    .checkpoint('ready');

  return { sshPort: web.sshPort };
});
