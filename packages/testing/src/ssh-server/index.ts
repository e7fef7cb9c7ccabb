export { type OpensshServer, type OpensshServerOptions, startOpensshServer } from './openssh-server.ts';
