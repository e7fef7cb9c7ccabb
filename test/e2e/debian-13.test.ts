import { testDebianRelease } from './debian-release.ts';

testDebianRelease('debian-13', /^trixie 13\b/);
