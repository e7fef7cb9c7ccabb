export { type ExecHandler, FakeSshServer, type FakeSshServerOptions } from './fake-ssh-server.ts';
export { FaultyLink } from './faulty-link.ts';
export { type OpensshServer, type OpensshServerOptions, startOpensshServer } from './openssh-server.ts';
